import { isMore } from "../../domain/store-amount"
import { paymentsOfOrder, sessionsOf } from "../../store/ledger"
import { viewOf } from "../../store/medusa-view"
import { asksOf } from "../../store/order-facts"
import { holdsMoney, type PaymentRow } from "../../store/payment"
import type { SessionView } from "../../store/sessions"
import type { Checkout } from "./checkout-deps"
import { notAllowed } from "./refusals"

/**
 * What the session's order still owes (null while there is no order: then the session's own amount counts),
 * and whether money is on its way that Medusa does not show yet.
 *
 * @throws MedusaError, in words for the shopper, where nothing may be offered for the order
 */
export async function owedBy(
  { sql, account, now }: Pick<Checkout, "sql" | "account" | "now">,
  { session, orderEnded }: SessionView,
): Promise<{ amount: string | null; isBeingPaid: boolean }> {
  const view = await viewOf(sql, session.collection_id)
  if (view === null || view.order === "none") return { amount: null, isBeingPaid: false }
  if (view.order === "cancelled" || orderEnded) {
    throw notAllowed(
      "This order was cancelled. Do not pay for it any more; place a new order instead.",
    )
  }
  if (view.isClosed)
    throw notAllowed("This order is closed, so there is nothing to pay for it any more.")
  const shown = await sessionsOf(sql, { collection: session.collection_id, order: view.orderId })
  const amount = asksOf(view, shown, null)
  if (!isMore(amount, "0", view.currencyCode)) {
    throw notAllowed("This order is paid already. There is nothing left to pay.")
  }
  const { renewForMs } = account.options.expiry
  const isOld = view.placedAt !== null && now().getTime() - view.placedAt.getTime() > renewForMs
  if (isOld) {
    throw notAllowed(
      "This order waited too long for its payment, and gets no new address. Place a new order, or contact the store.",
    )
  }
  const others = view.orderId === null ? [] : await paymentsOfOrder(sql, view.orderId)
  const isBooked = ({ id }: PaymentRow) =>
    view.payments.some(
      (one) =>
        one.canceled_at === null &&
        shown.some(({ payment, session: on }) => payment === id && on === one.payment_session_id),
    )
  return { amount, isBeingPaid: others.some((one) => holdsMoney(one) && !isBooked(one)) }
}
