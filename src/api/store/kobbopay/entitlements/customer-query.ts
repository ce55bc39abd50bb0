import { z } from "@medusajs/framework/zod"
import { createFindParams } from "@medusajs/medusa/api/utils/validators"
import { idFilter, orderBy, pageOf } from "../../../filters"

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

export const storeEntitlementsParams = createFindParams({
  limit: 20,
  offset: 0,
  order: "-created_at",
}).merge(
  z.object({
    ...pageOf(100),
    order: orderBy(storeEntitlementFields, "-created_at"),
    order_id: idFilter,
  }),
)

export const storeEntitlementsQuery = {
  defaults: storeEntitlementFields,
  allowed: storeEntitlementFields,
  isList: true,
}
