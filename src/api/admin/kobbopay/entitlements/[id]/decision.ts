import type { AuthenticatedMedusaRequest } from "@medusajs/framework/http"
import { decideInput, parseInput } from "../../../../../workflows/input"

const body = decideInput.pick({ reason: true })

/**
 * What the logged-in user decided, and why.
 *
 * @throws MedusaError INVALID_DATA without a reason
 */
export const decisionIn = (req: AuthenticatedMedusaRequest) => ({
  entitlement_id: req.params["id"] ?? "",
  actor: req.auth_context.actor_id,
  ...parseInput(body, req.body),
})
