import type { PaymentId } from "../../domain/ids"

/** A payment that waits for its money is read at once for whoever asks, this many times in a row. */
const BURST = 5
/** After that it is read no more often than this. */
const LEAST_PAUSE_MS = 1_000
const MOST_KEPT = 1_000

/**
 * How often this process has lately read payments that wait for their money: a limit on what strangers can
 * bring about. Nothing depends on it for its truth. Pure: times are milliseconds that are handed in.
 */
export class RecentReads {
  /** Until when the reads of a payment so far use up its burst. */
  readonly #spent = new Map<PaymentId, number>()

  /** Whether the payment may be read now; if so, it counts as read. */
  mayRead(payment: PaymentId, now: number): boolean {
    const known = this.#spent.get(payment) ?? now
    // A time that is far ahead comes of a clock that was wrong.
    const spent = known > now + BURST * LEAST_PAUSE_MS ? now : Math.max(now, known)
    if (spent + LEAST_PAUSE_MS > now + BURST * LEAST_PAUSE_MS) return false
    this.#spent.delete(payment)
    this.#spent.set(payment, spent + LEAST_PAUSE_MS)
    const [oldest] = this.#spent.keys()
    if (this.#spent.size > MOST_KEPT && oldest !== undefined) this.#spent.delete(oldest)
    return true
  }
}
