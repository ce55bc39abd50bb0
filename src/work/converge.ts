import { MathBN } from "@medusajs/framework/utils"
import type { CartId, ProviderId, SessionId } from "../kobbopay/ids"
import { isPaidBack, settledAmount, type PaymentRow } from "../store/payment"
import { sameAmount } from "./medusa"
import {
  capturedOf,
  type MedusaCapture,
  type MedusaPayment,
  type MedusaView,
} from "../store/medusa-view"

/** What of a payment tells how it settles. */
export type Settling = Pick<
  PaymentRow,
  | "want"
  | "settled_session_id"
  | "accepted"
  | "accepted_amount"
  | "store_amount"
  | "currency_code"
  | "paid_back_minor"
  | "received_minor"
  | "expected_minor"
>

/** The one thing to do next so that Medusa shows what a payment wants. */
export type Step =
  | { do: "nothing" }
  /** Nothing now, and nothing reached: what is wanted is about to be judged anew. */
  | { do: "wait" }
  /** Let a live session of the account show the payment, which none does. */
  | { do: "attach"; session: SessionId }
  | { do: "create_session"; amount: string }
  /** The session asks for another amount than a person accepted the payment for. */
  | { do: "resize"; session: SessionId; amount: string }
  | { do: "complete_cart"; cart: CartId }
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
 * Compares what is wanted with what Medusa shows. Pure: the work runs the step, looks again and asks
 * anew, so a crash between two steps drops nothing and a step done by somebody else is not repeated.
 * `sessions` are the Medusa sessions that show the payment; `provider` is its account's.
 */
export function nextStep(
  payment: Settling,
  provider: ProviderId,
  view: MedusaView,
  sessions: readonly SessionId[],
  now: Date,
): Step {
  const mine = view.payments.filter(
    (one) => one.payment_session_id != null && sessions.includes(one.payment_session_id),
  )
  const live = mine.find((one) => one.canceled_at === null)
  if (payment.want !== "authorized" && payment.want !== "captured") {
    // Authorized in Medusa, it would look paid, and keep another payment from paying the order.
    return live !== undefined && live.captures.length === 0 && isPaidBack(payment)
      ? { do: "cancel_payment", payment: live.id }
      : { do: "nothing" }
  }
  if (view.order === "cancelled") return { do: "wait" }
  if (live !== undefined && view.order !== "none") {
    return payment.want === "authorized" ? { do: "nothing" } : captureOf(live, view, now)
  }
  if (mine.length === 0) {
    const showing = view.sessions.filter((session) => sessions.includes(session.id))
    if (showing.length === 0) return showOn(payment, provider, view)
    const amount = settledAmount(payment)
    const unlike = showing.find((session) => !sameAmount(session.amount, amount))
    if (unlike !== undefined && payment.accepted !== null) {
      return { do: "resize", session: unlike.id, amount }
    }
  }
  if (view.order === "none") {
    return view.cartId === null
      ? { do: "blocked", why: "the payment collection has neither cart nor order" }
      : { do: "complete_cart", cart: view.cartId }
  }
  return mine.length > 0
    ? { do: "blocked", why: "Medusa's payment was cancelled and can never be captured" }
    : authorizeOn(payment, view, sessions)
}

const WAITING: ReadonlySet<string> = new Set(["pending", "requires_more", "pending_authorization"])

/** Money settles through a session: a waiting one of the same account and amount, else a new one. */
function showOn(payment: Settling, provider: ProviderId, view: MedusaView): Step {
  const amount = settledAmount(payment)
  const booked = new Set(view.payments.map((one) => one.payment_session_id))
  const session = view.sessions.find(
    (one) =>
      one.provider_id === provider &&
      WAITING.has(one.status) &&
      !booked.has(one.id) &&
      one.currency_code === payment.currency_code &&
      sameAmount(one.amount, amount),
  )
  return session === undefined
    ? { do: "create_session", amount }
    : { do: "attach", session: session.id }
}

function authorizeOn(payment: Settling, view: MedusaView, sessions: readonly SessionId[]): Step {
  const showing = view.sessions.filter((session) => sessions.includes(session.id))
  const session =
    showing.find((one) => one.id === payment.settled_session_id) ??
    showing.find((one) => one.status === "pending_authorization") ??
    showing[0]
  return session === undefined
    ? { do: "blocked", why: "no payment session of the order shows this payment" }
    : { do: "authorize", session: session.id }
}

/** Captured means all three: the payment's mark, captures for all of it, and the order's transactions. */
function captureOf(payment: MedusaPayment, view: MedusaView, now: Date): Step {
  const captured = capturedOf(payment)
  const isWhole = MathBN.gte(captured, payment.amount)
  const booked = new Set(
    view.transactions
      .filter((transaction) => transaction.reference === "capture")
      .map((transaction) => transaction.reference_id),
  )
  const unbooked = payment.captures.filter((capture) => !booked.has(capture.id))
  const isAbandoned = (capture: MedusaCapture) =>
    now.getTime() - capture.created_at.getTime() > ABANDONED_CAPTURE_MS
  const busy = { do: "blocked", why: "another process is capturing this payment" } as const
  if (payment.captured_at === null && !isWhole && unbooked.length > 0) {
    // Medusa would book the rest's amount for each capture that is not booked yet.
    return unbooked.every(isAbandoned) ? { do: "book_captures", captures: unbooked } : busy
  }
  if (payment.captured_at === null && !isWhole) {
    const rest = MathBN.sub(payment.amount, captured).toFixed()
    return { do: "capture", payment: payment.id, rest: payment.captures.length > 0 ? rest : null }
  }
  if (payment.captured_at === null) {
    return payment.captures.every(isAbandoned)
      ? { do: "finish_capture", payment: payment.id }
      : busy
  }
  return unbooked.length === 0
    ? { do: "nothing" }
    : { do: "capture", payment: payment.id, rest: null }
}
