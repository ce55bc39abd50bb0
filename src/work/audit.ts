import type { PaymentId, ProviderId } from "../domain/ids"
import { formatAmount } from "../domain/money"
import type { Reading } from "../domain/reading"
import { isMore, sameStore, sumOf } from "../domain/store-amount"
import type { Books } from "../store/books"
import { showing } from "../store/ledger"
import {
  type MedusaPayment,
  type MedusaView,
  capturedNetOf,
  capturedOf,
} from "../store/medusa-view"
import type { Shown } from "../store/order-facts"
import { type PaymentRow, holdsMoney, settledAmount, settlesOrder } from "../store/payment"
import { contradiction, type Contradiction } from "./contradiction-kinds"
import { nextStep, type Settling } from "./converge"
import { endOf, showsMoney, waitsForUs } from "./expire"

/** How long after its due time an order may still wait to be cancelled before that is a contradiction. */
export const CANCEL_SLACK_MS = 15 * 60_000

/** Medusa keeps a refund that its provider is being asked about, and takes it back when that refuses. */
const UNDER_WAY_MS = 2 * 60_000

/** What Kobbopay answered to the run's own read: a reading, that it knows no such payment, or nothing yet. */
export type ReadResult = Reading | "unknown" | null

/** What of a payment the audit goes by. */
type Audited = Settling &
  Pick<
    PaymentRow,
    "state" | "amount_fit" | "decimals" | "captured_at" | "window_ends_at" | "ended_at"
  >

export type Seen = {
  payment: Audited
  /** All payments of the same collection, the oldest first, this one among them. */
  payments: readonly Audited[]
  /** When the ledger learnt that the order was cancelled. */
  orderCancelledAt: Date | null
  readResult: ReadResult
  /** Null when Medusa has no such collection any more. */
  view: MedusaView | null
  /** The sessions that show the order's payments of ours. */
  shown: readonly Shown[]
  books: Books
  /** The account's provider, and what its options say. */
  provider: ProviderId
  captureOn: "paid" | "confirmed"
  cancelOrderAfterMs: number
  renewForMs: number
  now: Date
}

/**
 * Lists everything in which ledger, Kobbopay and Medusa contradict each other about a payment and its order:
 * what no other rule foresaw still ends where a person sees it. Pure. What is true of the order as a whole
 * is reported on its newest payment. Whether it still stands after another check is for the caller to find out;
 * a read that failed says nothing, and must not be brought here.
 */
export function audit(seen: Seen): Contradiction[] {
  return [
    seen.readResult === "unknown"
      ? contradiction(
          "unknown_at_kobbopay",
          { state: seen.payment.state },
          { readResult: "unknown" },
        )
      : null,
    capturedTooEarly(seen),
    capturedMore(seen),
    refundedWithoutSending(seen),
    releasedWithoutMoney(seen),
    notCaptured(seen),
    amountDiffers(seen),
    moneyInNothing(seen),
    cancelledUnnoticed(seen),
    stockHeld(seen),
    openWithoutPayment(seen),
  ].filter((found) => found !== null)
}

const isOf = (shown: readonly Shown[], id: PaymentId) => {
  const sessions = showing(shown, id)
  return (one: MedusaPayment) =>
    one.payment_session_id != null && sessions.includes(one.payment_session_id)
}

/** What Medusa booked on the sessions of this payment, decimal of the store currency; null: no Payment. */
function capturedHere({ view, shown, payment }: Seen): string | null {
  const own = (view?.payments ?? []).filter(isOf(shown, payment.id))
  return own.length === 0 ? null : sumOf(own.map((one) => capturedOf(one).toFixed()))
}

const isCaptured = (captured: string | null): captured is string =>
  captured !== null && Number(captured) > 0

function capturedTooEarly(seen: Seen): Contradiction | null {
  const { payment, captureOn } = seen
  const captured = capturedHere(seen)
  const isAllowed =
    payment.state === "confirmed" ||
    (payment.state === "paid" && captureOn === "paid") ||
    payment.accepted !== null
  if (!isCaptured(captured) || isAllowed) return null
  return contradiction(
    "captured_here_not_confirmed_there",
    { shown: "not captured", state: "confirmed" },
    { shown: `captured ${captured} ${payment.currency_code}`, state: payment.state },
  )
}

/** A cancelled order's money is `refund_owed` already, and so is what an order costs less since. */
function capturedMore(seen: Seen): Contradiction | null {
  const { view, payment, books } = seen
  if (view === null || view.order !== "open" || !isNewest(seen)) return null
  // What another provider captured too much is shown by that one, and by Medusa.
  const isOurs = (one: (typeof view.payments)[number]) =>
    seen.payments.some(({ id }) => isOf(seen.shown, id)(one)) && one.captures.length > 0
  if (!view.payments.some(isOurs)) return null
  const captured = sumOf(view.payments.map(capturedNetOf))
  if (!isMore(captured, view.total, view.currencyCode)) return null
  if (seen.payments.some((one) => hasException(books, one, ["refund_owed", "duplicate_payment"])))
    return null
  return contradiction(
    "captured_more_than_asked",
    { store_amount: `${view.total} ${view.currencyCode}` },
    { store_amount: `${captured} ${view.currencyCode}`, state: payment.state },
  )
}

const hasException = (books: Books, payment: Audited, classes: readonly string[]): boolean =>
  books.exceptions.some((one) => one.paymentId === payment.id && classes.includes(one.class))

/** Cancelling an order books a refund by itself: that one is `refund_owed`. */
function refundedWithoutSending({ view, shown, payment, books, now }: Seen): Contradiction | null {
  if (view === null || view.order !== "open") return null
  const unsent = view.payments
    .filter(isOf(shown, payment.id))
    .flatMap((one) => one.refunds)
    .filter(
      (refund) =>
        now.getTime() - refund.created_at.getTime() > UNDER_WAY_MS &&
        !books.sent.includes(refund.id) &&
        !books.sent.includes(refund.metadata?.kobbopay_refund_id ?? ""),
    )
  if (unsent.length === 0) return null
  const amount = sumOf(unsent.map((refund) => refund.amount))
  return contradiction(
    "refunded_without_sending",
    { shown: "no refund" },
    { shown: `refunded ${amount} ${view.currencyCode}`, state: payment.state },
  )
}

function releasedWithoutMoney(seen: Seen): Contradiction | null {
  const { view, payment, books } = seen
  if (view === null || !isNewest(seen) || !isMore(view.total, "0", view.currencyCode)) return null
  const live = view.payments.filter((one) => one.canceled_at === null)
  const isThere = (gate: string) =>
    live.some((one) => gate === "paid" || isCaptured(capturedOf(one).toFixed()))
  const units = books.released
    .filter(({ gate }) => !isThere(gate))
    .reduce((sum, one) => sum + one.units, 0)
  if (units === 0) return null
  return contradiction(
    "released_without_money",
    { shown: "held" },
    { shown: `${units} released`, state: payment.state, order: view.order },
  )
}

function notCaptured(seen: Seen): Contradiction | null {
  const { payment, view, shown, provider, now } = seen
  if (payment.state !== "confirmed" || payment.target !== "captured") return null
  if (view !== null && nextStep(payment, { provider, view, shown, now }).do === "nothing")
    return null
  const captured = capturedHere(seen)
  return contradiction(
    "paid_there_unpaid_here",
    { shown: "captured", state: payment.state },
    {
      shown: isCaptured(captured) ? "captured in part" : "not captured",
      state: payment.state,
      order: view?.order ?? "none",
    },
  )
}

function amountDiffers(seen: Seen): Contradiction | null {
  const { payment, readResult } = seen
  const captured = capturedHere(seen)
  const owed = settledAmount(payment)
  if (isCaptured(captured) && !sameStore(captured, owed, payment.currency_code)) {
    return contradiction("amount_differs", { store_amount: owed }, { store_amount: captured })
  }
  const expects = typeof readResult === "object" ? (readResult?.expectedMinor ?? null) : null
  if (expects === null || expects === payment.expected_minor) return null
  return contradiction(
    "amount_differs",
    { amount: formatAmount(payment.expected_minor, payment.decimals) },
    { amount: formatAmount(expects, payment.decimals) },
  )
}

function moneyInNothing({ payment, books }: Seen): Contradiction | null {
  const isMoving = settlesOrder(payment)
  if (!holdsMoney(payment) || isMoving || payment.captured_at !== null) return null
  if (books.exceptions.some((one) => one.paymentId === payment.id)) return null
  // Nothing was received, or Kobbopay has still to say whether it will be.
  if (payment.amount_fit === null) return null
  const received = payment.received_minor ?? payment.expected_minor
  return contradiction(
    "money_in_nothing",
    { shown: "captured, sent back, or an open exception" },
    { amount: formatAmount(received, payment.decimals), state: payment.state },
  )
}

/** What is true of the collection as a whole is reported once: on its newest payment. */
const isNewest = ({ payment, payments }: Seen): boolean => payments.at(-1)?.id === payment.id

function cancelledUnnoticed(seen: Seen): Contradiction | null {
  if (seen.view?.order !== "cancelled" || seen.orderCancelledAt !== null) return null
  if (!isNewest(seen)) return null
  return contradiction("order_cancelled_unnoticed", { order: "open" }, { order: "cancelled" })
}

function stockHeld(seen: Seen): Contradiction | null {
  if (seen.view?.order !== "cancelled" || !isNewest(seen) || seen.books.reservations === 0) {
    return null
  }
  return contradiction(
    "stock_held_for_nothing",
    { shown: "released" },
    { shown: `${seen.books.reservations} reservations`, order: "cancelled" },
  )
}

function openWithoutPayment(seen: Seen): Contradiction | null {
  const { view, payments, shown, now, books } = seen
  if (view === null || view.order !== "open" || view.isClosed || !isNewest(seen)) return null
  if (!isMore(view.total, "0", view.currencyCode) || showsMoney(view, shown)) return null
  const wait = waitsForUs(view, shown, now, seen.renewForMs)
  const isOver = (one: Audited) =>
    one.target === "order_cancelled" ||
    (one.target === "nothing" && (one.state === "expired" || one.state === "failed"))
  // What waits for another provider, or for nothing, does not wait for these payments.
  if (wait !== "yes" || !payments.every(isOver)) return null
  // A person said why it waits, or an exception tells them.
  if (books.settledElsewhere) return null
  if (books.exceptions.some((one) => payments.some(({ id }) => id === one.paymentId))) return null
  const due =
    Math.max(...payments.map((one) => endOf(one).getTime())) +
    seen.cancelOrderAfterMs +
    CANCEL_SLACK_MS
  if (now.getTime() < due) return null
  return contradiction(
    "order_open_payment_expired",
    { order: "cancelled", state: seen.payment.state },
    { order: "open", state: seen.payment.state },
  )
}
