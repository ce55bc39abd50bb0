import type { ExceptionClass } from "./exception-classes"
import { isEnough, type Fit } from "./fit"
import type { PaymentState, ReportedState } from "./reading"

/**
 * How much of what arrived was sent back or set aside by a person: nothing that matters; what was too much,
 * so that the rest fits; so much that the rest is too little; or all of it.
 */
export type Returned = "nothing" | "excess" | "short" | "all"

/**
 * What a person accepted about a payment: its amount (and all else that did not fit), or also that it is
 * not final.
 */
export type Acceptance = "amount" | "finality"

/** What Medusa should show of a payment. `nothing` asks for no change. */
export type Target = "nothing" | "authorized" | "captured" | "order_cancelled"

export type Policy = {
  authorizeOn: "paid" | "confirmed"
  captureOn: "paid" | "confirmed"
  latePayments: "review" | "accept"
}

export type Facts = {
  /** The payment's state in the ledger. */
  state: PaymentState
  /** The order placed from the payment's cart. */
  order: "none" | "open" | "cancelling" | "cancelled"
  /** Something else, of whatever provider, already pays for the same order. */
  covered: boolean
  /** The checkout shows another payment now, so this one has no session to settle on. */
  superseded: boolean
  /** Medusa shows this very payment as captured. */
  captured: boolean
  /** A person said that the money settles the order as it is; null: nobody did. */
  accepted: Acceptance | null
  returned: Returned
  /** The offer is over: its window, and the grace after it. */
  windowOver: boolean
  /** Enough money was first seen after the offer was over. */
  late: boolean
  /** A signed event reports money that the reads do not bear out. */
  reported: boolean
  /** Medusa shows more captured than the order costs. */
  overCaptured: boolean
  /** Money is there, but not confirmed, for longer than the account's `stuckAfter`. */
  stuck: boolean
  policy: Policy
}

type Observation = {
  reportedState: ReportedState
  fit: Fit
}

export type Decision = {
  state: PaymentState
  target: Target
  exceptions: ExceptionClass[]
}

type Edge = { state: PaymentState; exceptions: ExceptionClass[] }

const stay = (state: PaymentState, ...exceptions: ExceptionClass[]): Edge => ({ state, exceptions })
const hasMoney = (fit: Fit): boolean => fit.amount !== "none"

/** Full money moves on; too little is a partial payment whatever Kobbopay calls it. */
const withMoney = (state: "paid" | "confirmed", fit: Fit): Edge =>
  fit.amount === "under" ? stay("partial") : stay(state)

/** Money that came after the offer, and that a person has to take before it counts. */
const isLate = ({ state, late, policy, accepted }: Facts): boolean =>
  late &&
  (state === "creating" || state === "pending" || state === "partial") &&
  policy.latePayments === "review" &&
  accepted === null

/**
 * The transition table: what a state becomes when Kobbopay says something, and what contradicts it.
 * Nothing moves backwards; a read that disagrees with a state already reached is a contradiction for
 * a person, never a silent overwrite.
 */
function step(facts: Facts, { reportedState, fit }: Observation): Edge {
  const { state } = facts
  if (isLate(facts)) return stay("expired", "late_payment")
  switch (state) {
    case "creating":
    case "pending":
      return fromOpen(reportedState, fit)
    case "partial":
      if (reportedState === "failed") return stay("partial", "ambiguous_finality")
      if (reportedState === "paid" || reportedState === "confirmed")
        return withMoney(reportedState, fit)
      return reportedState === "expired" ? stay("expired") : stay("partial")
    case "paid":
      if (reportedState === "confirmed") return withMoneyKept(fit)
      if (reportedState === "paid" || (reportedState === "pending" && !facts.stuck))
        return stay("paid")
      return stay("paid", "ambiguous_finality")
    case "confirmed":
      return reportedState === "confirmed" || reportedState === "paid"
        ? stay("confirmed")
        : stay("confirmed", "ambiguous_finality")
    case "expired":
    case "failed":
      if (
        reportedState === "paid" ||
        reportedState === "confirmed" ||
        reportedState === "partial"
      ) {
        return facts.policy.latePayments === "accept"
          ? fromOpen(reportedState, fit)
          : stay(state, "late_payment")
      }
      // Money found on an ended payment is late, whatever word the read uses for its state.
      return isEnough(fit.amount) ? stay(state, "late_payment") : stay(state)
  }
}

/** Paid money stays paid: a Confirmed over less than was asked contradicts it. */
const withMoneyKept = (fit: Fit): Edge =>
  fit.amount === "under" ? stay("paid", "ambiguous_finality") : stay("confirmed")

function fromOpen(reportedState: ReportedState, fit: Fit): Edge {
  switch (reportedState) {
    case "pending":
      // Whatever came (on another rail, or within our tolerance but not Kobbopay's), a person must see it.
      return hasMoney(fit) ? stay("partial") : stay("pending")
    case "partial":
      return stay("partial")
    case "paid":
    case "confirmed":
      return withMoney(reportedState, fit)
    case "expired":
      return isEnough(fit.amount) ? stay("expired", "late_payment") : stay("expired")
    case "failed":
      return stay("failed")
  }
}

/** What a state asks of Medusa, before anything is held against the order. */
function targetOf(state: PaymentState, fit: Fit, policy: Policy): Target {
  switch (state) {
    case "paid":
      if (policy.captureOn === "paid") return "captured"
      return policy.authorizeOn === "paid" ? "authorized" : "nothing"
    case "confirmed":
      return "captured"
    case "expired":
    case "failed":
      return hasMoney(fit) ? "nothing" : "order_cancelled"
    default:
      return "nothing"
  }
}

/** What accepted money asks of Medusa: a person's word stands for the fit, and for finality if they said so. */
function acceptedTarget(
  accepted: Acceptance,
  state: PaymentState,
  reportedState: ReportedState,
  policy: Policy,
) {
  const isFinal = accepted === "finality" || state === "confirmed" || reportedState === "confirmed"
  if (isFinal || (reportedState === "paid" && policy.captureOn === "paid")) return "captured"
  return policy.authorizeOn === "paid" ? "authorized" : "nothing"
}

/** Reasons why money that is there may not settle the order; the first one that holds is the reason. */
function barrier(facts: Facts, state: PaymentState, fit: Fit): ExceptionClass[] {
  // A transfer that was seen and is gone: nothing to settle by, and for a while nothing to decide.
  if (state === "paid" && fit.amount === "none") return []
  if (facts.order === "cancelling" || facts.order === "cancelled") {
    return [facts.captured ? "refund_owed" : "order_cancelled"]
  }
  if (facts.covered) return ["duplicate_payment"]
  if (facts.captured && facts.overCaptured) return ["refund_owed"]
  // Accepted for what the order asked then; what it asks now has to be accepted again.
  const isChanged = fit.mismatches.includes("order_changed")
  if (facts.accepted !== null) return isChanged ? ["order_changed"] : []
  // By option, money after the end is as good as in time: the worker finds it a session of the order.
  if (facts.superseded && facts.policy.latePayments === "review") return ["superseded"]
  if (fit.mismatches.length > 0) return [...fit.mismatches]
  const isShort = facts.returned === "short" && !facts.captured
  if (state === "partial" || fit.amount === "under" || isShort) return ["underpaid"]
  if (fit.amount === "unknown" || fit.amount === "none") return ["amount_unknown"]
  return []
}

/**
 * What an observation makes of a payment: its new state, what Medusa should show, and the exceptions
 * that hold. Pure, and the only place where the rules of the lifecycle are written.
 *
 * The target is computed from facts (state, order, fit), not from the edge taken, so that deciding again
 * after a crash asks for the same thing.
 */
export function decide(facts: Facts, observation: Observation): Decision {
  const { reportedState, fit } = observation
  const { state, exceptions } = step(facts, observation)
  if (hasMoney(fit) && facts.returned === "all") return sentBack(facts, state)
  const found = new Set<ExceptionClass>(exceptions)
  const accepted = hasMoney(fit) ? facts.accepted : null
  let target: Target =
    accepted === null
      ? targetOf(state, fit, facts.policy)
      : acceptedTarget(accepted, state, reportedState, facts.policy)
  // What a read takes back asks nothing of the order until a person, or a later read, says so.
  const isGone = state === "paid" && fit.amount === "none"
  if ((found.has("ambiguous_finality") || isGone) && accepted === null) target = "nothing"
  // A signed report of money outweighs reads that cannot see it, as long as nobody looked at it.
  if (facts.reported && target === "order_cancelled") target = "nothing"

  const settles = state === "paid" || state === "confirmed" || accepted !== null
  if (settles || state === "partial") {
    if (accepted !== null) found.delete("late_payment")
    if (accepted === "amount" && reportedState === "failed") found.add("ambiguous_finality")
    for (const reason of barrier({ ...facts, accepted }, state, fit)) {
      found.add(reason)
      target = "nothing"
    }
    // What Medusa shows as captured is not taken back by what comes after it.
    if (facts.captured && facts.order === "open") target = "captured"
    const isOver = fit.amount === "over" && facts.returned === "nothing"
    if (settles && target !== "nothing" && isOver) found.add("overpaid")
  } else if ((state === "expired" || state === "failed") && hasMoney(fit)) {
    // The order's end comes first: it tells the merchant the most about what can still be done.
    const [reason] = barrier({ ...facts, superseded: false }, state, { ...fit, mismatches: [] })
    if (reason === "order_cancelled" || reason === "duplicate_payment") {
      found.delete("late_payment")
      found.add(reason)
    } else if (!found.has("late_payment")) {
      found.add(fit.amount === "under" ? "underpaid" : "late_payment")
    }
  }
  if (accepted === null && target === "nothing" && hasMoney(fit) && state !== "pending") {
    // Whatever else keeps it: whoever pays it back must know that some of it came on another rail.
    for (const mismatch of fit.mismatches) if (mismatch !== "order_changed") found.add(mismatch)
  }
  // Late money keeps its payment ended, so there only the read tells that nothing is waited for any more.
  const isFinal = state === "confirmed" || (reportedState === "confirmed" && state !== "partial")
  const isStuck = facts.stuck && target !== "captured" && !isFinal
  if (isStuck && hasMoney(fit)) found.add("stuck")
  return { state, target, exceptions: [...found] }
}

/**
 * All the money went back, or was set aside: it settles nothing new, nobody needs to look at it, and once
 * the offer is over the order has nothing to wait for any more.
 */
function sentBack(facts: Facts, state: PaymentState): Decision {
  if (facts.captured) {
    return { state, target: facts.order === "open" ? "captured" : "nothing", exceptions: [] }
  }
  const isOver = state === "expired" || state === "failed" || facts.windowOver
  const waits = isOver && !facts.reported && !facts.covered
  return { state, target: waits ? "order_cancelled" : "nothing", exceptions: [] }
}
