import type { AccountId, OrderId, PaymentId } from "../domain/ids"
import { exceptionsOf, type ExceptionRow } from "./exceptions"
import { paymentRow, type PaymentRow } from "./payment"
import { refundsOf, type RefundRow } from "./refunds"
import { rows, type Sql } from "./sql"
import { transitionsOf, type TransitionRow } from "./transitions"

/** Payments in memory at one time. */
const PAGE = 200

/** Which payments to export; null: whichever. `from` is included, `to` is not. */
type ExportFilter = {
  from: Date | null
  to: Date | null
  account: AccountId | null
  payment: PaymentId | null
  order: OrderId | null
}

export const EVERY_PAYMENT: ExportFilter = {
  from: null,
  to: null,
  account: null,
  payment: null,
  order: null,
}

/** A payment with everything that is kept of it, the oldest first. */
export type KeptPayment = {
  payment: PaymentRow
  transitions: TransitionRow[]
  exceptions: ExceptionRow[]
  refunds: RefundRow[]
}

/** Walks the ledger in keyset order, a page at a time, so that memory stays the same however long it is. */
export async function* keptPayments(sql: Sql, filter: ExportFilter): AsyncGenerator<KeptPayment> {
  for (let after = ""; ;) {
    const page = await pageAfter(sql, filter, after)
    const last = page.at(-1)
    if (last === undefined) return
    const ids = page.map((payment) => payment.id)
    const [transitions, exceptions, refunds] = await Promise.all([
      transitionsOf(sql, ids),
      exceptionsOf(sql, ids),
      refundsOf(sql, ids),
    ])
    for (const payment of page) {
      const own = (one: { payment_id: PaymentId | null }) => one.payment_id === payment.id
      yield {
        payment,
        transitions: transitions.filter(own),
        exceptions: exceptions.filter(own).reverse(),
        refunds: refunds.filter(own),
      }
    }
    if (page.length < PAGE) return
    after = last.id
  }
}

const pageAfter = (sql: Sql, filter: ExportFilter, after: string): Promise<PaymentRow[]> =>
  rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment
      WHERE id > :after AND deleted_at IS NULL
        AND (:from::timestamptz IS NULL OR created_at >= :from)
        AND (:to::timestamptz IS NULL OR created_at < :to)
        AND (:account::text IS NULL OR account_id = :account)
        AND (:payment::text IS NULL OR id = :payment)
        AND (:order::text IS NULL OR order_id = :order)
      ORDER BY id LIMIT :page`,
    { ...filter, after, page: PAGE },
  )
