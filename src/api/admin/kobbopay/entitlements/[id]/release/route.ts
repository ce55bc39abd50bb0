import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { releaseEntitlementWorkflow } from "../../../../../../workflows"
import type { AdminDecision } from "../../validators"
import { decisionIn } from "../decision"
import { answerEntitlement } from "../entitlement-view"

/** Releases an entitlement, whatever is paid, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminDecision>,
  res: MedusaResponse,
): Promise<void> {
  await releaseEntitlementWorkflow(req.scope).run({ input: decisionIn(req) })
  await answerEntitlement(req, res)
}
