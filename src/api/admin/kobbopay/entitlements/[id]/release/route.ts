import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { releaseEntitlementWorkflow } from "../../../../../../workflows"
import { decisionIn } from "../decision"
import { answerEntitlement } from "../entitlement-view"

/** Releases an entitlement, whatever is paid, in the name of the logged-in user. */
export async function POST(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  await releaseEntitlementWorkflow(req.scope).run({ input: decisionIn(req) })
  await answerEntitlement(req, res)
}
