import type { ReconciliationRow } from "../store/reconciliation"
import type { Reconciliation } from "../types/reconciliation"

/** A run as it is shown: without its lease and cursor. */
export const reconciliationView = (run: ReconciliationRow): Reconciliation => ({
  id: run.id,
  trigger: run.trigger,
  actor: run.actor,
  state: run.state,
  since: run.since.toISOString(),
  started_at: run.started_at.toISOString(),
  finished_at: run.finished_at?.toISOString() ?? null,
  payments: run.payments,
  read: run.read,
  moved: run.moved,
  failed_reads: run.failed_reads,
  put_off: run.put_off,
  mended: run.mended,
  drift: run.drift,
  last_error: run.last_error,
})
