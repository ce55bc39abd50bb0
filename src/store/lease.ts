import { execute, type Sql } from "./sql"

/*
 * A lease is the right to work a row for a while. It stands in the row, so that every process sees it, and it
 * ends by itself, so that a process that was killed is succeeded. Nothing else is kept meanwhile: neither a
 * connection nor a row lock. A process that works for long renews its lease (heartbeat), and releases it when
 * it is done. There are two kinds.
 *
 * A fenced lease has three columns: `lease_owner`, `lease_until`, and `fence`, a number that each claim raises.
 * A process that stood still for longer than its lease does not know that it was succeeded. So every write under
 * the lease names the fence it was claimed with, and does nothing once that has been raised. The lease ends by
 * the database's clock, so that processes need not agree on the time. Two are fenced:
 *   - a collection (`kobbopay_collection`): its payments are read, and Medusa is made to show them
 *   - a reconciliation (`kobbopay_reconciliation`): the ledger is walked
 *
 * A timed lease is one column with the time at which it ends, by the clock of the process that took it. It keeps
 * two processes from the same work. One that stood still may do the work a second time; that does no harm, for
 * the reason given with each. Four are timed:
 *   - creation (`kobbopay_payment.create_lease_until`): a repeated create carries the same reference, and a
 *     second id under it becomes a watched payment
 *   - an order's entitlements (`kobbopay_entitled_order.due_at`, put off until the lease ends): the outcome is
 *     written only while the order has the version that the work began with
 *   - fulfilling (`kobbopay_entitled_order.fulfilling_until`): the work begins with what is fulfilled already
 *   - emitting (`kobbopay_entitlement_change.emitting_until`): an event may come twice, always under one key
 */

/** The row is to be worked, and its time has come. */
export const DUE = "due_at IS NOT NULL AND due_at <= :now AND deleted_at IS NULL"

/** The row is under nobody's fenced lease. */
export const FREE = "(lease_until IS NULL OR lease_until < clock_timestamp())"

/** Makes a fenced lease last for `:lease_ms` from now on. */
export const RENEW = "lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'"

/** Takes the fenced lease of a row that is {@link FREE}, for `:owner`. */
export const TAKE = `lease_owner = :owner, ${RENEW}, fence = fence + 1, updated_at = now()`

/** Gives a fenced lease back. */
export const RELEASE = "lease_owner = NULL, lease_until = NULL, updated_at = now()"

/** The row `:id` was not claimed by another process since it was claimed with `:fence`. */
export const HELD = "id = :id AND fence = :fence"

/** Heartbeat of a fenced lease. False when it was taken over or released. */
export const renewFenced = async (
  sql: Sql,
  table: "kobbopay_collection" | "kobbopay_reconciliation",
  held: { id: string; fence: number; owner: string | null },
  leaseMs: number,
): Promise<boolean> =>
  (await execute(sql, `UPDATE ${table} SET ${RENEW} WHERE ${HELD} AND lease_owner = :owner`, {
    ...held,
    lease_ms: leaseMs,
  })) === 1

/** Nobody has the timed lease at `:now`. */
export const hasEnded = (
  column: "create_lease_until" | "fulfilling_until" | "emitting_until",
): string => `(${column} IS NULL OR ${column} <= :now)`
