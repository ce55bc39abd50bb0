import {
  decide,
  type Acceptance,
  type Decision,
  type ExceptionClass,
  type Facts,
  type Fit,
  type Returned,
  type Want,
} from "./lifecycle"
import {
  fitOf,
  hear,
  judgedMinor,
  mergeTransfers,
  receivedMinor,
  type Asked,
  type KnownTransfer,
} from "./observation"
import type { PaymentState, Reading, SaidState } from "./reading"
import type { Rules } from "./rules"

/** What the ledger knows of a payment when a read of it is judged. Amounts in minor units of the asset. */
export type Known = Pick<Asked, "asset" | "network" | "token" | "reference" | "expectedMinor"> & {
  decimals: number
  state: PaymentState
  want: Want
  receivedMinor: bigint | null
  paidBackMinor: bigint
  transfers: readonly KnownTransfer[]
  /** How the money seen so far compared with what was asked; null while none was seen. */
  amountFit: Exclude<Fit["amount"], "none"> | null
  /** What a person accepted about it, and over how much money that was there; null: nothing. */
  accepted: { what: Acceptance; minor: bigint | null } | null
  createdAt: Date
  moneySeenAt: Date | null
  confirmedAt: Date | null
}

/** What an unworked event claims; once it is not patient any more, an unmet claim needs a person. */
export type Claim = { said: SaidState; patient: boolean }

/** What is known of the order, from Medusa and from the group's marks. */
export type OrderFacts = Pick<Facts, "order" | "covered" | "superseded" | "captured"> & {
  /** The order asks for another amount or currency than the payment was made, or accepted, for. */
  orderChanged: boolean
  /** What it asks for: "10.5 usd"; null when there is nothing left that asks. */
  asks: string | null
  /** Medusa shows this very payment as booked: later changes are not held against it. */
  settled: boolean
}

export type Judgement = {
  decision: Decision
  fit: Fit
  transfers: KnownTransfer[]
  receivedMinor: bigint | null
  /** The claims that the read has caught up with. */
  met: ReadonlySet<SaidState>
}

/**
 * Judges one read of a payment: what was received in all, how that fits, and what the lifecycle makes of
 * it. Pure: the ledger's transaction around it loads what is known and keeps what is decided.
 */
export function judge(
  known: Known,
  look: {
    reading: Reading
    claims: readonly Claim[]
    order: OrderFacts
    rules: Rules
    now: Date
  },
): Judgement {
  const { reading, rules, order } = look
  const transfers = mergeTransfers(known.transfers, reading)
  const received = highest(known.receivedMinor, receivedMinor(transfers, reading))
  const judged = judgedMinor(transfers, reading, {
    received,
    confirmed: known.confirmedAt !== null,
    fits: known.amountFit === "fits" || known.amountFit === "over",
  })
  const { said, met, unmet } = weigh(known, look, received)
  const { underMinor, overMinor } = rules.tolerance(known.expectedMinor, known.decimals)
  const asked: Asked = { ...known, underMinor, overMinor, orderChanged: order.orderChanged }
  const seenFit = fitOf(asked, reading, judged, rules.required)
  // A read that says nothing of money does not take back what an earlier one said.
  const fit: Fit =
    seenFit.amount === "none" && known.amountFit !== null
      ? { ...seenFit, amount: known.amountFit }
      : seenFit
  const decided = decide(
    {
      state: known.state,
      order: order.order,
      covered: order.covered,
      superseded: order.superseded,
      captured: order.captured,
      accepted: acceptedOf(known, judged),
      returned: returnedOf(asked, judged, known),
      stuck: isStuck(known, look),
      policy: rules.policy,
    },
    { said, fit },
  )
  const decision = isBehind(known, reading) ? liftsNothing(known, decided) : decided
  return {
    decision: unmet ? withClass(decision, "ambiguous_finality") : decision,
    fit,
    transfers,
    receivedMinor: received,
    met,
  }
}

/** How far recorded pay-backs have sent back what arrived. Without amounts in reads, what was asked counts. */
function returnedOf(asked: Asked, judged: bigint | null, known: Known): Returned {
  if (known.paidBackMinor === 0n) return "nothing"
  const kept = (judged ?? asked.expectedMinor) - known.paidBackMinor
  if (kept <= 0n) return "all"
  if (kept + asked.underMinor < asked.expectedMinor) return "short"
  return kept <= asked.expectedMinor + asked.overMinor ? "excess" : "nothing"
}

/** An acceptance holds while at least the money is there that it was given for. */
function acceptedOf(known: Known, judged: bigint | null): Acceptance | null {
  if (known.accepted === null) return null
  const { what, minor } = known.accepted
  const kept = judged === null ? null : judged - known.paidBackMinor
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
): boolean {
  if (known.moneySeenAt === null) return false
  if (sum !== null && sum < (known.receivedMinor ?? 0n)) return true
  const isOpen = state === "pending" || state === "expired" || state === "failed"
  return isOpen && (sum ?? 0n) === 0n && transfers.length === 0 && !astray
}

const liftsNothing = (known: Known, decided: Decision): Decision =>
  known.want !== "nothing" || known.accepted !== null || decided.want === "nothing"
    ? decided
    : {
        ...decided,
        want: "nothing",
        exceptions: decided.exceptions.filter((found) => found !== "overpaid"),
      }

/** Money that was seen stays seen: a later read that says less does not take it back. */
const highest = (known: bigint | null, seen: bigint | null): bigint | null =>
  known === null || (seen !== null && seen > known) ? seen : known

/** What the read, the claims of events and the clock say together. */
function weigh(
  known: Known,
  look: { reading: Reading; claims: readonly Claim[]; rules: Rules; now: Date },
  received: bigint | null,
) {
  const met = new Set<SaidState>()
  let said = look.reading.state
  let unmet = false
  const holdsMoney = known.moneySeenAt !== null || (received !== null && received > 0n)
  for (const claim of look.claims) {
    const heard = hear(look.reading, holdsMoney, claim.said, look.rules.says)
    if (heard.kind === "behind") {
      unmet ||= !claim.patient
      continue
    }
    met.add(claim.said)
    // Only an ending the reads cannot express comes from an event; everything else is the read's word.
    if (heard.said !== look.reading.state) said = heard.said
  }
  const age = look.now.getTime() - known.createdAt.getTime()
  if (said === "pending" && !holdsMoney && age >= look.rules.closePendingAfterMs) said = "expired"
  return { said, met, unmet }
}

const isStuck = (known: Known, look: { rules: Rules; now: Date }): boolean =>
  known.moneySeenAt !== null &&
  known.confirmedAt === null &&
  look.now.getTime() - known.moneySeenAt.getTime() >= look.rules.stuckAfterMs
