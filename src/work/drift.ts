import { MathBN } from "@medusajs/framework/utils"
import { formatAmount } from "../kobbopay/money"
import type { ProviderId, SessionId } from "../kobbopay/ids"
import type { Reading } from "../kobbopay/reading"
import { settledAmount, type PaymentRow } from "../store/payment"
import { nextStep } from "./converge"
import { endOf, showsMoney, waitsForUs } from "./expire"
import { capturedOf, type MedusaView } from "../store/medusa-view"

/** Ways in which ledger, Kobbopay and Medusa's order may disagree; the gravest first. */
export const DRIFT_KINDS = [
  /** Kobbopay knows no payment of this id. */
  "unknown_at_kobbopay",
  /** Medusa shows it captured, and nothing in the ledger allows that. */
  "captured_here_not_confirmed_there",
  /** Confirmed, and to be captured, but Medusa does not show it. */
  "paid_there_unpaid_here",
  /** What was captured, or what Kobbopay expects, is not what was asked for. */
  "amount_differs",
  /** Medusa's order is cancelled, and the ledger was never told. */
  "order_cancelled_unnoticed",
  /** The order waits on although all its payments ended without money, and the grace is over. */
  "order_open_payment_expired",
] as const
export type DriftKind = (typeof DRIFT_KINDS)[number]

/** One disagreement, with what was to be expected and what was seen, as a merchant is shown it. */
export type Drift = {
  kind: DriftKind
  expected: Readonly<Record<string, string | null>>
  observed: Readonly<Record<string, string | null>>
}

/** How long after its due time an order may still wait to be cancelled before that is called drift. */
export const CANCEL_SLACK_MS = 15 * 60_000

/** What Kobbopay said to the run's own read: a reading, that it knows no such payment, or nothing yet. */
export type Said = Reading | "unknown" | null

export type Seen = {
  payment: PaymentRow
  /** All payments of the same collection, the oldest first, this one among them. */
  group: readonly PaymentRow[]
  /** When the ledger was told that the order was cancelled. */
  orderCancelledAt: Date | null
  said: Said
  /** Null when Medusa has no such collection any more. */
  view: MedusaView | null
  /** Medusa's sessions that show this payment, and those that show any of the group. */
  sessions: readonly SessionId[]
  groupSessions: ReadonlySet<SessionId>
  /** The account's provider, and what its options say. */
  provider: ProviderId
  captureOn: "paid" | "confirmed"
  cancelOrderAfterMs: number
  now: Date
}

/**
 * Compares what the ledger holds of a payment with what Kobbopay and Medusa show. Pure. Returns the
 * gravest disagreement, or null. Whether it still stands after a look is for the caller to find out; a
 * read that failed says nothing, and must not be brought here.
 */
export function driftOf(seen: Seen): Drift | null {
  if (seen.said === "unknown") {
    return drift("unknown_at_kobbopay", { state: seen.payment.state }, { said: "unknown" })
  }
  return (
    capturedTooEarly(seen) ??
    notCaptured(seen) ??
    amountDiffers(seen) ??
    cancelledUnnoticed(seen) ??
    openWithoutPayment(seen)
  )
}

const drift = (
  kind: DriftKind,
  expected: Drift["expected"],
  observed: Drift["observed"],
): Drift => ({
  kind,
  expected,
  observed,
})

/** What Medusa booked on the sessions of this payment, decimal of the store currency; null: no Payment. */
function capturedHere({ view, sessions }: Seen): string | null {
  const own = (view?.payments ?? []).filter(
    (one) => one.payment_session_id != null && sessions.includes(one.payment_session_id),
  )
  if (own.length === 0) return null
  return own.reduce((sum, one) => MathBN.add(sum, capturedOf(one)), MathBN.convert(0)).toFixed()
}

const isCaptured = (captured: string | null): captured is string =>
  captured !== null && MathBN.gt(captured, 0)

function capturedTooEarly(seen: Seen): Drift | null {
  const { payment, captureOn } = seen
  const captured = capturedHere(seen)
  const isAllowed =
    payment.state === "confirmed" ||
    (payment.state === "paid" && captureOn === "paid") ||
    payment.accepted !== null
  if (!isCaptured(captured) || isAllowed) return null
  return drift(
    "captured_here_not_confirmed_there",
    { shown: "not captured", state: "confirmed" },
    { shown: `captured ${captured} ${payment.currency_code}`, state: payment.state },
  )
}

function notCaptured(seen: Seen): Drift | null {
  const { payment, view, sessions, provider, now } = seen
  if (payment.state !== "confirmed" || payment.want !== "captured") return null
  if (view !== null && nextStep(payment, provider, view, sessions, now).do === "nothing")
    return null
  const captured = capturedHere(seen)
  return drift(
    "paid_there_unpaid_here",
    { shown: "captured", state: payment.state },
    {
      shown: isCaptured(captured) ? "captured in part" : "not captured",
      state: payment.state,
      order: view?.order ?? "none",
    },
  )
}

function amountDiffers(seen: Seen): Drift | null {
  const { payment, said } = seen
  const captured = capturedHere(seen)
  const owed = settledAmount(payment)
  if (isCaptured(captured) && !MathBN.eq(captured, owed)) {
    return drift("amount_differs", { store_amount: owed }, { store_amount: captured })
  }
  const expects = typeof said === "object" ? (said?.expectedMinor ?? null) : null
  if (expects === null || expects === payment.expected_minor) return null
  return drift(
    "amount_differs",
    { amount: formatAmount(payment.expected_minor, payment.decimals) },
    { amount: formatAmount(expects, payment.decimals) },
  )
}

/** What is true of the group as a whole is told once: on its newest payment. */
const isNewest = ({ payment, group }: Seen): boolean => group.at(-1)?.id === payment.id

function cancelledUnnoticed(seen: Seen): Drift | null {
  if (seen.view?.order !== "cancelled" || seen.orderCancelledAt !== null) return null
  if (!isNewest(seen)) return null
  return drift("order_cancelled_unnoticed", { order: "open" }, { order: "cancelled" })
}

function openWithoutPayment(seen: Seen): Drift | null {
  const { view, group, groupSessions, now } = seen
  if (view === null || view.order !== "open" || !isNewest(seen)) return null
  if (group.some((one) => one.want !== "order_cancelled")) return null
  if (showsMoney(view) || !waitsForUs(view, groupSessions)) return null
  const due =
    Math.max(...group.map((one) => endOf(one).getTime())) +
    seen.cancelOrderAfterMs +
    CANCEL_SLACK_MS
  if (now.getTime() < due) return null
  return drift(
    "order_open_payment_expired",
    { order: "cancelled", state: seen.payment.state },
    { order: "open", state: seen.payment.state },
  )
}
