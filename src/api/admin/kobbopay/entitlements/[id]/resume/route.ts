import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { resumeEntitlementWorkflow } from "../../../../../../workflows"
import type { AdminDecision } from "../../validators"
import { answerEntitlement } from "../entitlement-view"

/** Ends what was decided about an entitlement: the rule decides again, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminDecision>,
  res: MedusaResponse,
): Promise<void> {
  await resumeEntitlementWorkflow(req.scope).run({
    input: {
      entitlement_id: req.params["id"] ?? "",
      actor: req.auth_context.actor_id,
      reason: req.validatedBody.reason,
    },
  })
  await answerEntitlement(req, res)
}
