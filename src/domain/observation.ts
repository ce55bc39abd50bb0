import type { Fit } from "./fit"
import type { Reading, ReportedState, Transfer } from "./reading"
import type { Reference } from "./ids"
import { isSameTransfer } from "./transfers"

/** What was asked for, as the ledger has it. */
export type ExpectedPayment = {
  asset: string
  network: string
  token: string
  reference: Reference
  /** Minor units of the asset. */
  expectedMinor: bigint
  /** How far below, in minor units, still counts as paid. */
  underMinor: bigint
  /** How far above, in minor units, is not worth a note. */
  overMinor: bigint
  /** The store amount or currency of the cart or order is no longer the one the payment was made for. */
  orderChanged: boolean
}

/** Which fields a read must carry before money may settle (each profile says). */
export type Required = { amount: boolean; asset: boolean }

/** A transfer as the ledger keeps it. */
export type KnownTransfer = Transfer & {
  /** Seen in a read that said Confirmed: this one cannot be dropped or replaced any more. */
  final: boolean
  lost: boolean
}

/** Joins what reads report of transfers: the newest report of each wins. What identifies one: `transfers.ts`. */
export function mergeTransfers(
  known: readonly KnownTransfer[],
  reading: Pick<Reading, "state" | "transfers">,
): KnownTransfer[] {
  const merged = [...known]
  for (const seen of reading.transfers) {
    const at = merged.findIndex((one) => isSameTransfer(one, seen))
    const before = merged[at]
    const isDone = seen.final ?? reading.state === "confirmed"
    const transfer: KnownTransfer = {
      ...seen,
      trackerId: seen.trackerId ?? before?.trackerId,
      lost: seen.lost ?? false,
      final: before?.final === true || (isDone && seen.lost !== true),
    }
    if (before === undefined) merged.push(transfer)
    else merged[at] = transfer
  }
  return merged
}

/** A transfer that still brings money: a final one does, whatever a later read says of it. */
export const counts = (transfer: Pick<KnownTransfer, "final" | "lost">): boolean =>
  transfer.final || !transfer.lost

/** A final transfer that Kobbopay does not stand by any more. */
export const isTakenBack = (transfer: Pick<KnownTransfer, "final" | "lost">): boolean =>
  transfer.final && transfer.lost

/**
 * The money that a read lets a payment be judged by, minor units. While nothing that fits was confirmed,
 * a Confirmed counts only what is final, because a transfer that was merely seen may have been dropped or
 * replaced since; and what is merely seen after it does not pass for confirmed.
 *
 * @param known `confirmed`: the ledger calls the payment so; `fits`: over money that was enough
 */
export function judgedMinor(
  transfers: readonly KnownTransfer[],
  reading: Reading,
  known: { received: bigint | null; confirmed: boolean; fits: boolean },
): bigint | null {
  if (known.confirmed && known.fits) return known.received
  const final = transfers.filter((transfer) => transfer.final)
  // A Confirmed that names no amount takes back none of before, and makes none final that was only seen after
  // an earlier Confirmed. One of money on another rail says nothing of this one.
  const namedBefore = () => {
    if (reading.astray) return null
    return known.confirmed && transfers.length > 0 ? sumOf(final) : known.received
  }
  if (reading.state === "confirmed") return receivedMinor(final, reading) ?? namedBefore()
  return known.confirmed ? sumOf(final) : known.received
}

/**
 * All money that arrived, minor units of the asset: the sum that Kobbopay itself states for the payment,
 * else what the transfers that still count come to. Null when the reads say nothing of amounts.
 */
export function receivedMinor(
  transfers: readonly KnownTransfer[],
  reading: Pick<Reading, "receivedMinor"> & Partial<Pick<Reading, "astray">>,
): bigint | null {
  const sum = reading.receivedMinor ?? (transfers.length === 0 ? null : sumOf(transfers))
  // A sum counts its own rail only: where money came on another one, "0" is not that none came.
  return sum === 0n && reading.astray === true ? null : sum
}

const sumOf = (transfers: readonly KnownTransfer[]): bigint =>
  transfers.filter(counts).reduce((sum, transfer) => sum + transfer.amountMinor, 0n)

const differs = (seen: string | null, asked: string): boolean =>
  seen !== null && seen.toLowerCase() !== asked.toLowerCase()

/** Compares a read with what was asked for. `received` is the result of {@link receivedMinor}. */
export function fitOf(
  asked: ExpectedPayment,
  reading: Reading,
  received: bigint | null,
  required: Required,
): Fit {
  const mismatches: Fit["mismatches"][number][] = []
  if (
    differs(reading.token, asked.token) ||
    differs(reading.asset, asked.asset) ||
    differs(reading.network, asked.network)
  ) {
    mismatches.push("rail_mismatch")
  }
  if (reading.reference !== null && reading.reference !== asked.reference) {
    mismatches.push("reference_mismatch")
  }
  if (asked.orderChanged) mismatches.push("order_changed")
  return { amount: amountFit(asked, reading, received, required), mismatches }
}

function amountFit(
  asked: ExpectedPayment,
  reading: Reading,
  received: bigint | null,
  required: Required,
): Fit["amount"] {
  const settled = reading.state === "paid" || reading.state === "confirmed"
  if (received !== null && received > 0n) {
    const assetKnown = reading.token !== null || reading.asset !== null
    if (required.asset && !assetKnown) return "unknown"
    if (received + asked.underMinor < asked.expectedMinor) return "under"
    return received > asked.expectedMinor + asked.overMinor ? "over" : "fits"
  }
  if (reading.state === "partial") return "under"
  if (reading.astray) return "unknown"
  if (!settled) return "none"
  // Kobbopay calls it paid without an amount: trusted only where Kobbopay itself knows the amount.
  const isSameAmount =
    reading.expectedMinor === null || reading.expectedMinor === asked.expectedMinor
  return received === null && !required.amount && !required.asset && isSameAmount
    ? "fits"
    : "unknown"
}

const RANK: Record<ReportedState, number> = {
  pending: 0,
  expired: 0,
  failed: 0,
  partial: 1,
  paid: 2,
  confirmed: 3,
}

/** What a signed event reports of a payment. */
export type Report = {
  state: ReportedState
  /** What it says has arrived in all, minor units of the asset; null when it names no amount. */
  amountMinor: bigint | null
}

/** What comes of a read when an unworked event reports something. */
type Comparison =
  /** The read stands as it is; an event that reports no more is done. */
  | { kind: "observed"; reportedState: ReportedState }
  /** The event reports more than the read shows: look again later. */
  | { kind: "behind" }

/** A report of money, of whatever size: by its state, or by an amount, unless it is of a failure. */
export const reportsMoney = ({
  state,
  amountMinor = null,
}: Pick<Report, "state"> & Partial<Pick<Report, "amountMinor">>): boolean =>
  state === "partial" ||
  state === "paid" ||
  state === "confirmed" ||
  (state !== "failed" && amountMinor !== null && amountMinor > 0n)

/**
 * The read decides. An event that reports more than the read, a further state or more money, is a reason to
 * look again, with one exception: where an account's reads cannot express a state at all (`says`), a
 * verified event may end a payment that the read shows to be without money.
 *
 * @param held.received what the reads say arrived, minor units of the asset; null where they state no amounts
 */
export function compareReport(
  reading: Pick<Reading, "state">,
  held: { money: boolean; received: bigint | null },
  report: Report,
  readableStates: ReadonlySet<ReportedState>,
): Comparison {
  const observed: Comparison = { kind: "observed", reportedState: reading.state }
  const { state, amountMinor } = report
  if (reportsMoney(report) && amountMinor !== null && amountMinor > 0n) {
    const isShown = held.money || reportsMoney(reading)
    const isLess = held.received === null ? !isShown : amountMinor > held.received
    if (isLess) return { kind: "behind" }
  }
  if (state === reading.state) return observed
  if (state === "expired" || state === "failed") {
    if (reading.state !== "pending") return observed
    if (readableStates.has(state)) return { kind: "behind" }
    return held.money ? observed : { kind: "observed", reportedState: state }
  }
  // Reads that cannot say Partial bear it out by any money.
  if (state === "partial" && !readableStates.has("partial")) {
    return held.money || (held.received ?? 0n) > 0n ? observed : { kind: "behind" }
  }
  return RANK[state] > RANK[reading.state] ? { kind: "behind" } : observed
}
