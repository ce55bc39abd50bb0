import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { resumeEntitlementWorkflow } from "../../../../../../workflows"
import type { AdminDecision } from "../../validators"
import { decisionIn } from "../decision"
import { answerEntitlement } from "../entitlement-view"

/** Ends what was decided about an entitlement: the rule decides again, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminDecision>,
  res: MedusaResponse,
): Promise<void> {
  await resumeEntitlementWorkflow(req.scope).run({ input: decisionIn(req) })
  await answerEntitlement(req, res)
}
