import { z } from "@medusajs/framework/zod"
import { createFindParams } from "@medusajs/medusa/api/utils/validators"

export const storeEntitlementsParams = createFindParams({
  limit: 20,
  offset: 0,
  order: "-created_at",
}).merge(z.object({ order_id: z.string().optional() }))

/** What a customer may see of an entitlement: what it is and how it stands, not who decided what and why. */
export const storeEntitlementFields = [
  "id",
  "order_id",
  "line_item_id",
  "product_id",
  "variant_id",
  "title",
  "variant_title",
  "state",
  "quantity",
  "released_quantity",
  "revoked_quantity",
  "created_at",
  "updated_at",
]

export const storeEntitlementsQuery = {
  defaults: storeEntitlementFields,
  allowed: storeEntitlementFields,
  isList: true,
}
