import { BigNumber } from "bignumber.js"

/**
 * What Medusa books of a refund: a decimal string of the store currency, or null when
 * it books nothing, because it only sends back what was never captured. Money that was too much goes first.
 * Parts add up: however it is divided, sending back everything refunds exactly what was captured.
 *
 * Amounts ending in `Minor` are minor units of the asset.
 */
export function bookedAmountOf(refund: {
  amountMinor: bigint
  receivedMinor: bigint
  expectedMinor: bigint
  /** Earlier refunds of the payment. */
  refundedMinor: bigint
  /** What Medusa captured of it, and what earlier refunds booked of that: decimal strings. */
  captured: string
  bookedBefore: string
  /** Fraction digits of the store currency. */
  storeDecimals: number
}): string | null {
  const { amountMinor, receivedMinor, expectedMinor, refundedMinor } = refund
  const kept = receivedMinor < expectedMinor ? receivedMinor : expectedMinor
  if (kept <= 0n) return null
  const beyondExcess = refundedMinor + amountMinor - (receivedMinor - kept)
  if (beyondExcess <= 0n) return null
  const cumulated =
    beyondExcess >= kept
      ? BigNumber(refund.captured)
      : BigNumber(refund.captured)
          .shiftedBy(refund.storeDecimals)
          .times(beyondExcess.toString())
          .idiv(kept.toString())
          .shiftedBy(-refund.storeDecimals)
  const part = cumulated.minus(refund.bookedBefore)
  return part.gt(0) ? part.toFixed() : null
}
