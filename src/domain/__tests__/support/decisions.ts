import type { Fit } from "../../fit"
import type { Decision, Facts } from "../../lifecycle"
import type { ReportedState } from "../../reading"

/** Every state that a read can report. */
export const REPORTED_STATES: readonly ReportedState[] = [
  "pending",
  "partial",
  "paid",
  "confirmed",
  "expired",
  "failed",
]
/** Every way in which an amount can fit. */
export const AMOUNTS: readonly Fit["amount"][] = ["none", "under", "fits", "over", "unknown"]

/** The policies that differ in what becomes of late payments. */
export const REVIEW = {
  authorizeOn: "paid",
  captureOn: "confirmed",
  latePayments: "review",
} as const
export const ACCEPT = { ...REVIEW, latePayments: "accept" } as const

/** A pending payment of an open order, of which nothing was seen. */
export const facts = (change: Partial<Facts> = {}): Facts => ({
  state: "pending",
  order: "open",
  covered: false,
  superseded: false,
  captured: false,
  accepted: null,
  returned: "nothing",
  windowOver: false,
  late: false,
  reported: false,
  overCaptured: false,
  stuck: false,
  policy: REVIEW,
  ...change,
})
/** How money fits, and what about it does not. */
export const fit = (amount: Fit["amount"], ...mismatches: Fit["mismatches"]): Fit => ({
  amount,
  mismatches,
})

/** "state targets what: exceptions", the way the design's table is written. */
export const words = ({ state, target, exceptions }: Decision): string =>
  [`${state} targets ${target}`, ...[...exceptions].sort()].join(" + ")
