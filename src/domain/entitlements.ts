import { BigNumber } from "bignumber.js"
import type { LineItemId } from "./ids"
import { isMore, toUnit } from "./store-amount"

/** What must cover the order before its entitlements are released; "manual": only a person releases. */
export const GATES = ["paid", "confirmed", "manual"] as const
export type Gate = (typeof GATES)[number]
export const APPLIES_TO = ["non-shippable", "all"] as const
type AppliesTo = (typeof APPLIES_TO)[number] | { metadata: string }
export const REVOCATIONS = ["proportional", "all"] as const
export type Revocation = (typeof REVOCATIONS)[number]

/** What a person may decide about an entitlement; it stands until the next decision. */
export const DECISIONS = ["hold", "release", "revoke"] as const
export type EntitlementDecision = (typeof DECISIONS)[number]

export const ENTITLEMENT_STATES = ["held", "released", "revoked"] as const
export type EntitlementState = (typeof ENTITLEMENT_STATES)[number]

/** The key of product metadata by which a product has a gate of its own. */
const GATE_KEY = "kobbopay_release_on"

type Metadata = Readonly<Record<string, unknown>> | null

/** A line of an order, as Medusa shows it now. Quantities in units; a part of a unit counts as one. */
export type Line = {
  id: LineItemId
  quantity: number
  /** Units that came back and were received. */
  returned: number
  requiresShipping: boolean
  /** The product's; null when the product is gone. */
  productMetadata: Metadata
}

/** A payment of the order, of whatever provider. Decimal strings, store currency. */
export type BookedPayment = {
  authorized: string
  captured: readonly string[]
  refunded: readonly string[]
  /** What is captured of it is final, not only seen. */
  final: boolean
}

/** The money of an order. `total` is what it costs now; `credited` what credit lines took off it. */
type OrderMoney = {
  currencyCode: string
  total: string
  credited: readonly string[]
  payments: readonly BookedPayment[]
}

/** What an order's money says of its entitlements. */
export type Verdict = {
  /** The order is cancelled: everything is taken back. */
  cancelled: boolean
  /** Which gates the order's money has opened. */
  open: { paid: boolean; confirmed: boolean }
  /** Decimal strings, store currency. What was refunded, over all payments. */
  refunded: string
  /**
   * What the units are worth together: what was seen for them, up to what the order cost, or what was
   * captured if that is more.
   */
  worth: string
  currencyCode: string
  revokeOnRefund: Revocation
}

/**
 * How things stand with one line: each unit is held, released or revoked. Whatever is neither released
 * nor revoked is held.
 */
export type Standing = {
  quantity: number
  released: number
  revoked: number
  gate: Gate
  decision: EntitlementDecision | null
  /** With `release`: the units that were to be taken back when the person decided; they stay released. */
  forgiven: number
}

/** Units that change hands, and why; each is a row of the history and an event. */
export type Move = { kind: EntitlementState; quantity: number; why: string }

const sum = (values: readonly string[]): BigNumber =>
  values.reduce((total, value) => total.plus(value), new BigNumber(0))

/**
 * Weighs what an order costs against what is booked for it. What was refunded is covered by credit
 * lines that Medusa adds with a refund, so it neither opens a gate nor shuts one that was open.
 */
export function verdictOf(
  money: OrderMoney,
  order: { cancelled: boolean; revokeOnRefund: Revocation },
): Verdict {
  const { payments } = money
  const refunded = sum(payments.flatMap((one) => one.refunded))
  const captured = sum(payments.flatMap((one) => one.captured))
  const final = sum(payments.flatMap((one) => (one.final ? one.captured : [])))
  const seen = payments.reduce(
    (total, one) => total.plus(BigNumber.max(one.authorized, sum(one.captured))),
    new BigNumber(0),
  )
  const owed = BigNumber.min(refunded, sum(money.credited)).plus(money.total)
  const { currencyCode } = money
  const covers = (paid: BigNumber) => !isMore(owed.toFixed(), paid.toFixed(), currencyCode)
  return {
    ...order,
    currencyCode,
    open: { paid: covers(seen), confirmed: covers(final) },
    refunded: refunded.toFixed(),
    worth: BigNumber.max(captured, BigNumber.min(owed, seen)).toFixed(),
  }
}

/** What metadata that is not set, or switched off, looks like. */
const UNSET: readonly unknown[] = [undefined, null, false, 0, "", "false", "0", "no"]

/** Whether a line sells something that an entitlement stands for. */
export function qualifies(line: Line, appliesTo: AppliesTo): boolean {
  if (appliesTo === "all") return true
  if (appliesTo === "non-shippable") return !line.requiresShipping
  const value = line.productMetadata?.[appliesTo.metadata]
  // The admin writes metadata as text.
  return !UNSET.includes(typeof value === "string" ? value.toLowerCase() : value)
}

/**
 * The gate of a line: its product's own, or the account's. A product whose gate cannot be read is held
 * for a person: the merchant meant something stricter or looser, and only they know which.
 */
export function gateOf(line: Line, releaseOn: Gate): { gate: Gate; fault: string | null } {
  const own = line.productMetadata?.[GATE_KEY]
  if (own === undefined || own === null || own === "") return { gate: releaseOn, fault: null }
  const gate = GATES.find((one) => one === own)
  return gate === undefined
    ? { gate: "manual", fault: `${GATE_KEY} of the product is none of ${GATES.join(", ")}` }
    : { gate, fault: null }
}

export const stateOf = ({
  quantity,
  released,
  revoked,
}: Pick<Standing, "quantity" | "released" | "revoked">): EntitlementState =>
  revoked >= quantity ? "revoked" : released > 0 ? "released" : "held"

/** Units to be taken back by the facts alone, of the most that the line ever had; and why. */
export function takenBack(
  { quantity, released, revoked, decision }: Omit<Standing, "gate" | "forgiven">,
  line: Pick<Line, "quantity" | "returned">,
  verdict: Verdict,
): { units: number; why: string } {
  if (verdict.cancelled) return { units: quantity, why: "the order was cancelled" }
  const removed = Math.max(0, quantity - line.quantity)
  const back = removed + line.returned
  const share = Math.min(quantity, unitsRefunded(quantity, verdict))
  // While money is missing, what is held waits for it; a refund of a part takes what was let go of.
  const isAll = verdict.open.paid || share === quantity || decision === "release"
  const refundedUnits = isAll ? share : Math.min(share, released + revoked)
  if (refundedUnits > back) {
    const { refunded, worth } = verdict
    return { units: refundedUnits, why: `${refunded} of ${worth} was refunded` }
  }
  const why =
    removed > 0 && line.returned > 0
      ? "the order was edited, and units were returned"
      : removed > 0
        ? "the order was edited"
        : "units were returned"
  return { units: Math.min(quantity, back), why }
}

/**
 * Whole units, rounded down: a part refunded of the price of one unit does not take the unit. The
 * measure is not what is captured yet: the second half of the money may only be seen.
 */
function unitsRefunded(quantity: number, verdict: Verdict): number {
  const { refunded, worth, currencyCode, revokeOnRefund } = verdict
  if (!isMore(refunded, "0", currencyCode)) return 0
  if (revokeOnRefund === "all" || !isMore(worth, refunded, currencyCode)) return quantity
  // Rounded to the currency, so that the last digits of taxes take no unit less.
  return toUnit(refunded, currencyCode).times(quantity).idiv(toUnit(worth, currencyCode)).toNumber()
}

/**
 * How a line's entitlement should stand, by what is so now and what a person decided; and what has to
 * move for it. Applied to its own result it moves nothing. A line that left the order counts as one of
 * no units.
 *
 * The rule releases when the gate is open and does not lock again what was released. A hold keeps it
 * from releasing, not from taking back; a release stands against everything that was so when it was
 * decided, not against what is refunded, returned or cancelled afterwards; a revocation is final until
 * a person decides otherwise.
 */
export function movesFor(
  before: Standing,
  line: Pick<Line, "quantity" | "returned">,
  verdict: Verdict,
): { after: Standing; moves: Move[] } {
  const quantity = Math.max(before.quantity, line.quantity)
  const taken = takenBack({ ...before, quantity }, line, verdict)
  const { gate, decision } = before
  const revoked =
    decision === "revoke"
      ? quantity
      : Math.max(0, taken.units - (decision === "release" ? before.forgiven : 0))
  const alive = quantity - revoked
  const isOpen = decision === "release" || (gate !== "manual" && verdict.open[gate])
  const releases = isOpen && decision !== "hold"
  const left = Math.min(alive, before.released - Math.max(0, revoked - before.revoked))
  const released = decision === "hold" ? 0 : releases ? alive : Math.max(0, left)

  const moves: Move[] = []
  const move = (kind: EntitlementState, units: number, why: string) => {
    if (units > 0) moves.push({ kind, quantity: units, why })
  }
  const added = quantity - before.quantity
  const locked = decision === "hold" ? Math.min(before.released, alive) : 0
  const restored = releases ? 0 : Math.max(0, before.revoked - revoked)
  const isNew = before.quantity === 0
  const edited = isNew ? "ordered" : "the order was edited"
  const restoredWhy = "what had been taken back is not any more"
  const heldWhy = locked > 0 ? "by hand" : added > 0 ? edited : restoredWhy
  move("held", added + restored + locked, heldWhy)
  const releasedWhy = decision === "release" ? "by hand" : `the order is covered (${gate})`
  move("released", released - before.released, releasedWhy)
  move("revoked", revoked - before.revoked, decision === "revoke" ? "by hand" : taken.why)
  return { after: { ...before, quantity, released, revoked }, moves }
}
