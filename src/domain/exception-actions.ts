import type { ExceptionClass } from "./exception-classes"
import type { Acceptance } from "./lifecycle"

/** What a person can do about an exception. `apply` is accepting a payment that the checkout has superseded. */
export type ExceptionAction = "accept" | "apply" | "refund" | "dismiss"

/** The codes by which a person sets an exception aside without moving money. */
export const DISMISSALS = ["written_off", "settled_elsewhere", "not_ours", "no_action"] as const
export type Dismissal = (typeof DISMISSALS)[number]

/** Accepting these says that the money counts as it is. */
const ABOUT_FIT: readonly ExceptionClass[] = [
  "underpaid",
  "overpaid",
  "amount_unknown",
  "rail_mismatch",
  "reference_mismatch",
  "order_changed",
  "superseded",
  "late_payment",
  "duplicate_transfer",
]
/** Accepting these says, too, that it counts although Kobbopay does not call it final. */
const ABOUT_FINALITY: readonly ExceptionClass[] = ["stuck", "ambiguous_finality"]

/** Classes about money that is there: sending it all back answers them. */
export const MONEY_CLASSES: readonly ExceptionClass[] = [
  ...ABOUT_FIT,
  ...ABOUT_FINALITY,
  "order_cancelled",
  "refund_owed",
  "duplicate_payment",
  "completion_failed",
]

/** Work that does not end may hold money, too, which can be sent back. */
const MAY_GO_BACK: readonly ExceptionClass[] = [...MONEY_CLASSES, "dead"]

/** Classes of money that would settle an order if it only could: set aside, it is to settle nothing any more. */
const ABOUT_WAITING: readonly ExceptionClass[] = [
  "stuck",
  "completion_failed",
  "unreadable",
  "dead",
  "drift",
]

/** Classes that may stand because a signed report of money was never borne out. */
const ABOUT_REPORTS: readonly ExceptionClass[] = ["ambiguous_finality", "unreadable", "drift"]

const isAmong = (classes: readonly string[], found: string): boolean => classes.includes(found)

export const isAboutMoney = (found: string): boolean => isAmong(MONEY_CLASSES, found)
export const isAboutWaiting = (found: string): boolean => isAmong(ABOUT_WAITING, found)
export const isAboutReports = (found: string): boolean => isAmong(ABOUT_REPORTS, found)

/** What accepting an exception of the class says of its money; null where it can say nothing. */
export function acceptanceOf(found: string): Acceptance | null {
  if (isAmong(ABOUT_FINALITY, found)) return "finality"
  return isAmong(ABOUT_FIT, found) ? "amount" : null
}

/** Classes that are answered by what was accepted. */
export const answeredBy = (accepted: Acceptance): readonly ExceptionClass[] =>
  accepted === "finality" ? [...ABOUT_FIT, ...ABOUT_FINALITY] : ABOUT_FIT

export const canBeApplied = (found: string): boolean => found === "superseded"

/**
 * What a person can do about an exception, the most usual first: the rule behind the admin's buttons.
 * Each action begins with a check, and may still be refused with the reason.
 */
export function actionsFor(found: {
  class: string
  state: "open" | "closed"
  /** Null where the exception is about a payment that the ledger does not know. */
  payment: {
    /** The order is cancelled: nothing can settle it any more. */
    orderIsOver: boolean
    /** What can still be sent back, minor units of the asset. */
    leftMinor: bigint
  } | null
}): ExceptionAction[] {
  if (found.state === "closed") return []
  const { payment } = found
  const actions: ExceptionAction[] = []
  if (payment !== null && payment.leftMinor > 0n) {
    if (acceptanceOf(found.class) !== null && !payment.orderIsOver) {
      actions.push(canBeApplied(found.class) ? "apply" : "accept")
    }
    if (isAmong(MAY_GO_BACK, found.class)) actions.push("refund")
  }
  return [...actions, "dismiss"]
}
