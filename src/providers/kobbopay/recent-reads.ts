import type { PaymentId } from "../../kobbopay/ids"

/** A payment that waits for its money is read for anybody who asks, but no more often than this. */
const LEAST_PAUSE_MS = 1_000
const MOST_KEPT = 1_000

/**
 * When this process last read payments that wait for their money, for a limit on what strangers can bring
 * about; nothing depends on it for its truth. Pure: times are milliseconds that are handed in.
 */
export class RecentReads {
  readonly #at = new Map<PaymentId, number>()

  /** Whether the payment may be read now; if so, it counts as read. */
  mayRead(payment: PaymentId, now: number): boolean {
    const before = this.#at.get(payment)
    // A time that is to come was stamped by a clock that was wrong.
    if (before !== undefined && before <= now && now - before < LEAST_PAUSE_MS) return false
    this.#at.delete(payment)
    this.#at.set(payment, now)
    const [oldest] = this.#at.keys()
    if (this.#at.size > MOST_KEPT && oldest !== undefined) this.#at.delete(oldest)
    return true
  }
}
