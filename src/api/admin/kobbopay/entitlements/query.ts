import { z } from "@medusajs/framework/zod"
import { createFindParams, createSelectParams } from "@medusajs/medusa/api/utils/validators"
import { ENTITLEMENT_STATES } from "../../../../domain/entitlements"
import { listOf, oneOf, orderBy, pageOf } from "../../../filters"

const state = oneOf(ENTITLEMENT_STATES)

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

/** More than a page shows, for scripts. */
const MOST_IN_A_LIST = 1_000

export const adminEntitlementParams = createSelectParams()
export const adminEntitlementsParams = createFindParams({
  limit: 20,
  offset: 0,
  order: "-created_at",
}).merge(
  z.object({
    ...pageOf(MOST_IN_A_LIST),
    order: orderBy(defaults, "-created_at"),
    q: z.string().optional(),
    state: listOf(state),
    order_id: z.union([z.string(), z.array(z.string())]).optional(),
    variant_id: z.union([z.string(), z.array(z.string())]).optional(),
    customer_id: z.string().optional(),
  }),
)

export const adminEntitlementQuery = { defaults, isList: false }
export const adminEntitlementsQuery = { defaults, isList: true }
