import type { AuthenticatedMedusaRequest } from "@medusajs/framework/http"
import type { AdminDecision } from "../validators"

/** What the logged-in user decided about the entitlement, and why. */
export const decisionIn = (req: AuthenticatedMedusaRequest<AdminDecision>) => ({
  entitlement_id: req.params["id"] ?? "",
  actor: req.auth_context.actor_id,
  reason: req.validatedBody.reason,
})
