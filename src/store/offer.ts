import { sameStore } from "../domain/store-amount"
import { sessionsOf } from "./ledger"
import { viewOf } from "./medusa-view"
import { asksOf } from "./order-facts"
import { settledAmount, type PaymentRow } from "./payment"
import { isShownLive } from "./sessions"
import type { Sql } from "./sql"

/**
 * Whether money on a payment of which none has come would still settle something: a session shows it, and the
 * order, where there is one, is open and asks for this very amount. Whether the offer's time runs, {@link payerView} says.
 */
export async function isStillOwed(
  sql: Sql,
  payment: Pick<
    PaymentRow,
    "id" | "collection_id" | "store_amount" | "accepted_amount" | "currency_code"
  >,
): Promise<boolean> {
  // What no session shows any more was left for another amount or rail.
  if (!(await isShownLive(sql, payment.id))) return false
  const view = await viewOf(sql, payment.collection_id)
  if (view === null) return false
  if (view.order === "none") return true
  if (view.order === "cancelled" || view.isClosed) return false
  const shown = await sessionsOf(sql, { collection: payment.collection_id, order: view.orderId })
  return (
    view.currencyCode === payment.currency_code &&
    sameStore(asksOf(view, shown, payment.id), settledAmount(payment), view.currencyCode)
  )
}
