import type { PaymentRow } from "../store/payment"

/** Payments without money that one pass reads: a long row of them must not hold the place for long. */
const MOST_READS = 5
/** So many of them while an event waits, which goes first. */
const MOST_BESIDE_EVENTS = 1

type Readable = Pick<PaymentRow, "next_check_at" | "money_seen_at">

/**
 * Which of a collection's payments that are due are read in this pass: those with money, those for which an
 * event waits, and of the others those that are due for the longest. What is left stays due, and comes in a
 * later pass. Pure.
 */
export function dueReads<T extends Readable>(
  payments: readonly T[],
  hasEvent: (payment: T) => boolean,
  now: Date,
): ReadonlySet<T> {
  const due = payments
    .flatMap((payment) => {
      const at = payment.next_check_at
      return at !== null && at <= now ? [{ payment, at }] : []
    })
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ payment }) => payment)
  const isFirst = (payment: T) => payment.money_seen_at !== null || hasEvent(payment)
  const most = payments.some(hasEvent) ? MOST_BESIDE_EVENTS : MOST_READS
  const others = due.filter((payment) => !isFirst(payment)).slice(0, most)
  return new Set([...due.filter(isFirst), ...others])
}
