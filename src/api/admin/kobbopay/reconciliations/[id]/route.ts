import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { brandAs } from "../../../../../domain/ids"
import { runById, type ReconciliationId } from "../../../../../store/reconciliation"
import type { Reconciliation } from "../../../../../types/reconciliation"
import { appOf } from "../../../../../work/app"
import { reconciliationView } from "../../../../../workflows/reconciliation-view"

/** The report of one run, as far as it has come. */
export async function GET(
  req: MedusaRequest,
  res: MedusaResponse<{ reconciliation: Reconciliation }>,
): Promise<void> {
  const id = req.params["id"] ?? ""
  const run = await runById(appOf(req.scope).sql, brandAs<ReconciliationId>(id))
  if (run === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, "There is no reconciliation of this id")
  }
  res.setHeader("cache-control", "no-store")
  res.json({ reconciliation: reconciliationView(run) })
}
