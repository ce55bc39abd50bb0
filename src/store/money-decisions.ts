import type { PaymentId } from "../domain/ids"
import type { Acceptance } from "../domain/lifecycle"
import { settlesOrder, type PaymentRow } from "./payment"
import { execute, type Sql } from "./sql"

/**
 * Records that a person accepted a payment's money for a store amount. What they accepted as final
 * before stays so.
 */
export const acceptPayment = (
  sql: Sql,
  id: PaymentId,
  by: { accepted: Acceptance; minor: bigint | null; amount: string; actor: string },
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment
        SET accepted = CASE WHEN accepted = 'finality' THEN accepted ELSE :accepted END,
            accepted_minor = :minor,
            accepted_amount = CASE WHEN captured_at IS NULL THEN :amount ELSE accepted_amount END,
            accepted_by = :actor, accepted_at = :now, converged_at = NULL, current = false,
            updated_at = now()
      WHERE id = :id`,
    {
      accepted: by.accepted,
      minor: by.minor?.toString() ?? null,
      amount: by.amount,
      actor: by.actor,
      now,
      id,
    },
  )

/**
 * Sets aside the money of a payment: all that arrived, or was asked where reads state no amounts. It settles
 * nothing from here on. One that would have settled is over: its money is late, should it become final after
 * all, and an exception. So is one whose transfers are gone. Returns the state it is in then.
 */
export async function writeOff(
  trx: Sql,
  payment: PaymentRow,
  now: Date,
): Promise<PaymentRow["state"]> {
  const left = (payment.received_minor ?? payment.expected_minor) - payment.refunded_minor
  if (left > 0n) {
    const settles = settlesOrder(payment)
    const state = settles ? "expired" : payment.state
    await execute(
      trx,
      `UPDATE kobbopay_payment
          SET written_off_minor = :left, state = :state, target = 'nothing', current = false,
              converged_at = NULL, updated_at = now(),
              ended_at = CASE WHEN :is_ended THEN COALESCE(ended_at, :now) ELSE ended_at END
        WHERE id = :id`,
      { left: left.toString(), state, is_ended: settles, now, id: payment.id },
    )
    return state
  }
  const state = payment.state === "expired" ? "expired" : "failed"
  await execute(
    trx,
    `UPDATE kobbopay_payment
        SET state = ?, target = 'order_cancelled', current = false, amount_fit = NULL, money_seen_at = NULL,
            ended_at = COALESCE(ended_at, ?), converged_at = NULL, updated_at = now()
      WHERE id = ?`,
    [state, now, payment.id],
  )
  return state
}
