import { BigNumber } from "bignumber.js"

/**
 * What part of a pay-back is a refund of the order: a decimal string of the store currency, or null when
 * none of it is, because it only sends back what was never captured. Money that was too much goes first.
 * Parts add up: however it is divided, sending back everything refunds exactly what was captured.
 *
 * Amounts ending in `Minor` are minor units of the asset.
 */
export function refundOf(payBack: {
  amountMinor: bigint
  receivedMinor: bigint
  expectedMinor: bigint
  /** Earlier pay-backs of the payment. */
  paidBackMinor: bigint
  /** What Medusa captured of it, and what of that was refunded by earlier pay-backs: decimal strings. */
  captured: string
  refunded: string
  /** Fraction digits of the store currency. */
  storeDecimals: number
}): string | null {
  const { amountMinor, receivedMinor, expectedMinor, paidBackMinor } = payBack
  const kept = receivedMinor < expectedMinor ? receivedMinor : expectedMinor
  if (kept <= 0n) return null
  const beyondExcess = paidBackMinor + amountMinor - (receivedMinor - kept)
  if (beyondExcess <= 0n) return null
  const cumulated =
    beyondExcess >= kept
      ? BigNumber(payBack.captured)
      : BigNumber(payBack.captured)
          .shiftedBy(payBack.storeDecimals)
          .times(beyondExcess.toString())
          .idiv(kept.toString())
          .shiftedBy(-payBack.storeDecimals)
  const refund = cumulated.minus(payBack.refunded)
  return refund.gt(0) ? refund.toFixed() : null
}
