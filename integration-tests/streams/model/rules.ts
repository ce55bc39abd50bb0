import type { Rules } from "../../../src/domain/rules"
import type { Truth } from "./truth"

const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** Longer than all calms of a stream together: only a `wait`, and the end, is this long. */
const STUCK_MS = 150 * HOUR
const PATIENCE_MS = 15 * MINUTE
const NEVER_LATE_MS = 10 * 365 * 24 * HOUR
/** How old a payment becomes that is closed though Kobbopay still calls it pending. */
export const CLOSE_PENDING_MS = 200 * HOUR

/** The account's rules in a stream. */
export const rulesOf = ({ profile, policy, lenient }: Truth): Rules => ({
  policy,
  required: profile === "invoice" ? { amount: true, asset: true } : { amount: false, asset: false },
  readableStates: new Set(
    profile === "invoice"
      ? ["pending", "paid", "confirmed", "failed"]
      : ["pending", "paid", "confirmed", "expired"],
  ),
  tolerance: (expected) => ({
    underMinor: lenient ? expected / 100n : 0n,
    overMinor: expected / 100n,
  }),
  stuckAfterMs: STUCK_MS,
  closePendingAfterMs: CLOSE_PENDING_MS,
  // A stream's hours pass freely, so no money is late by the clock in it.
  graceMs: NEVER_LATE_MS,
  patienceMs: PATIENCE_MS,
  watchForMs: 365 * 24 * HOUR,
})
