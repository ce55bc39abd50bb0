import fc from "fast-check"
import { brandAs, type KobbopayId, type Reference } from "../ids"
import { judge, type Known, type OrderFacts } from "../judge"
import type { Reading, SaidState } from "../reading"
import { rulesOf } from "../rules"
import { accountFrom, invoiceInput } from "./support/accounts"

const NOW = new Date("2026-01-02T12:00:00Z")
const rules = rulesOf(accountFrom(invoiceInput))
const asked = { asset: "USDT", network: "tron", token: "USDTTRC" }

const known = (change: Partial<Known> = {}): Known => ({
  ...{ ...asked, reference: brandAs<Reference>("kp_1"), expectedMinor: 100n, decimals: 6 },
  ...{ state: "pending", receivedMinor: null, paidBackMinor: 0n, transfers: [], amountFit: null },
  ...{ want: "nothing", accepted: null, createdAt: NOW, moneySeenAt: null, confirmedAt: null },
  ...change,
})
const reading = (state: SaidState, ...minors: bigint[]): Reading => ({
  ...{
    kobbopayId: brandAs<KobbopayId>("id_1"),
    state,
    asset: null,
    network: null,
    reference: null,
  },
  ...{ token: "USDTTRC", expectedMinor: null, receivedMinor: null, astray: false },
  transfers: minors.map((amountMinor, index) => ({ hash: `tx_${index}`, amountMinor })),
})
const order: OrderFacts = {
  ...{ order: "open", covered: false, superseded: false, captured: false, settled: false },
  ...{ orderChanged: false, asks: "100 usd" },
}
const judged = (before: Partial<Known>, read: Reading, facts: Partial<OrderFacts> = {}) => {
  const { decision } = judge(known(before), {
    ...{ reading: read, claims: [], rules, now: NOW, order: { ...order, ...facts } },
  })
  return [`${decision.state} wants ${decision.want}`, ...decision.exceptions].join(" + ")
}
/** What the ledger knows of money that was seen. */
const holding = (receivedMinor: bigint, paidBackMinor = 0n) => ({
  ...{ receivedMinor, paidBackMinor, moneySeenAt: NOW },
})

describe("money that was paid back does not settle", () => {
  test("a top-up of a payment whose first part went back is still too little", () => {
    expect(judged({ state: "partial", ...holding(60n, 60n) }, reading("confirmed", 60n, 40n))).toBe(
      "confirmed wants nothing + underpaid",
    )
  })
  test("dust after everything went back captures nothing", () => {
    const before = { state: "confirmed", confirmedAt: NOW, ...holding(100n, 100n) } as const
    expect(judged(before, reading("confirmed", 100n, 1n))).toBe(
      "confirmed wants nothing + underpaid",
    )
  })
  test("a part that went back before the capture keeps it from being captured whole", () => {
    expect(judged({ state: "paid", ...holding(100n, 60n) }, reading("confirmed", 100n))).toBe(
      "confirmed wants nothing + underpaid",
    )
  })
  test("after the capture a part that goes back is a refund, and nothing to look at", () => {
    const before = { state: "confirmed", confirmedAt: NOW, ...holding(100n, 60n) } as const
    const facts = { captured: true, settled: true }
    expect(judged(before, reading("confirmed", 100n), facts)).toBe("confirmed wants captured")
  })
  test("whatever is sent back, a capture needs that what is left fits", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 300n), fc.bigInt(0n, 300n), (received, back) => {
        const paidBack = back > received ? received : back
        const made = judged(
          { state: "paid", ...holding(received, paidBack) },
          reading("confirmed", received),
        )
        expect(made.includes("wants captured")).toBe(received - paidBack >= 100n)
      }),
    )
  })
})

describe("an acceptance is tied to the money it was given for", () => {
  const accepted = { what: "amount", minor: 60n } as const
  test("it holds for that money", () => {
    expect(judged({ state: "partial", accepted, ...holding(60n) }, reading("confirmed", 60n))).toBe(
      "partial wants captured",
    )
  })
  test("it does not hold for what replaced it", () => {
    expect(
      judged(
        {
          ...{ state: "partial", accepted, ...holding(60n) },
          transfers: [{ hash: "dropped", amountMinor: 60n, final: false }],
        },
        reading("confirmed", 1n),
      ),
    ).toBe("partial wants nothing + underpaid")
  })
})

describe("a read that is behind what the ledger knows", () => {
  const before = {
    state: "confirmed",
    amountFit: "over",
    confirmedAt: NOW,
    ...holding(200n),
  } as const
  const older: Reading[] = [
    reading("pending"),
    { ...reading("pending"), receivedMinor: 0n },
    { ...reading("confirmed"), receivedMinor: 100n },
  ]
  test.each(older)("settles nothing that was kept from settling: %p", (read) => {
    expect(judged(before, read)).toBe("confirmed wants nothing")
  })
  test.each(older)("takes nothing back that is under way: %p", (read) => {
    expect(judged({ ...before, want: "captured" }, read)).toMatch(/^confirmed wants captured/)
  })
  test.each(older)("does not stand against a person's word: %p", (read) => {
    const accepted = { what: "finality", minor: 200n } as const
    expect(judged({ ...before, accepted }, read)).toMatch(/^confirmed wants captured/)
  })
  test("one that shows as much settles", () => {
    expect(judged(before, { ...reading("confirmed"), receivedMinor: 200n })).toBe(
      "confirmed wants captured + overpaid",
    )
  })
})

describe("money on another rail", () => {
  test("is seen while Kobbopay calls the payment open, though nothing of it counts", () => {
    const read = { ...reading("pending"), token: "USDTBSC", astray: true }
    expect(judged({}, read)).toBe("partial wants nothing + rail_mismatch")
  })
})
