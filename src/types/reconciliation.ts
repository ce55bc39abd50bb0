/** A run that compared ledger, Kobbopay and orders: what the admin routes and the workflow answer. */
export type Reconciliation = {
  id: string
  trigger: "scheduled" | "manual" | "backfill"
  /** Who asked for it; null for the schedule. */
  actor: string | null
  state: "running" | "done"
  /** Payments that ended before this were looked at only if something about them was open. */
  since: string
  started_at: string
  finished_at: string | null
  /** Payments looked at; read, failed_reads and put_off add up to it. */
  payments: number
  read: number
  moved: number
  failed_reads: number
  put_off: number
  /** Payments by kind of drift: put right by the run's own check, and still standing after it. */
  mended: Record<string, number>
  drift: Record<string, number>
  last_error: string | null
}

export type ReconciliationList = {
  reconciliations: Reconciliation[]
  count: number
  limit: number
  offset: number
}
