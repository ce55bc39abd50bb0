import { z } from "@medusajs/framework/zod"
import { createFindParams, createSelectParams } from "@medusajs/medusa/api/utils/validators"
import { ENTITLEMENT_STATES } from "../../../../domain/entitlements"
import { decideInput } from "../../../../workflows/input"
import { listOf, oneOf, orderBy, pageOf } from "../../../filters"
import { entitlementFields } from "./query-config"

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
    order: orderBy(entitlementFields, "-created_at"),
    q: z.string().optional(),
    state: listOf(oneOf(ENTITLEMENT_STATES)),
    order_id: z.union([z.string(), z.array(z.string())]).optional(),
    variant_id: z.union([z.string(), z.array(z.string())]).optional(),
    customer_id: z.string().optional(),
  }),
)
export type AdminEntitlementsParams = z.output<typeof adminEntitlementsParams>

/** Why a person holds, releases, revokes or resumes one. */
export const adminDecision = decideInput.pick({ reason: true })
export type AdminDecision = z.output<typeof adminDecision>
