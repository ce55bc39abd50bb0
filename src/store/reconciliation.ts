import { z } from "@medusajs/framework/zod"
import type { AccountId, Brand, PaymentId } from "../domain/ids"
import { FREE, HELD, RELEASE, RENEW, renewFenced, TAKE } from "./lease"
import { idColumn, paymentRow, type PaymentRow } from "./payment"
import { countRow, execute, newId, row, rows, type Sql } from "./sql"

export type ReconciliationId = Brand<"ReconciliationId">

export const TRIGGERS = ["scheduled", "manual", "backfill"] as const
export type Trigger = (typeof TRIGGERS)[number]

const count = z.number()
const counts = z.record(z.string(), count)

const reconciliationRow = z.object({
  id: idColumn<ReconciliationId>(),
  trigger: z.enum(TRIGGERS),
  actor: z.string().nullable(),
  since: z.date(),
  state: z.enum(["running", "done"]),
  started_at: z.date(),
  finished_at: z.date().nullable(),
  cursor: z.string(),
  lease_owner: z.string().nullable(),
  lease_until: z.date().nullable(),
  fence: z.number(),
  payments: count,
  read: count,
  moved: count,
  failed_reads: count,
  put_off: count,
  mended: counts,
  drift: counts,
  pauses: z.record(idColumn<AccountId>(), z.coerce.date()),
  last_error: z.string().nullable(),
})
export type ReconciliationRow = z.output<typeof reconciliationRow>

/** What one batch adds to a run's report; `mended` and `drift` count payments by kind. */
export type Tally = {
  payments: number
  read: number
  moved: number
  failedReads: number
  putOff: number
  mended: Readonly<Record<string, number>>
  drift: Readonly<Record<string, number>>
}

/** How long a run's lease, a fenced one, lasts without a heartbeat. */
export const RUN_LEASE_MS = 30_000

/** Thrown by a write of a run whose lease was taken over. The new owner goes on. */
export class RunLost extends Error {
  constructor(id: ReconciliationId) {
    super(`reconciliation ${id} was taken over`)
    this.name = "RunLost"
  }
}

type NewRun = {
  trigger: Trigger
  actor: string | null
  /** Null: from the last finished run on, with `overlapMs` before it, or `firstMs` back for the first. */
  since: Date | null
  overlapMs: number
  firstMs: number
  /** Refuses to start when the last one began less than this ago, milliseconds; 0 for one that is asked for. */
  notWithinMs: number
}

/**
 * Starts a run under a lease, unless one is under way or the last began too recently: null then. Which of
 * several processes starts it, a unique index decides: each run names the one it follows.
 */
export const startRun = (
  sql: Sql,
  run: NewRun,
  owner: string,
  now: Date,
): Promise<ReconciliationRow | null> =>
  row(
    sql,
    reconciliationRow,
    `WITH last AS (SELECT id, state, started_at FROM kobbopay_reconciliation r
                    WHERE deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM kobbopay_reconciliation next
                            WHERE next.follows = r.id AND next.deleted_at IS NULL)
                    ORDER BY created_at DESC LIMIT 1),
          finished AS (SELECT max(started_at) AS at FROM kobbopay_reconciliation
                        WHERE state = 'done' AND deleted_at IS NULL)
     INSERT INTO kobbopay_reconciliation
       (id, follows, trigger, actor, since, started_at, lease_owner, lease_until, fence, mended, drift, pauses)
     SELECT :id, COALESCE((SELECT id FROM last), ''), :trigger, :actor,
            COALESCE(:since::timestamptz, (SELECT at FROM finished) - :overlap_ms * interval '1 millisecond',
                     :now::timestamptz - :first_ms * interval '1 millisecond'),
            :now, :owner, clock_timestamp() + :lease_ms * interval '1 millisecond', 1, '{}', '{}',
            COALESCE((SELECT r.pauses FROM kobbopay_reconciliation r JOIN last ON last.id = r.id), '{}')
      WHERE NOT EXISTS (SELECT 1 FROM last WHERE state = 'running'
              OR :not_within_ms::bigint > 0
                AND started_at > :now::timestamptz - :not_within_ms * interval '1 millisecond')
     ON CONFLICT DO NOTHING
     RETURNING *`,
    {
      id: newId("kprec"),
      trigger: run.trigger,
      actor: run.actor,
      since: run.since,
      overlap_ms: run.overlapMs,
      first_ms: run.firstMs,
      not_within_ms: run.notWithinMs,
      owner,
      lease_ms: RUN_LEASE_MS,
      now,
    },
  )

/** Takes over the run whose process died, if there is one: it goes on from its cursor. */
export const takeOverRun = (sql: Sql, owner: string): Promise<ReconciliationRow | null> =>
  row(
    sql,
    reconciliationRow,
    `UPDATE kobbopay_reconciliation SET ${TAKE}
      WHERE state = 'running' AND deleted_at IS NULL AND ${FREE} RETURNING *`,
    { owner, lease_ms: RUN_LEASE_MS },
  )

/** Heartbeat. False when the run was taken over. */
export const renewRun = (sql: Sql, run: ReconciliationRow): Promise<boolean> =>
  renewFenced(
    sql,
    "kobbopay_reconciliation",
    { ...heldBy(run), owner: run.lease_owner },
    RUN_LEASE_MS,
  )

const heldBy = ({ id, fence }: ReconciliationRow) => ({ id, fence })

/** Releases a run before its end, with the reason: the next tick of the job takes it up. */
export const releaseRun = (sql: Sql, run: ReconciliationRow, cause: string): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_reconciliation SET ${RELEASE}, last_error = :cause
      WHERE ${HELD} AND state = 'running'`,
    { ...heldBy(run), cause },
  )

/**
 * Commits a batch: its figures and the cursor after it, in one statement, so that a run taken up again
 * counts no payment twice.
 *
 * @throws RunLost when the run was taken over
 */
export async function commitBatch(
  sql: Sql,
  run: ReconciliationRow,
  batch: {
    cursor: PaymentId
    tally: Tally
    pauses: ReadonlyMap<AccountId, Date>
    lastError: string | null
  },
): Promise<void> {
  const { tally } = batch
  const kept = await execute(
    sql,
    `UPDATE kobbopay_reconciliation
        SET cursor = :cursor, payments = payments + :payments, read = read + :read, moved = moved + :moved,
            failed_reads = failed_reads + :failed_reads, put_off = put_off + :put_off,
            mended = ${summed("mended")}, drift = ${summed("drift")}, pauses = :pauses::jsonb,
            last_error = COALESCE(:last_error, last_error), ${RENEW}, updated_at = now()
      WHERE ${HELD} AND state = 'running'`,
    {
      ...heldBy(run),
      cursor: batch.cursor,
      payments: tally.payments,
      read: tally.read,
      moved: tally.moved,
      failed_reads: tally.failedReads,
      put_off: tally.putOff,
      mended: JSON.stringify(tally.mended),
      drift: JSON.stringify(tally.drift),
      pauses: JSON.stringify(Object.fromEntries(batch.pauses)),
      last_error: batch.lastError,
      lease_ms: RUN_LEASE_MS,
    },
  )
  if (kept !== 1) throw new RunLost(run.id)
}

/** Adds counts by kind, bound under the column's name, to a column of them. */
const summed = (column: "mended" | "drift"): string =>
  `(SELECT COALESCE(jsonb_object_agg(kind, total), '{}') FROM (
     SELECT key AS kind, sum(value::int) AS total
       FROM (SELECT * FROM jsonb_each_text(${column}) UNION ALL SELECT * FROM jsonb_each_text(:${column}::jsonb)) AS both_counts
      GROUP BY key) AS totals)`

/** @throws RunLost when the run was taken over */
export async function finishRun(sql: Sql, run: ReconciliationRow, now: Date): Promise<void> {
  const done = await execute(
    sql,
    `UPDATE kobbopay_reconciliation
        SET state = 'done', finished_at = :now, ${RELEASE}
      WHERE ${HELD} AND state = 'running'`,
    { ...heldBy(run), now },
  )
  if (done !== 1) throw new RunLost(run.id)
}

/**
 * The next payments of a run in keyset order: those still open, those that ended since `since`, and those
 * about which something is left to do (a check that is overdue, a target that Medusa does not show, a drift
 * found before). Only what was there when the run began.
 */
export const paymentsToReconcile = (
  sql: Sql,
  run: Pick<ReconciliationRow, "since" | "started_at">,
  after: string,
  most: number,
): Promise<PaymentRow[]> =>
  rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment p
      WHERE id > :after AND created_at <= :started_at AND deleted_at IS NULL
        AND kobbopay_id IS NOT NULL
        AND (state IN ('pending', 'partial', 'paid')
          OR GREATEST(confirmed_at, ended_at, captured_at) >= :since
          OR next_check_at <= :started_at
          OR (target <> 'nothing' AND converged_at IS NULL)
          OR EXISTS (SELECT 1 FROM kobbopay_exception e WHERE e.subject_id = p.id
                AND e.class = 'drift' AND e.state = 'open' AND e.deleted_at IS NULL))
      ORDER BY id LIMIT :most`,
    { after, started_at: run.started_at, since: run.since, most },
  )

export const runById = (sql: Sql, id: ReconciliationId): Promise<ReconciliationRow | null> =>
  row(
    sql,
    reconciliationRow,
    `SELECT * FROM kobbopay_reconciliation WHERE id = ? AND deleted_at IS NULL`,
    [id],
  )

/** The runs, the newest first. */
export const runsOf = (sql: Sql, most: number, skip: number): Promise<ReconciliationRow[]> =>
  rows(
    sql,
    reconciliationRow,
    `SELECT * FROM kobbopay_reconciliation WHERE deleted_at IS NULL
      ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?`,
    [most, skip],
  )

export const countRuns = async (sql: Sql): Promise<number> =>
  (
    await row(
      sql,
      countRow,
      `SELECT count(*)::int AS count FROM kobbopay_reconciliation WHERE deleted_at IS NULL`,
    )
  )?.count ?? 0

export const runningRun = (sql: Sql): Promise<ReconciliationRow | null> =>
  row(
    sql,
    reconciliationRow,
    `SELECT * FROM kobbopay_reconciliation WHERE state = 'running' AND deleted_at IS NULL`,
  )
