import type { PaymentId, SessionId } from "../domain/ids"
import type { OrderFacts } from "../domain/judge"
import { isMore, less, sameStore, sumOf } from "../domain/store-amount"
import { capturedNetOf, refundedOf, type MedusaPayment, type MedusaView } from "./medusa-view"
import { settledAmount, type PaymentRow } from "./payment"

/** A session of Medusa, the payment of the ledger that it shows, and whether that one is to settle. */
export type Shown = { session: SessionId; payment: PaymentId; settles: boolean }

type Settling = Pick<PaymentRow, "id" | "store_amount" | "accepted_amount" | "currency_code">

/** What facts about an order come to while Medusa shows nothing that could be paid for. */
const NOTHING: OrderFacts = {
  order: "none",
  covered: false,
  superseded: true,
  orderChanged: false,
  settled: false,
  captured: false,
  overCaptured: false,
  asks: null,
  placedAt: null,
}

/** What a payment of Medusa stands for, less what was refunded of it: decimal, store currency. */
const netOf = (payment: MedusaPayment): string =>
  less(payment.amount, refundedOf(payment).toFixed())

/**
 * What the order, or the cart, still asks of a payment: what it costs, less what Medusa's other payments of
 * it stand for, of whatever provider and collection. A payment of ours that is not to settle, and of which
 * nothing was captured, asks for no room. Decimal, store currency; not above zero where nothing is owed.
 */
export function asksOf(
  view: MedusaView,
  shown: readonly Shown[],
  payment: PaymentId | null,
): string {
  return leftOf(view, others(view, shown, payment))
}

/** What these payments of Medusa leave of what the order, or the cart, costs. */
const leftOf = (view: MedusaView, paying: readonly MedusaPayment[]): string =>
  less(view.total, sumOf(paying.map(netOf)))

const live = (view: MedusaView): MedusaPayment[] =>
  view.payments.filter((one) => one.canceled_at === null)

const shownOn = (shown: readonly Shown[], one: MedusaPayment): Shown | undefined =>
  shown.find(({ session }) => session === one.payment_session_id)

const others = (
  view: MedusaView,
  shown: readonly Shown[],
  payment: PaymentId | null,
): MedusaPayment[] =>
  live(view).filter((one) => {
    const ours = shownOn(shown, one)
    if (ours === undefined) return true
    return ours.payment !== payment && (ours.settles || one.captures.length > 0)
  })

/**
 * Everything that Medusa says of the order a payment is for: whether it is open, what it asks of the
 * payment, and whether something else pays for it already. The one place where this is judged, for the
 * work and for the provider. Pure.
 *
 * @param shown the sessions of all of the order's payments of ours
 */
export function orderFacts(
  payment: Settling,
  shown: readonly Shown[],
  view: MedusaView | null,
): OrderFacts {
  if (view === null) return NOTHING
  const currency = view.currencyCode
  const own = live(view).filter((one) => shownOn(shown, one)?.payment === payment.id)
  const rest = others(view, shown, payment.id)
  const asks = leftOf(view, rest)
  const settled = own.some((one) => one.captures.length > 0)
  const settles = settledAmount(payment)
  const standsFor = settled ? sumOf(own.map(capturedNetOf)) : settles
  const captured = sumOf(live(view).map(capturedNetOf))
  return {
    order: view.order,
    covered: rest.length > 0 && isMore(standsFor, asks, currency),
    // What this payment settled stays settled: later changes of the order are not held against it.
    superseded: !settled && !view.sessions.some(({ id }) => isShown(shown, payment.id, id)),
    orderChanged:
      !settled &&
      (currency !== payment.currency_code ||
        // Authorized once, it may pay for a part of an order that costs more since, never for more.
        (own.length > 0 ? isMore(settles, asks, currency) : !sameStore(settles, asks, currency))),
    settled,
    captured: settled,
    overCaptured: settled && view.order === "open" && isMore(captured, view.total, currency),
    asks: `${asks} ${currency}`,
    placedAt: view.placedAt,
  }
}

const isShown = (shown: readonly Shown[], payment: PaymentId, session: SessionId): boolean =>
  shown.some((one) => one.payment === payment && one.session === session)
