import type { PaymentId } from "../domain/ids"
import { execute, type Sql } from "./sql"
import { scheduleCollectionOf, wakeCollectionOf } from "./wakes"

/** Makes a payment due for a check at once; one that was never created at Kobbopay cannot be read. */
export async function checkNow(sql: Sql, payment: PaymentId, now: Date): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET next_check_at = ? WHERE id = ? AND kobbopay_id IS NOT NULL`,
    [now, payment],
  )
  await wakeCollectionOf(sql, payment, now)
}

/** Makes payments due for a check by whoever works their collection, without waking it. */
export const makeDue = (sql: Sql, payments: readonly PaymentId[], now: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment SET next_check_at = ?
      WHERE id = ANY(?::text[]) AND kobbopay_id IS NOT NULL`,
    [now, [...payments]],
  )

/** Puts the next check of a payment to `at`: its account takes no requests before. */
export async function postponeCheck(sql: Sql, payment: PaymentId, at: Date): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET next_check_at = ? WHERE id = ? AND kobbopay_id IS NOT NULL`,
    [at, payment],
  )
  await scheduleCollectionOf(sql, payment, at)
}

/** Records that a payment could not be read, and when that is tried again; null: it is given up. */
export const recordFailedRead = (
  sql: Sql,
  id: PaymentId,
  { cause, nextCheckAt }: { cause: string; nextCheckAt: Date | null },
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment
        SET failures = failures + 1, last_error = ?, next_check_at = ?,
            failing_since = COALESCE(failing_since, ?), updated_at = now()
      WHERE id = ?`,
    [cause, nextCheckAt, now, id],
  )
