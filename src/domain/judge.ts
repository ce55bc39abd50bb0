import { isEnough, wasEnough, type Fit } from "./fit"
import type { ExceptionClass } from "./exception-classes"
import {
  decide,
  type Acceptance,
  type Decision,
  type Facts,
  type Returned,
  type Target,
} from "./lifecycle"
import {
  counts,
  fitOf,
  compareReport,
  isTakenBack,
  judgedMinor,
  mergeTransfers,
  receivedMinor,
  reportsMoney,
  type ExpectedPayment,
  type KnownTransfer,
  type Report,
} from "./observation"
import type { EventRowId } from "./ids"
import type { PaymentState, Reading, ReportedState } from "./reading"
import type { Rules } from "./rules"

/** What the ledger knows of a payment when a read of it is judged. Amounts in minor units of the asset. */
export type Known = Pick<
  ExpectedPayment,
  "asset" | "network" | "token" | "reference" | "expectedMinor"
> & {
  decimals: number
  state: PaymentState
  target: Target
  receivedMinor: bigint | null
  refundedMinor: bigint
  /** What of the money a person set aside. */
  writtenOffMinor: bigint
  transfers: readonly KnownTransfer[]
  /** How the money seen so far compared with what was asked; null while none was seen. */
  amountFit: Exclude<Fit["amount"], "none"> | null
  /** What a person accepted about it, and over how much money that was there; null: nothing. */
  accepted: { what: Acceptance; minor: bigint | null } | null
  createdAt: Date
  moneySeenAt: Date | null
  confirmedAt: Date | null
  windowEndsAt: Date
}

/** What a signed event reports that no read has borne out yet. Once it is not patient, it needs a person. */
export type EventReport = Report & { id: EventRowId; patient: boolean; receivedAt: Date }

/** What is known of the order, from Medusa and from the collection's marks. */
export type OrderFacts = Pick<
  Facts,
  "order" | "covered" | "superseded" | "captured" | "overCaptured"
> & {
  /** The order asks for another amount or currency than the payment was made, or accepted, for. */
  orderChanged: boolean
  /** What it asks for: "10.5 usd"; null when there is nothing left that asks. */
  asks: string | null
  /** Medusa shows this very payment as booked: later changes are not held against it. */
  settled: boolean
  /** When the order was placed; null while there is none. */
  placedAt: Date | null
}

export type Judgement = {
  decision: Decision
  fit: Fit
  transfers: KnownTransfer[]
  receivedMinor: bigint | null
  /** The events whose reports the read bears out. */
  met: ReadonlySet<EventRowId>
}

/**
 * Judges one read of a payment: what was received in all, how that fits, and what the lifecycle makes of
 * it. Pure: the ledger's transaction around it loads what is known and keeps what is decided.
 */
export function judge(
  known: Known,
  check: {
    reading: Reading
    reports: readonly EventReport[]
    /** One of its transfers counts for another payment already. */
    isTransferTaken: boolean
    order: OrderFacts
    rules: Rules
    now: Date
  },
): Judgement {
  const { reading, rules, order, now } = check
  const transfers = mergeTransfers(known.transfers, reading)
  const received = receivedOf(known, transfers, reading)
  const judged = judgedMinor(transfers, reading, {
    received,
    confirmed: known.confirmedAt !== null,
    fits: isEnough(known.amountFit),
  })
  const { reportedState, met, unmet, reported } = weigh(known, check, received)
  const { underMinor, overMinor } = rules.tolerance(known.expectedMinor, known.decimals)
  const asked: ExpectedPayment = {
    ...known,
    underMinor,
    overMinor,
    orderChanged: order.orderChanged,
  }
  const seenFit = fitOf(asked, reading, judged, rules.required)
  // A read that says nothing of money does not take back what an earlier one said; one that loses it does.
  const isGone = transfers.length > 0 && !transfers.some(counts)
  const keeps = seenFit.amount === "none" && known.amountFit !== null && !isGone
  const amountFit: Fit = keeps ? { ...seenFit, amount: known.amountFit ?? "none" } : seenFit
  const fit: Fit = check.isTransferTaken
    ? { ...amountFit, mismatches: ["duplicate_transfer", ...amountFit.mismatches] }
    : amountFit
  const decided = decide(
    {
      state: known.state,
      order: order.order,
      covered: order.covered,
      superseded: order.superseded,
      captured: order.captured,
      overCaptured: order.overCaptured,
      accepted: acceptedOf(known, judged),
      returned: returnedOf(asked, judged, known),
      windowOver: now >= known.windowEndsAt,
      late: isLate(known, check, fit),
      reported,
      stuck: isStuck(known, check),
      policy: rules.policy,
    },
    { reportedState, fit },
  )
  const decision = isBehind(known, reading, isGone) ? liftsNothing(known, decided) : decided
  const isContradicted = unmet || transfers.some(isTakenBack)
  return {
    decision: isContradicted ? withClass(decision, "ambiguous_finality") : decision,
    fit,
    transfers,
    receivedMinor: received,
    met,
  }
}

/**
 * All that arrived. A sum that Kobbopay states is never taken back by a lower one, which may only be older;
 * transfers that are counted one by one are, by name, when they fail or are gone.
 */
function receivedOf(
  known: Known,
  transfers: readonly KnownTransfer[],
  reading: Reading,
): bigint | null {
  const seen = receivedMinor(transfers, reading)
  // Money on another rail is in no sum: "0", then or before, does not say that there is none.
  const isUncounted = reading.astray || known.amountFit === "unknown"
  if (isUncounted && (seen ?? known.receivedMinor ?? 0n) === 0n) return null
  if (reading.receivedMinor !== null) return highest(known.receivedMinor, seen)
  return seen ?? known.receivedMinor
}

/** The time until which money is in time: the offer's window, and the grace before its order is cancelled. */
export const deadlineOf = (windowEndsAt: Date, rules: Pick<Rules, "graceMs">): Date =>
  new Date(windowEndsAt.getTime() + rules.graceMs)

/**
 * Enough money, or the first of it, came after the offer was over. What a signed event reported before
 * counts as seen then: reads may have been away.
 */
function isLate(
  known: Known,
  { reports, rules, now }: { reports: readonly EventReport[]; rules: Rules; now: Date },
  fit: Fit,
): boolean {
  if (fit.amount === "none") return false
  if (wasEnough(known.amountFit) || (fit.amount === "under" && known.moneySeenAt !== null)) {
    return false
  }
  const reported = reports.filter(reportsMoney).map((report) => report.receivedAt.getTime())
  return Math.min(now.getTime(), ...reported) > deadlineOf(known.windowEndsAt, rules).getTime()
}

/**
 * How far the money was sent back, or set aside, by a person. Without amounts in reads, what was asked
 * counts.
 */
function returnedOf(asked: ExpectedPayment, judged: bigint | null, known: Known): Returned {
  const gone = known.refundedMinor + known.writtenOffMinor
  if (gone === 0n) return "nothing"
  const kept = (judged ?? asked.expectedMinor) - gone
  if (kept <= 0n) return "all"
  if (kept + asked.underMinor < asked.expectedMinor) return "short"
  return kept <= asked.expectedMinor + asked.overMinor ? "excess" : "nothing"
}

/** An acceptance holds while at least the money is there that it was given for. */
function acceptedOf(known: Known, judged: bigint | null): Acceptance | null {
  if (known.accepted === null) return null
  const { what, minor } = known.accepted
  const kept = judged === null ? null : judged - known.refundedMinor
  return minor === null || (kept !== null && kept >= minor) ? what : null
}

const withClass = (decision: Decision, found: ExceptionClass): Decision =>
  decision.exceptions.includes(found)
    ? decision
    : { ...decision, exceptions: [...decision.exceptions, found] }

/** A read that shows less than the money known is older, also about what kept that from settling. */
function isBehind(
  known: Known,
  { state, receivedMinor: sum, transfers, astray }: Reading,
  isGone: boolean,
): boolean {
  if (known.moneySeenAt === null || isGone) return false
  if (sum !== null && sum < (known.receivedMinor ?? 0n)) return true
  const isOpen = state === "pending" || state === "expired" || state === "failed"
  return isOpen && (sum ?? 0n) === 0n && transfers.length === 0 && !astray
}

/** What kept the money from settling stays in its way, and stays an exception, until a read that is not older says more. */
function liftsNothing(known: Known, decided: Decision): Decision {
  if (known.target !== "nothing" || known.accepted !== null || decided.target === "nothing") {
    return decided
  }
  const kept = decided.exceptions.filter((found) => found !== "overpaid")
  const exceptions: ExceptionClass[] = kept.length === 0 ? ["ambiguous_finality"] : kept
  return { ...decided, target: "nothing", exceptions }
}

/** Money that was seen stays seen: a later read that says less does not take it back. */
const highest = (known: bigint | null, seen: bigint | null): bigint | null =>
  known === null || (seen !== null && seen > known) ? seen : known

/** What the read, the reports of events and the clock say together. */
function weigh(
  known: Known,
  check: {
    reading: Reading
    reports: readonly EventReport[]
    order: OrderFacts
    rules: Rules
    now: Date
  },
  received: bigint | null,
) {
  const { reading, rules, now } = check
  const met = new Set<EventRowId>()
  const isOver = now >= known.windowEndsAt
  const read = reading.transferFailed === true ? afterFailure(known, isOver) : reading.state
  let reportedState: ReportedState = read
  let unmet = false
  let reported = false
  const isFirst = known.moneySeenAt === null && reading.astray
  const holdsMoney = isFirst || heldMinor(known, received) > 0n
  for (const report of check.reports) {
    const held = { money: holdsMoney, received: countedFor(known, received, rules) }
    const compared = compareReport({ state: read }, held, report, rules.readableStates)
    if (compared.kind === "behind") {
      unmet ||= !report.patient
      reported ||= reportsMoney(report)
      continue
    }
    met.add(report.id)
    // Only an ending the reads cannot express comes from an event; everything else is the read's word.
    if (compared.reportedState !== read) reportedState = compared.reportedState
  }
  const since = Math.min(known.createdAt.getTime(), check.order.placedAt?.getTime() ?? Infinity)
  const isClosing = now.getTime() - since >= rules.closePendingAfterMs && isOver
  if (reportedState === "pending" && !holdsMoney && isClosing) reportedState = "expired"
  return { reportedState, met, unmet, reported }
}

/** A failed transfer ends nothing while the offer runs, unless the payment was taken for paid by it. */
const afterFailure = ({ state }: Known, isOver: boolean): ReportedState =>
  isOver || state === "paid" || state === "confirmed" ? "failed" : "pending"

/** What a report's amount is compared with; reads that must carry amounts say by silence that nothing came. */
const countedFor = (known: Known, received: bigint | null, rules: Rules): bigint | null =>
  received ?? (rules.required.amount && known.moneySeenAt === null ? 0n : null)

/** Money that is there and that nobody sent back or set aside, minor units of the asset. */
const heldMinor = (known: Known, received: bigint | null): bigint => {
  if (known.moneySeenAt === null && received === null) return 0n
  return (received ?? known.expectedMinor) - known.refundedMinor - known.writtenOffMinor
}

const isStuck = (known: Known, check: { rules: Rules; now: Date }): boolean =>
  known.moneySeenAt !== null &&
  known.confirmedAt === null &&
  check.now.getTime() - known.moneySeenAt.getTime() >= check.rules.stuckAfterMs
