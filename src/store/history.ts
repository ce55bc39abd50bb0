import { z } from "@medusajs/framework/zod"
import type { CollectionId, OrderId } from "../domain/ids"
import { exceptionsOf, type ExceptionDetail } from "./exceptions"
import { idColumn, paymentRow, type PaymentRow } from "./payment"
import { refundsOf, type RefundRow } from "./refunds"
import { rows, type Sql } from "./sql"
import { transitionsOf, type TransitionRow } from "./transitions"

const collectionRow = z.object({
  id: idColumn<CollectionId>(),
  failures: z.number(),
  last_error: z.string().nullable(),
  due_at: z.date().nullable(),
})
type CollectionRow = z.output<typeof collectionRow>

/** A payment with all that happened to it. */
export type PaymentHistory = {
  payment: PaymentRow
  /** The oldest first. */
  transitions: TransitionRow[]
  /** Open and closed, the newest first. */
  exceptions: ExceptionDetail[]
  /** The oldest first. */
  refunds: RefundRow[]
  collection: CollectionRow | null
}

/**
 * The payments of an order with their history, the newest payment first. `collections` are the order's
 * payment collections: their payments are found also while the ledger does not know the order yet.
 */
export async function historyOfOrder(
  sql: Sql,
  order: OrderId,
  collections: readonly CollectionId[],
): Promise<PaymentHistory[]> {
  const payments = await rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment
      WHERE deleted_at IS NULL AND (order_id = ? OR collection_id = ANY(?::text[]))
      ORDER BY created_at DESC, id DESC`,
    [order, [...collections]],
  )
  const ids = payments.map((payment) => payment.id)
  const [transitions, exceptions, refunds, collectionRows] = await Promise.all([
    transitionsOf(sql, ids),
    exceptionsOf(sql, ids),
    refundsOf(sql, ids),
    collectionsOf(sql, [...new Set(payments.map((payment) => payment.collection_id))]),
  ])
  return payments.map((payment) => ({
    payment,
    transitions: transitions.filter((one) => one.payment_id === payment.id),
    exceptions: exceptions.filter((one) => one.payment_id === payment.id),
    refunds: refunds.filter((one) => one.payment_id === payment.id),
    collection: collectionRows.find((one) => one.id === payment.collection_id) ?? null,
  }))
}

const collectionsOf = (sql: Sql, collections: readonly CollectionId[]): Promise<CollectionRow[]> =>
  rows(
    sql,
    collectionRow,
    `SELECT id, failures, last_error, due_at FROM kobbopay_collection
      WHERE id = ANY(?::text[]) AND deleted_at IS NULL`,
    [[...collections]],
  )
