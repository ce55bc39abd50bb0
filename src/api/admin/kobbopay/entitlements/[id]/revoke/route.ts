import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { revokeEntitlementWorkflow } from "../../../../../../workflows"
import type { AdminDecision } from "../../validators"
import { decisionIn } from "../decision"
import { answerEntitlement } from "../entitlement-view"

/** Takes an entitlement back, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminDecision>,
  res: MedusaResponse,
): Promise<void> {
  await revokeEntitlementWorkflow(req.scope).run({ input: decisionIn(req) })
  await answerEntitlement(req, res)
}
