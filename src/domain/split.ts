/** What decides where the money of a payment is. Amounts in minor units of the asset. */
export type Fate = {
  /** All that arrived; null when the reads say nothing of amounts. */
  receivedMinor: bigint | null
  /** The most that a capture stands for; null: all that arrived, for it fits or was accepted. */
  settlesMinor: bigint | null
  /** The sum of recorded refunds. */
  refundedMinor: bigint
  /** Medusa shows the payment as captured. */
  isCaptured: boolean
  /** An exception about the payment is open. */
  hasOpenException: boolean
  /** A person closed an exception about the payment. */
  wasSetAside: boolean
}

/** Where the money of a payment is: the parts add up to `receivedMinor`. Minor units of the asset. */
export type Split = {
  receivedMinor: bigint
  /** Settles an order, and was not refunded. */
  capturedMinor: bigint
  /** A person has yet to decide about it. */
  inOpenExceptionsMinor: bigint
  /** Sent back, as recorded. What was sent back beyond what arrived is not counted. */
  refundedMinor: bigint
  /** Set aside by a person, without a capture or a refund. */
  writtenOffMinor: bigint
  /** Seen, and on its way to being captured. */
  inFlightMinor: bigint
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/**
 * Divides what arrived on a payment by where it is now. A refund takes from what is not captured first:
 * what was too much is sent back before what paid for the order. Pure; the one place of this arithmetic.
 */
export function splitOf(fate: Fate): Split {
  const receivedMinor = fate.receivedMinor ?? 0n
  const counted = least(receivedMinor, fate.settlesMinor ?? receivedMinor)
  const settled = fate.isCaptured ? counted : 0n
  const refundedMinor = least(receivedMinor, fate.refundedMinor)
  const rest = receivedMinor - settled
  const backOfRest = least(rest, refundedMinor)
  const left = rest - backOfRest
  const where = fate.hasOpenException ? "open" : fate.wasSetAside ? "aside" : "moving"
  return {
    receivedMinor,
    capturedMinor: settled - (refundedMinor - backOfRest),
    inOpenExceptionsMinor: where === "open" ? left : 0n,
    refundedMinor,
    writtenOffMinor: where === "aside" ? left : 0n,
    inFlightMinor: where === "moving" ? left : 0n,
  }
}
