import { z } from "@medusajs/framework/zod"
import { createFindParams, createSelectParams } from "@medusajs/medusa/api/utils/validators"
import { ENTITLEMENT_STATES } from "../../../../kobbopay/entitlements"

const state = z.enum(ENTITLEMENT_STATES)

export const adminEntitlementParams = createSelectParams()
export const adminEntitlementsParams = createFindParams({
  limit: 20,
  offset: 0,
  order: "-created_at",
}).merge(
  z.object({
    q: z.string().optional(),
    state: z.union([state, z.array(state)]).optional(),
    order_id: z.union([z.string(), z.array(z.string())]).optional(),
    variant_id: z.union([z.string(), z.array(z.string())]).optional(),
    customer_id: z.string().optional(),
  }),
)

const defaults = [
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
  "release_on",
  "decision",
  "decided_by",
  "decided_at",
  "decision_reason",
  "created_at",
  "updated_at",
]

export const adminEntitlementQuery = { defaults, isList: false }
export const adminEntitlementsQuery = { defaults, isList: true }
