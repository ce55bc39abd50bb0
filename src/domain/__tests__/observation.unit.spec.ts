import fc from "fast-check"
import { brandAs, type KobbopayId, type Reference } from "../ids"
import {
  fitOf,
  compareReport,
  judgedMinor,
  mergeTransfers,
  receivedMinor,
  type ExpectedPayment,
} from "../observation"
import type { Reading, ReportedState } from "../reading"

const REFERENCE = brandAs<Reference>("kp_1")
const asked: ExpectedPayment = {
  asset: "USDT",
  network: "TRC20",
  token: "USDTTRC",
  reference: REFERENCE,
  expectedMinor: 1_000n,
  underMinor: 0n,
  overMinor: 10n,
  orderChanged: false,
}
const reading = (change: Partial<Reading> = {}): Reading => ({
  kobbopayId: brandAs<KobbopayId>("pay_1"),
  state: "confirmed",
  asset: null,
  network: null,
  token: "USDTTRC",
  reference: null,
  expectedMinor: null,
  receivedMinor: null,
  transfers: [],
  astray: false,
  ...change,
})
const COMPARES = { amount: true, asset: true }
const TRUSTS = { amount: false, asset: false }

describe("how much arrived", () => {
  test("each transfer counts once, however often it is read", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ hash: fc.constantFrom("a", "b", "c"), amountMinor: fc.bigInt(0n, 9n) }),
        ),
        (seen) => {
          const read = { state: "paid", transfers: seen } as const
          const once = mergeTransfers([], read)
          expect(mergeTransfers(once, read)).toEqual(once)
          expect(new Set(once.map((one) => one.hash)).size).toBe(once.length)
        },
      ),
    )
  })
  test("transfers that a later read no longer names stay counted", () => {
    const known = [{ hash: "a", amountMinor: 400n, final: false, lost: false }]
    const merged = mergeTransfers(known, {
      state: "paid",
      transfers: [{ hash: "b", amountMinor: 600n }],
    })
    expect(receivedMinor(merged, reading())).toBe(1_000n)
  })
  test("a sum that Kobbopay states itself is not added to", () => {
    const transfers = [
      { hash: "a", amountMinor: 400n, final: false, lost: false },
      { hash: "b", amountMinor: 600n, final: false, lost: false },
    ]
    expect(receivedMinor(transfers, reading({ receivedMinor: 400n }))).toBe(400n)
  })
  test("nothing reported is unknown, not zero", () => {
    expect(receivedMinor([], reading())).toBeNull()
  })
})

describe("what a first Confirmed is judged by", () => {
  const seen = { hash: "a", amountMinor: 1_000n, final: false, lost: false }
  const dust = { hash: "b", amountMinor: 1n }
  const judge = (confirmed: boolean, change: Partial<Reading> = {}, fits = confirmed) => {
    const read = reading({ state: "confirmed", transfers: [dust], ...change })
    const transfers = mergeTransfers([seen], read)
    const received = receivedMinor(transfers, read)
    return judgedMinor(transfers, read, { received, confirmed, fits })
  }

  test("a transfer that was only ever seen does not count: it may have been replaced", () => {
    expect(judge(false)).toBe(1n)
  })
  test("after a Confirmed over nothing that fits, what is merely seen does not pass for confirmed", () => {
    expect(judge(true, { state: "paid" }, false)).toBe(0n)
    expect(judge(true, { state: "paid", receivedMinor: 1_000n }, false)).toBe(0n)
    expect(judge(true, { state: "confirmed" }, false)).toBe(1n)
  })
  test("what was confirmed once stays counted", () => {
    expect(judge(true)).toBe(1_001n)
    const first = mergeTransfers([], { state: "confirmed", transfers: [dust] })
    const again = mergeTransfers(first, { state: "paid", transfers: [dust] })
    expect(again).toEqual([{ ...dust, final: true, lost: false }])
  })
})

describe("whether it fits", () => {
  const amountOf = (received: bigint | null, change: Partial<Reading> = {}, required = COMPARES) =>
    fitOf(asked, reading(change), received, required).amount

  test("to the minor unit, with the tolerances on either side", () => {
    expect(amountOf(999n)).toBe("under")
    expect(amountOf(1_000n)).toBe("fits")
    expect(amountOf(1_010n)).toBe("fits")
    expect(amountOf(1_011n)).toBe("over")
    expect(fitOf({ ...asked, underMinor: 5n }, reading(), 995n, COMPARES).amount).toBe("fits")
    expect(fitOf({ ...asked, underMinor: 5n }, reading(), 994n, COMPARES).amount).toBe("under")
  })
  test("money without an amount, or of an unnamed asset, is unknown where the shop must compare", () => {
    expect(amountOf(null)).toBe("unknown")
    expect(amountOf(1_000n, { token: null })).toBe("unknown")
  })
  test("where Kobbopay knows the amount, its word is enough, unless it knows another", () => {
    expect(amountOf(null, { token: null }, TRUSTS)).toBe("fits")
    expect(amountOf(null, { token: null, expectedMinor: 1_000n }, TRUSTS)).toBe("fits")
    expect(amountOf(null, { token: null, expectedMinor: 999n }, TRUSTS)).toBe("unknown")
  })
  test("paid with nothing received is unknown, never a fit", () => {
    expect(amountOf(0n, {}, TRUSTS)).toBe("unknown")
  })
  test("an open payment without money is none", () => {
    expect(amountOf(null, { state: "pending" })).toBe("none")
    expect(amountOf(0n, { state: "expired" })).toBe("none")
  })
  test.each([
    ["rail_mismatch", { token: "USDTBSC" }],
    ["rail_mismatch", { network: "BEP20" }],
    ["rail_mismatch", { asset: "USDC" }],
    ["reference_mismatch", { reference: brandAs<Reference>("kp_2") }],
  ])("%s is found", (mismatch, change) => {
    expect(fitOf(asked, reading(change), 1_000n, COMPARES).mismatches).toEqual([mismatch])
  })
  test("spelling is no mismatch, an order that changed is", () => {
    const same = reading({
      token: "usdttrc",
      asset: "usdt",
      network: "trc20",
      reference: REFERENCE,
    })
    expect(fitOf(asked, same, 1_000n, COMPARES).mismatches).toEqual([])
    expect(fitOf({ ...asked, orderChanged: true }, same, 1_000n, COMPARES).mismatches).toEqual([
      "order_changed",
    ])
  })
})

describe("the read decides", () => {
  const ALL = new Set<ReportedState>([
    "pending",
    "paid",
    "confirmed",
    "expired",
    "failed",
    "partial",
  ])
  const WITHOUT_ENDS = new Set<ReportedState>(["pending", "paid", "confirmed"])
  const compared = (
    state: ReportedState,
    reportedState: ReportedState,
    {
      readableStates = ALL,
      held = { money: false, received: null },
      amountMinor = null,
    }: {
      readableStates?: ReadonlySet<ReportedState>
      held?: { money: boolean; received: bigint | null }
      amountMinor?: bigint | null
    } = {},
  ) => compareReport({ state }, held, { state: reportedState, amountMinor }, readableStates)
  const HELD = { money: true, received: 400n }
  const BEHIND = { kind: "behind" }

  test("an event that reports more waits for the read", () => {
    expect(compared("pending", "paid").kind).toBe("behind")
    expect(compared("pending", "confirmed").kind).toBe("behind")
    expect(compared("paid", "confirmed").kind).toBe("behind")
    expect(compared("pending", "expired").kind).toBe("behind")
  })
  test("an event that reports the same or less is done, and changes nothing", () => {
    expect(compared("confirmed", "paid")).toEqual({ kind: "observed", reportedState: "confirmed" })
    expect(compared("paid", "paid")).toEqual({ kind: "observed", reportedState: "paid" })
    expect(compared("confirmed", "expired")).toEqual({
      kind: "observed",
      reportedState: "confirmed",
    })
  })
  test("an ending that the reads cannot express is taken from the event, but never over money", () => {
    expect(compared("pending", "expired", { readableStates: WITHOUT_ENDS })).toEqual({
      kind: "observed",
      reportedState: "expired",
    })
    expect(compared("pending", "expired", { readableStates: WITHOUT_ENDS, held: HELD })).toEqual({
      kind: "observed",
      reportedState: "pending",
    })
    expect(compared("paid", "expired", { readableStates: WITHOUT_ENDS })).toEqual({
      kind: "observed",
      reportedState: "paid",
    })
  })
  test("an event that reports more money than the reads show waits, whatever both call the payment", () => {
    for (const state of ["partial", "paid", "confirmed"] as const) {
      expect(compared(state, state, { held: HELD, amountMinor: 401n })).toEqual(BEHIND)
      expect(compared(state, state, { held: HELD, amountMinor: 400n })).toEqual({
        kind: "observed",
        reportedState: state,
      })
      expect(compared(state, state, { held: HELD, amountMinor: 399n })).toEqual({
        kind: "observed",
        reportedState: state,
      })
    }
    expect(compared("confirmed", "partial", { held: HELD, amountMinor: 401n })).toEqual(BEHIND)
    expect(
      compared("pending", "partial", {
        readableStates: WITHOUT_ENDS,
        held: HELD,
        amountMinor: 401n,
      }),
    ).toEqual(BEHIND)
  })
  test("an amount is compared where the reads state one, whatever state the event reports", () => {
    const unstated = { money: true, received: null }
    expect(compared("paid", "paid", { held: unstated, amountMinor: 999n })).toEqual({
      kind: "observed",
      reportedState: "paid",
    })
    const nothing = { money: false, received: 0n }
    expect(
      compared("pending", "expired", {
        readableStates: WITHOUT_ENDS,
        held: nothing,
        amountMinor: 999n,
      }),
    ).toEqual(BEHIND)
    expect(
      compared("pending", "expired", {
        readableStates: WITHOUT_ENDS,
        held: nothing,
        amountMinor: 0n,
      }),
    ).toEqual({
      kind: "observed",
      reportedState: "expired",
    })
    const unseen = { money: false, received: null }
    expect(
      compared("pending", "expired", {
        readableStates: WITHOUT_ENDS,
        held: unseen,
        amountMinor: 1n,
      }),
    ).toEqual(BEHIND)
  })
  test("where reads cannot say Partial any money bears it out, and nothing else", () => {
    expect(compared("pending", "partial", { readableStates: WITHOUT_ENDS })).toEqual(BEHIND)
    expect(compared("expired", "partial", { readableStates: WITHOUT_ENDS })).toEqual(BEHIND)
    expect(compared("pending", "partial", { readableStates: WITHOUT_ENDS, held: HELD })).toEqual({
      kind: "observed",
      reportedState: "pending",
    })
    expect(compared("pending", "partial", { held: HELD })).toEqual(BEHIND)
    expect(compared("partial", "partial", { held: HELD })).toEqual({
      kind: "observed",
      reportedState: "partial",
    })
  })
  test("what a read bears out stays borne out by any read that shows more", () => {
    const states = ["pending", "partial", "paid", "confirmed"] as const
    const rank = (state: ReportedState) => states.findIndex((one) => one === state)
    fc.assert(
      fc.property(
        fc.record({
          reportedState: fc.constantFrom(...states),
          less: fc.constantFrom(...states),
          more: fc.constantFrom(...states),
          amountMinor: fc.bigInt(0n, 9n),
          received: fc.bigInt(0n, 9n),
          extra: fc.bigInt(0n, 9n),
        }),
        ({ reportedState, less, more, amountMinor, received, extra }) => {
          fc.pre(rank(less) <= rank(more))
          const at = (state: ReportedState, sum: bigint) =>
            compared(state, reportedState, {
              held: { money: sum > 0n, received: sum },
              amountMinor,
            }).kind
          if (at(less, received) === "observed") {
            expect(at(more, received + extra)).toBe("observed")
          }
        },
      ),
    )
  })
})
