import type { Policy } from "./lifecycle"
import type { Required } from "./observation"
import type { ReportedState } from "./reading"

/** What an account and its profile say of judging a read. */
export type Rules = {
  policy: Policy
  required: Required
  /** The states that reads of this profile can express. */
  readableStates: ReadonlySet<ReportedState>
  /** Minor units of the asset by which what arrives may fall short of, or exceed, what was asked. */
  tolerance: (expectedMinor: bigint, decimals: number) => { underMinor: bigint; overMinor: bigint }
  stuckAfterMs: number
  closePendingAfterMs: number
  /** How long after its window a payment may still be paid, before its order is cancelled. */
  graceMs: number
  /** How long a signed report may be ahead of the reads before it is an exception. */
  patienceMs: number
  watchForMs: number
}
