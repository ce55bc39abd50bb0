import type { PaymentSessionStatus } from "@medusajs/framework/types"
import type { AccountOptions } from "../../kobbopay/options"
import { settledAmount, settlesOrder, type PaymentRow } from "../../store/payment"
import type { MedusaSession } from "../../store/sessions"
import { isPlaced } from "../../domain/session-status"
import { isMore, sameStore } from "../../domain/store-amount"
import type { Refreshed } from "./own-read"
import { notAllowed } from "./refusals"

/**
 * What Medusa is answered when it asks for authorization. A placed order is never answered `canceled` or
 * `error`: that would end its only session while its address can still be paid.
 *
 * @throws MedusaError, on an order not placed yet, when this payment can no longer pay for it
 */
export function authorizationStatus(
  { payment, facts }: Refreshed,
  session: MedusaSession,
  options: Pick<AccountOptions, "placeOrder">,
  now: Date,
): PaymentSessionStatus {
  if (facts.order === "cancelled") {
    throw notAllowed("This order was cancelled, so it cannot be paid for any more.")
  }
  // What Medusa books is the session's amount.
  const isUnlike =
    !sameStore(session.session_amount, settledAmount(payment), payment.currency_code) ||
    session.session_currency !== payment.currency_code
  if (facts.orderChanged || isUnlike) {
    throw notAllowed(
      "The order's amount changed after this payment was made. Choose the payment method again to pay the new amount.",
    )
  }
  if (settlesOrder(payment)) return "authorized"
  if (isPlaced(session.status)) return "pending_authorization"
  if (payment.address === null) throw notAllowed("This payment is not ready. Choose it again.")
  const over =
    payment.state === "expired" ||
    payment.state === "failed" ||
    (payment.state === "pending" && payment.window_ends_at <= now)
  if (over) {
    throw notAllowed(
      "The time to pay is over. Choose the payment method again to get a new address; do not pay to the old one.",
    )
  }
  return options.placeOrder === "after-payment" ? "pending" : "pending_authorization"
}

/**
 * A capture is booked only when the lifecycle asks for it, and for no more than the payment settles.
 *
 * @param captured what Medusa's captures come to, the one under way included: decimal, store currency
 * @throws MedusaError, in words for the merchant
 */
export function mustBeCapturable(payment: PaymentRow, captured: string): void {
  if (payment.target !== "captured") throw notAllowed(whyNotCaptured(payment))
  const settles = settledAmount(payment)
  if (isMore(captured, settles, payment.currency_code)) {
    throw notAllowed(
      `Nothing was captured: Kobbopay payment ${payment.id} settles ${settles} ${payment.currency_code} of this order, not ${captured}. It is captured by itself.`,
    )
  }
}

/** Why a capture is refused, for the merchant: what is the matter and what to do. */
function whyNotCaptured(payment: PaymentRow): string {
  switch (payment.state) {
    case "creating":
    case "pending":
      return `Nothing was captured: no money was seen yet for Kobbopay payment ${payment.id}. It is captured by itself once Kobbopay confirms it.`
    case "paid":
      return `Nothing was captured: Kobbopay has seen payment ${payment.id} but not confirmed it. It is captured by itself once confirmed; if it needs a decision, its open exception says which.`
    case "partial":
      return `Nothing was captured: only a part of Kobbopay payment ${payment.id} arrived. See its open exception.`
    default:
      return `Nothing was captured: Kobbopay payment ${payment.id} is ${payment.state} and does not settle this order. See its open exception.`
  }
}
