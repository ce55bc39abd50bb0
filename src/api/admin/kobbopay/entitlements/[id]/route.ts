import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { answerEntitlement } from "./entitlement-view"

/** One entitlement, with who changed what of it, when and why. */
export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  await answerEntitlement(req, res)
}
