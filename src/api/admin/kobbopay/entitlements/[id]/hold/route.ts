import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { holdEntitlementWorkflow } from "../../../../../../workflows"
import type { AdminDecision } from "../../validators"
import { decisionIn } from "../decision"
import { answerEntitlement } from "../entitlement-view"

/** Holds an entitlement, also one that was released, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminDecision>,
  res: MedusaResponse,
): Promise<void> {
  await holdEntitlementWorkflow(req.scope).run({ input: decisionIn(req) })
  await answerEntitlement(req, res)
}
