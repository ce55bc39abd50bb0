import type {
  AuthenticatedMedusaRequest,
  MedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"
import { countRuns, runsOf } from "../../../../store/reconciliation"
import type { Reconciliation, ReconciliationList } from "../../../../types/reconciliation"
import { beginRun, runReconciliation } from "../../../../work/reconcile"
import { appOf } from "../../../../work/app"
import { reconciliationView } from "../../../../workflows/reconciliation-view"
import type { AdminReconciliation, AdminReconciliationsParams } from "./validators"

/** The runs so far, the newest first. */
export async function GET(
  req: MedusaRequest<unknown, AdminReconciliationsParams>,
  res: MedusaResponse<ReconciliationList>,
): Promise<void> {
  const { limit, offset } = req.validatedQuery
  const { sql } = appOf(req.scope)
  const [runs, count] = await Promise.all([runsOf(sql, limit, offset), countRuns(sql)])
  res.setHeader("cache-control", "no-store")
  res.json({ reconciliations: runs.map(reconciliationView), count, limit, offset })
}

type Answer = {
  reconciliation: Reconciliation | null
  /** Set when there is one already, which is answered instead of starting another. */
  message?: string
}

/**
 * Starts a run in the name of the logged-in user, of what ended since `since` where that is given, and
 * answers 202 at once; the report is read by its id. 409 with the run that is under way, if there is one.
 */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminReconciliation>,
  res: MedusaResponse<Answer>,
): Promise<void> {
  const since = req.validatedBody.since ?? null
  const deps = appOf(req.scope).deps
  const begun = await beginRun(deps, {
    trigger: since === null ? "manual" : "backfill",
    actor: req.auth_context.actor_id,
    since,
    notWithinMs: 0,
  })
  if (begun.is === "started" || begun.is === "resumed") {
    void runReconciliation(deps, begun.run)
    res.status(202).json({ reconciliation: reconciliationView(begun.run) })
    return
  }
  const reconciliation = begun.is === "busy" ? reconciliationView(begun.run) : null
  const message = "A reconciliation is under way already. Wait until it is done."
  res.status(409).json({ reconciliation, message })
}
