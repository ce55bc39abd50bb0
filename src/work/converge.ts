import type { CartId, ProviderId, SessionId } from "../domain/ids"
import { isMore, less, lesser, sameStore } from "../domain/store-amount"
import { showing } from "../store/ledger"
import { orderFacts, type Shown } from "../store/order-facts"
import { isMoneyGone, settledAmount, type PaymentRow } from "../store/payment"
import {
  capturedOf,
  type MedusaCapture,
  type MedusaPayment,
  type MedusaView,
} from "../store/medusa-view"
import { isWaiting } from "../domain/session-status"

/** What of a payment tells how it settles. */
export type Settling = Pick<
  PaymentRow,
  | "id"
  | "target"
  | "settled_session_id"
  | "accepted"
  | "accepted_amount"
  | "store_amount"
  | "currency_code"
  | "refunded_minor"
  | "written_off_minor"
  | "received_minor"
  | "expected_minor"
  | "money_seen_at"
>

/** What a payment's target is compared with. */
export type Surroundings = {
  /** The payment's account in Medusa. */
  provider: ProviderId
  view: MedusaView
  /** The sessions that show the order's payments of ours. */
  shown: readonly Shown[]
  now: Date
}

/** The one thing to do next so that Medusa shows a payment's target. */
export type Step =
  | { do: "nothing" }
  /** Nothing now, and nothing reached: the payment is about to be judged again. */
  | { do: "wait" }
  /** What Medusa shows has changed what the payment's money means: it has to be judged before it settles. */
  | { do: "judge" }
  /** Let a live session of the account show the payment, which none does. */
  | { do: "attach"; session: SessionId }
  | { do: "create_session"; amount: string }
  /** The session asks for another amount than the payment settles. */
  | { do: "resize"; session: SessionId; amount: string }
  /** Medusa left the collection's amount wrong: `amount` is what its cart or order really costs. */
  | { do: "correct_collection"; amount: string }
  /** `others`: waiting sessions of other providers, which Medusa would complete the cart by. */
  | { do: "complete_cart"; cart: CartId; others: SessionId[] }
  | { do: "authorize"; session: SessionId }
  /** `rest`: what is left to capture, decimal, where a part was captured before; else null. */
  | { do: "capture"; payment: string; rest: string | null }
  /** Captures that a process which died did not book on the order. */
  | { do: "book_captures"; captures: MedusaCapture[] }
  /** All its money went back before it was captured. */
  | { do: "cancel_payment"; payment: string }
  /** A capture whose process died between booking it and marking the payment: finish what it began. */
  | { do: "finish_capture"; payment: string }
  | { do: "blocked"; why: string }

/** A capture that Medusa booked but did not finish within this time has lost its process. */
const ABANDONED_CAPTURE_MS = 2 * 60_000

/**
 * Compares a payment's target with what Medusa shows. Pure: the worker runs the step, reads Medusa and asks
 * again, so a crash between two steps drops nothing and a step done by somebody else is not repeated. What
 * the order asks, and who else pays for it, is asked before each step that moves money.
 *
 * @param seen what Medusa shows of the payment's collection and order
 */
export function nextStep(payment: Settling, seen: Surroundings): Step {
  const { provider, view, shown, now } = seen
  // A Payment that was cancelled can never be captured, and its session makes no other.
  const over = view.payments.flatMap((one) =>
    one.canceled_at === null || one.payment_session_id === null ? [] : [one.payment_session_id],
  )
  const sessions = showing(shown, payment.id).filter((session) => !over.includes(session))
  const live = view.payments.find(
    (one) => one.payment_session_id !== null && sessions.includes(one.payment_session_id),
  )
  if (payment.target !== "authorized" && payment.target !== "captured") {
    // Authorized in Medusa, it would look paid, and keep another payment from paying the order.
    return live !== undefined && live.captures.length === 0 && isMoneyGone(payment)
      ? { do: "cancel_payment", payment: live.id }
      : { do: "nothing" }
  }
  if (view.order === "cancelled") return { do: "wait" }
  const { covered, orderChanged, settled } = orderFacts(payment, shown, view)
  if (!settled && (covered || orderChanged)) return { do: "judge" }
  if (live !== undefined && view.order !== "none") {
    return payment.target === "authorized" ? { do: "nothing" } : captureOf(payment, live, view, now)
  }
  if (live === undefined) {
    const present = view.sessions.filter((session) => sessions.includes(session.id))
    if (present.length === 0) return showOn(payment, provider, view)
    const amount = settledAmount(payment)
    const unlike = present.find(
      (session) => !sameStore(session.amount, amount, payment.currency_code),
    )
    if (unlike !== undefined) return { do: "resize", session: unlike.id, amount }
  }
  // Of an order of several collections each asks for a part, which nothing tells.
  if (view.collections === 1 && !sameStore(view.amount, view.total, view.currencyCode)) {
    return { do: "correct_collection", amount: view.total }
  }
  if (view.order === "none") {
    return view.cartId === null
      ? { do: "blocked", why: "the payment collection has neither cart nor order" }
      : { do: "complete_cart", cart: view.cartId, others: othersWaiting(provider, view) }
  }
  return authorizeOn(payment, view, sessions)
}

/** A cart is completed by its first session, so those of other providers have to go. */
const othersWaiting = (provider: ProviderId, view: MedusaView): SessionId[] =>
  view.sessions
    .filter((one) => one.provider_id !== provider && isWaiting(one.status))
    .map((one) => one.id)

/** Money settles through a session: a waiting one of the same account and amount, else a new one. */
function showOn(payment: Settling, provider: ProviderId, view: MedusaView): Step {
  const amount = settledAmount(payment)
  const booked = new Set(view.payments.map((one) => one.payment_session_id))
  const session = view.sessions.find(
    (one) =>
      one.provider_id === provider &&
      isWaiting(one.status) &&
      !booked.has(one.id) &&
      one.currency_code === payment.currency_code &&
      sameStore(one.amount, amount, payment.currency_code),
  )
  return session === undefined
    ? { do: "create_session", amount }
    : { do: "attach", session: session.id }
}

function authorizeOn(payment: Settling, view: MedusaView, sessions: readonly SessionId[]): Step {
  const present = view.sessions.filter((session) => sessions.includes(session.id))
  const session =
    present.find((one) => one.id === payment.settled_session_id) ??
    present.find((one) => one.status === "pending_authorization") ??
    present[0]
  return session === undefined
    ? { do: "blocked", why: "no payment session of the order shows this payment" }
    : { do: "authorize", session: session.id }
}

/**
 * Captured means all three: captures for all that the payment settles, the order's transactions, and, where
 * that is all of Medusa's payment, its mark. Never more than the payment settles: Medusa's own payment is
 * larger where its order has become cheaper since.
 */
function captureOf(
  { currency_code: currency, ...settling }: Settling,
  payment: MedusaPayment,
  view: MedusaView,
  now: Date,
): Step {
  const target = lesser(payment.amount, settledAmount(settling))
  const captured = capturedOf(payment).toFixed()
  const isWhole = !isMore(target, captured, currency)
  const isAll = sameStore(target, payment.amount, currency)
  const booked = new Set(
    view.transactions
      .filter((transaction) => transaction.reference === "capture")
      .map((transaction) => transaction.reference_id),
  )
  const unbooked = payment.captures.filter((capture) => !booked.has(capture.id))
  const isAbandoned = (capture: MedusaCapture) =>
    now.getTime() - capture.created_at.getTime() > ABANDONED_CAPTURE_MS
  const busy = { do: "blocked", why: "another process is capturing this payment" } as const
  const isMarked = payment.captured_at !== null
  if (!isMarked && unbooked.length > 0 && !(isWhole && isAll)) {
    // Medusa would book the rest's amount for each capture that is not booked yet.
    return unbooked.every(isAbandoned) ? { do: "book_captures", captures: unbooked } : busy
  }
  if (!isMarked && !isWhole) {
    const isPart = payment.captures.length > 0 || !isAll
    const rest = isPart ? less(target, captured) : null
    return { do: "capture", payment: payment.id, rest }
  }
  if (!isMarked && isAll) {
    return payment.captures.every(isAbandoned)
      ? { do: "finish_capture", payment: payment.id }
      : busy
  }
  return unbooked.length === 0
    ? { do: "nothing" }
    : { do: "capture", payment: payment.id, rest: null }
}
