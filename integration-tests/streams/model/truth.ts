import fc from "fast-check"
import type { Policy } from "../../../src/domain/lifecycle"

/** What the order costs, and what each payment asks for: minor units of an asset with 6 decimals. */
export const ASKED = 10_000_000n

const SHARES = {
  dust: 10_000n,
  half: 5_000_000n,
  /** Under by what a tolerance of 1 % lets pass. */
  nearly: 9_950_000n,
  whole: ASKED,
  /** Over by more than the tolerance of 1 %. */
  more: 10_500_000n,
} as const

/** One thing that happens. Payments are numbered from 0 in the order in which they were made. */
export type Move =
  | { do: "transfer"; payment: number; share: keyof typeof SHARES; astray: boolean }
  | { do: "confirm" | "expire" | "fail"; payment: number }
  /** The merchant cancels the order. */
  | { do: "cancel" }
  /** More than `closePendingAfter` goes by. */
  | { do: "wait" }
  /** Reads catch up, what is on its way arrives or is lost, and the shop comes to rest. */
  | { do: "calm" }

/** What happens to one order, wherever and whenever the shop may look. */
export type Truth = {
  profile: "docs" | "invoice"
  policy: Policy
  /** Whether the account lets 1 % under pass. */
  lenient: boolean
  /** Kobbopay calls a payment that expired paid after all once it is covered. */
  lifts: boolean
  /** The order is placed by the shopper, or by the worker once money is seen. */
  placed: "before" | "after"
  payments: number
  /** This many of the first payments are shown by no session any more. */
  superseded: number
  moves: Move[]
}

/** A payment at Kobbopay at one moment. */
export type Version = {
  transfers: readonly { amount: bigint; astray: boolean; confirmed: boolean }[]
  ended: "expired" | "failed" | null
}

export const UNTOUCHED: Version = { transfers: [], ended: null }

const sum = (transfers: Version["transfers"]): bigint =>
  transfers.reduce((total, transfer) => total + transfer.amount, 0n)

/** The transfers that a payment counts: those on its own rail once there are any. */
export const counted = ({ transfers }: Version): Version["transfers"] =>
  transfers.some((one) => !one.astray) ? transfers.filter((one) => !one.astray) : transfers

export const ownSum = ({ transfers }: Version): bigint =>
  sum(transfers.filter((one) => !one.astray))

const covered = (version: Version): boolean => sum(counted(version)) >= ASKED

/** Kobbopay's own word for a payment, as a read of the profile gives it. */
export function wordOf(profile: Truth["profile"], version: Version) {
  if (profile === "invoice") {
    if (version.ended === "failed") return "failed"
    const newest = version.transfers.at(-1)
    return newest === undefined ? "pending" : newest.confirmed ? "confirmed" : "paid"
  }
  if (version.ended !== null) return version.ended
  if (sum(counted(version).filter((one) => one.confirmed)) >= ASKED) return "confirmed"
  return covered(version) ? "paid" : "pending"
}

/** What the event about a move reports of the payment as it is afterwards; null: nothing a read could bear out. */
export function reportOf({ profile }: Pick<Truth, "profile">, version: Version, move: Move) {
  if (move.do === "fail") return null
  if (move.do === "expire") return "expired"
  const word = wordOf(profile, version)
  return covered(version) && (word === "paid" || word === "confirmed") ? word : "partial"
}

/** The payment after a move, or null when the move cannot be made. */
export function after(truth: Pick<Truth, "profile" | "lifts">, version: Version, move: Move) {
  switch (move.do) {
    case "transfer": {
      if (version.transfers.length >= 3) return null
      const one = { amount: SHARES[move.share], astray: move.astray, confirmed: false }
      // A failure is the newest transfer's: the invoice profile shows another one that comes after it.
      const ended = version.ended === "failed" ? null : version.ended
      return lifted(truth, { ...version, ended, transfers: [...version.transfers, one] })
    }
    case "confirm": {
      if (version.transfers.every((one) => one.confirmed)) return null
      const transfers = version.transfers.map((one) => ({ ...one, confirmed: true }))
      return lifted(truth, { ...version, transfers })
    }
    case "expire":
      return version.ended === null ? { ...version, ended: "expired" as const } : null
    case "fail":
      // The docs profile has no word for it.
      return version.ended === null && truth.profile === "invoice"
        ? { ...version, ended: "failed" as const }
        : null
    default:
      return null
  }
}

const lifted = ({ lifts }: Pick<Truth, "lifts">, version: Version): Version =>
  lifts && covered(version) ? { ...version, ended: null } : version

const RANK = { pending: 0, expired: 0, failed: 0, paid: 1, confirmed: 2 } as const

/**
 * Makes moves possible and the comparison fair: puts a calm wherever it matters *what the shop has seen
 * so far*, because no shop could know better. Everywhere else any two ways of looking must agree.
 *
 * - Kobbopay's own word goes back (Paid, then Expired): a contradiction only for who saw both.
 * - A payment ends with money on it, or is paid after its end: late only for who saw the end first. So
 *   too with the last payment's end, which ends the order, and money on another.
 * - The invoice profile shows the newest transfer alone: who looks too seldom never sees the others,
 *   nor learns that they became final.
 * - Money on another rail joins money that fits: it bars only what was not settled before, and the
 *   ledger does not remember it against a read from before.
 * - Money for the same order on two payments that both may settle it: the first one seen does.
 * - The merchant cancels the order, and the clock of `closePendingAfter`: before or after the money?
 */
function fairly(truth: Truth): Truth {
  const version = Array.from({ length: truth.payments }, () => UNTOUCHED)
  const moves: Move[] = []
  const calm = () => {
    if (moves.at(-1)?.do !== "calm") moves.push({ do: "calm" })
  }
  const transfersOf = (payment: number) =>
    truth.moves.filter((move) => move.do === "transfer" && move.payment === payment).length
  // Whoever saw an end goes by it until they see what came after.
  const seenEnded = new Set<number>()
  let paying: number | null = null
  let cancelled = truth.placed === "after"
  let closed = false
  for (const move of truth.moves) {
    if (move.do === "calm") continue
    if (move.do === "wait" || move.do === "cancel") {
      if (move.do === "cancel" && cancelled) continue
      cancelled ||= move.do === "cancel"
      closed ||= move.do === "wait"
      calm()
      moves.push(move, { do: "calm" })
      continue
    }
    const before = version[move.payment]
    const next = before === undefined ? null : after(truth, before, move)
    if (before === undefined || next === null) continue
    const back = RANK[wordOf(truth.profile, next)] < RANK[wordOf(truth.profile, before)]
    const hides =
      truth.profile === "invoice" && before.transfers.length > 0 && transfersOf(move.payment) > 1
    const money = move.do === "transfer" || move.do === "confirm"
    const rivals = money && mayRival(truth, move.payment)
    const joins = move.do === "transfer" && move.astray && before.transfers.length > 0
    const last = version.every((_, index) => index === move.payment || seenEnded.has(index))
    const ends = !money && (before.transfers.length > 0 || last)
    const isSecond = rivals && paying !== null && paying !== move.payment
    const late = before.ended !== null || closed
    if (back || joins || ends || isSecond || late || hides) calm()
    moves.push(move)
    if (joins) calm()
    version[move.payment] = next
    if (next.ended !== null) seenEnded.add(move.payment)
    if (rivals) paying = move.payment
  }
  return { ...truth, moves }
}

/** A superseded payment settles nothing by itself, so it does not matter whether it is seen first. */
const mayRival = (truth: Truth, payment: number): boolean =>
  payment >= truth.superseded || truth.policy.latePayments === "accept"

const anyMove = (payments: number): fc.Arbitrary<Move> => {
  const payment = fc.nat(payments - 1)
  const share = fc.constantFrom<keyof typeof SHARES>("whole", "half", "more", "nearly", "dust")
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("transfer" as const),
        payment,
        share,
        astray: fc.nat(9).map((die) => die === 9),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom(
          "confirm" as const,
          "confirm" as const,
          "expire" as const,
          "fail" as const,
        ),
        payment,
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom<Move>({ do: "cancel" }, { do: "wait" }) },
  )
}

export const anyTruth: fc.Arbitrary<Truth> = fc
  .record({
    profile: fc.constantFrom("docs" as const, "invoice" as const),
    policy: fc.constantFrom<Policy>(
      { authorizeOn: "paid", captureOn: "confirmed", latePayments: "review" },
      { authorizeOn: "paid", captureOn: "confirmed", latePayments: "review" },
      { authorizeOn: "paid", captureOn: "confirmed", latePayments: "accept" },
      { authorizeOn: "confirmed", captureOn: "confirmed", latePayments: "review" },
      { authorizeOn: "paid", captureOn: "paid", latePayments: "review" },
    ),
    lenient: fc.boolean(),
    lifts: fc.boolean(),
    placed: fc.constantFrom("before" as const, "before" as const, "after" as const),
    payments: fc.constantFrom(1, 1, 2, 2, 3),
    superseded: fc.nat(2),
  })
  .chain((frame) =>
    fc.array(anyMove(frame.payments), { maxLength: 8 }).map((moves) =>
      fairly({
        ...frame,
        moves,
        // A cart is completed by the one session it has.
        superseded:
          frame.placed === "after"
            ? frame.payments - 1
            : Math.min(frame.superseded, frame.payments - 1),
      }),
    ),
  )
