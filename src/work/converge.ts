import { MathBN } from "@medusajs/framework/utils"
import type { CartId, SessionId } from "../kobbopay/ids"
import type { Want } from "../kobbopay/lifecycle"
import type { MedusaPayment, MedusaView } from "./medusa"

/** The one thing to do next so that Medusa shows what a payment wants. */
export type Step =
  | { do: "nothing" }
  | { do: "complete_cart"; cart: CartId }
  | { do: "authorize"; session: SessionId }
  | { do: "capture"; payment: string }
  /** A capture whose process died between booking it and marking the payment: finish what it began. */
  | { do: "finish_capture"; payment: string }
  | { do: "blocked"; why: string }

/** A capture that Medusa booked but did not finish within this time has lost its process. */
const ABANDONED_CAPTURE_MS = 2 * 60_000

/**
 * Compares what is wanted with what Medusa shows. Pure: the work runs the step, looks again and asks
 * anew, so a crash between two steps drops nothing and a step done by somebody else is not repeated.
 * `sessions` are the Medusa sessions that show the payment.
 */
export function nextStep(
  want: Want,
  view: MedusaView,
  sessions: readonly SessionId[],
  now: Date,
): Step {
  if (want !== "authorized" && want !== "captured") return { do: "nothing" }
  if (view.order === "none") {
    return view.cartId === null
      ? { do: "blocked", why: "the payment collection has neither cart nor order" }
      : { do: "complete_cart", cart: view.cartId }
  }
  const mine = view.payments.filter(
    (payment) =>
      payment.payment_session_id != null && sessions.includes(payment.payment_session_id),
  )
  const live = mine.find((payment) => payment.canceled_at === null)
  if (live === undefined) {
    if (mine.length > 0) {
      return { do: "blocked", why: "Medusa's payment was cancelled and can never be captured" }
    }
    const session = view.sessions.find((candidate) => sessions.includes(candidate.id))
    return session === undefined
      ? { do: "blocked", why: "no payment session of the order shows this payment" }
      : { do: "authorize", session: session.id }
  }
  if (want === "authorized" || isCaptured(live, view)) return { do: "nothing" }
  if (live.captured_at !== null || !isFullyBooked(live)) return { do: "capture", payment: live.id }
  return live.captures.every(
    (one) => now.getTime() - one.created_at.getTime() > ABANDONED_CAPTURE_MS,
  )
    ? { do: "finish_capture", payment: live.id }
    : { do: "blocked", why: "another process is capturing this payment" }
}

const isFullyBooked = (payment: MedusaPayment): boolean =>
  MathBN.gte(
    payment.captures.reduce(
      (sum, capture) => MathBN.add(sum, capture.raw_amount),
      MathBN.convert(0),
    ),
    payment.raw_amount,
  )

/** Captured means all three: the payment's mark, captures for all of it, and the order's transactions. */
function isCaptured(payment: MedusaPayment, view: MedusaView): boolean {
  const booked = new Set(
    view.transactions
      .filter((transaction) => transaction.reference === "capture")
      .map((transaction) => transaction.reference_id),
  )
  return (
    payment.captured_at !== null &&
    isFullyBooked(payment) &&
    payment.captures.every((capture) => booked.has(capture.id))
  )
}
