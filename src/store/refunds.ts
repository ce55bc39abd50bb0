import { z } from "@medusajs/framework/zod"
import type { AccountId, CollectionId, OrderId, PaymentId, RefundId } from "../domain/ids"
import { sameStore } from "../domain/store-amount"
import { dueOrders } from "./entitled-orders"
import { idColumn, isRefunded, type PaymentRow } from "./payment"
import { execute, minorColumn, newId, row, rows, type Sql } from "./sql"

/** A recorded refund. `amount_minor`: minor units of the asset; `store_amount`: what Medusa is to book. */
const refundRow = z.object({
  id: idColumn<RefundId>(),
  payment_id: idColumn<PaymentId>(),
  collection_id: idColumn<CollectionId>(),
  account_id: idColumn<AccountId>(),
  order_id: idColumn<OrderId>().nullable(),
  amount_minor: minorColumn,
  hash: z.string(),
  store_amount: z.string().nullable(),
  currency_code: z.string(),
  state: z.enum(["recorded", "booked", "kept"]),
  medusa_refund_id: z.string().nullable(),
  actor: z.string(),
  note: z.string().nullable(),
  recorded_at: z.date(),
  booked_at: z.date().nullable(),
})
export type RefundRow = z.output<typeof refundRow>

type NewRefund = Pick<RefundRow, "amount_minor" | "hash" | "actor" | "note">

/**
 * Records a refund of a payment and adds it to what was refunded in all; when that is all there was,
 * the payment's target becomes nothing. Null when one with the same transaction hash is recorded already:
 * the same money is not sent twice.
 */
export async function insertRefund(
  trx: Sql,
  payment: PaymentRow,
  made: NewRefund,
  now: Date,
): Promise<RefundRow | null> {
  const inserted = await row(
    trx,
    refundRow,
    `INSERT INTO kobbopay_refund
       (id, payment_id, collection_id, account_id, order_id, amount_minor, hash, currency_code, state,
        actor, note, recorded_at)
     VALUES (:id, :payment_id, :collection_id, :account_id, :order_id, :amount_minor, :hash, :currency_code,
             'recorded', :actor, :note, :now)
     ON CONFLICT (payment_id, hash) WHERE deleted_at IS NULL DO NOTHING RETURNING *`,
    {
      id: newId("kpref"),
      payment_id: payment.id,
      collection_id: payment.collection_id,
      account_id: payment.account_id,
      order_id: payment.order_id,
      amount_minor: made.amount_minor.toString(),
      hash: made.hash,
      currency_code: payment.currency_code,
      actor: made.actor,
      note: made.note,
      now,
    },
  )
  if (inserted === null) return null
  const refunded = payment.refunded_minor + made.amount_minor
  const isWhole = isRefunded({ ...payment, refunded_minor: refunded })
  await execute(
    trx,
    `UPDATE kobbopay_payment
        SET refunded_minor = ?, target = ?, converged_at = NULL, updated_at = now()
      WHERE id = ?`,
    [
      refunded.toString(),
      isWhole && payment.captured_at === null ? "nothing" : payment.target,
      payment.id,
    ],
  )
  return inserted
}

export const refundById = (sql: Sql, id: RefundId): Promise<RefundRow | null> =>
  row(sql, refundRow, `SELECT * FROM kobbopay_refund WHERE id = ? AND deleted_at IS NULL`, [id])

/** The refunds of payments, the oldest first. */
export const refundsOf = (sql: Sql, payments: readonly PaymentId[]): Promise<RefundRow[]> =>
  rows(
    sql,
    refundRow,
    `SELECT * FROM kobbopay_refund
      WHERE payment_id = ANY(?::text[]) AND deleted_at IS NULL ORDER BY recorded_at, id`,
    [[...payments]],
  )

/** Refunds of a collection that Medusa does not show yet, the oldest first. */
export const unbookedRefunds = (sql: Sql, collection: CollectionId): Promise<RefundRow[]> =>
  rows(
    sql,
    refundRow,
    `SELECT * FROM kobbopay_refund
      WHERE collection_id = ? AND state = 'recorded' AND deleted_at IS NULL ORDER BY recorded_at, id`,
    [collection],
  )

/** Says what Medusa is to book for a refund, before it is asked to: decimal, store currency. */
export const priceRefund = (sql: Sql, id: RefundId, storeAmount: string): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_refund SET store_amount = ?, updated_at = now() WHERE id = ? AND state = 'recorded'`,
    [storeAmount, id],
  )

/**
 * Claims a recorded refund for the refund that Medusa is making: one of that amount that no other refund of
 * Medusa stands for. False when there is none, so that Medusa books nothing that nobody sent. A process that
 * had paused may claim again for the same refund of Medusa, and gets the same answer.
 */
export const claimRefund = (
  sql: Sql,
  payment: Pick<PaymentRow, "id" | "currency_code">,
  medusaRefund: { id: string; amount: string },
): Promise<boolean> =>
  sql.transaction(async (trx) => {
    const open = await rows(
      trx,
      refundRow,
      `SELECT * FROM kobbopay_refund
        WHERE payment_id = ? AND deleted_at IS NULL AND store_amount IS NOT NULL
          AND (medusa_refund_id = ? OR state = 'recorded' AND medusa_refund_id IS NULL)
        ORDER BY medusa_refund_id = ? DESC NULLS LAST, recorded_at, id FOR UPDATE`,
      [payment.id, medusaRefund.id, medusaRefund.id],
    )
    const found = open.find(
      (one) =>
        one.store_amount !== null &&
        sameStore(one.store_amount, medusaRefund.amount, payment.currency_code),
    )
    if (found === undefined) return false
    const claimed = await execute(
      trx,
      `UPDATE kobbopay_refund SET medusa_refund_id = ?, updated_at = now() WHERE id = ?`,
      [medusaRefund.id, found.id],
    )
    return claimed === 1
  })

/** Releases a refund whose booking Medusa took back. */
export const unclaimRefund = (sql: Sql, refund: RefundRow): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_refund SET medusa_refund_id = NULL, updated_at = now()
      WHERE id = ? AND state = 'recorded' AND medusa_refund_id IS NOT DISTINCT FROM ?`,
    [refund.id, refund.medusa_refund_id],
  )

/**
 * Records how a refund ended: shown by Medusa's refund of that id, or with nothing to book. Wakes the
 * order's entitlements.
 */
export const finishRefund = (
  sql: Sql,
  id: RefundId,
  outcome: { state: "booked"; medusaRefund: string } | { state: "kept" },
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `WITH finished AS (UPDATE kobbopay_refund
        SET state = ?, medusa_refund_id = ?, booked_at = ?, updated_at = now()
      WHERE id = ? AND state = 'recorded' RETURNING payment_id),
      paid AS (SELECT p.order_id FROM kobbopay_payment p JOIN finished f ON f.payment_id = p.id)
      ${dueOrders("paid")}`,
    [
      outcome.state,
      outcome.state === "booked" ? outcome.medusaRefund : null,
      outcome.state === "booked" ? now : null,
      id,
    ],
  )
