import fc from "fast-check"
import { judge, type Known } from "../judge"
import type { Reading } from "../reading"
import { rulesOf } from "../../kobbopay/account-rules"
import { accountFrom, docsInput } from "../../kobbopay/__tests__/support/accounts"
import { NOW, known, reading, order, judged, holding } from "./support/judging"

describe("money that was refunded does not settle", () => {
  test("a top-up of a payment whose first part went back is still too little", () => {
    expect(judged({ state: "partial", ...holding(60n, 60n) }, reading("confirmed", 60n, 40n))).toBe(
      "confirmed targets nothing + underpaid",
    )
  })
  test("dust after everything went back captures nothing", () => {
    const before = { state: "confirmed", confirmedAt: NOW, ...holding(100n, 100n) } as const
    expect(judged(before, reading("confirmed", 100n, 1n))).toBe(
      "confirmed targets nothing + underpaid",
    )
  })
  test("a part that went back before the capture keeps it from being captured whole", () => {
    expect(judged({ state: "paid", ...holding(100n, 60n) }, reading("confirmed", 100n))).toBe(
      "confirmed targets nothing + underpaid",
    )
  })
  test("after the capture a part that goes back is a refund, and nothing to look at", () => {
    const before = { state: "confirmed", confirmedAt: NOW, ...holding(100n, 60n) } as const
    const facts = { captured: true, settled: true }
    expect(judged(before, reading("confirmed", 100n), facts)).toBe("confirmed targets captured")
  })
  test("whatever is sent back, a capture needs that what is left fits", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 300n), fc.bigInt(0n, 300n), (received, back) => {
        const refunded = back > received ? received : back
        const made = judged(
          { state: "paid", ...holding(received, refunded) },
          reading("confirmed", received),
        )
        expect(made.includes("targets captured")).toBe(received - refunded >= 100n)
      }),
    )
  })
})

describe("a Confirmed that names no amount", () => {
  const docs = rulesOf(accountFrom(docsInput))
  const bare = { ...reading("confirmed"), token: null }
  const seen = (before: Partial<Known>, read: Reading) => {
    const { decision } = judge(known(before), {
      reading: read,
      reports: [],
      rules: docs,
      now: NOW,
      order,
      isTransferTaken: false,
    })
    return [decision.target, ...decision.exceptions].join(" + ")
  }
  const t1 = { hash: "t1", amountMinor: 50n, final: false, lost: false }
  const part = { state: "partial", amountFit: "under", ...holding(50n) } as const

  test("takes back none that an earlier read named", () => {
    expect(seen(part, bare)).toBe("nothing + underpaid")
    expect(seen({ ...part, transfers: [t1] }, bare)).toBe("nothing + underpaid")
    const lost = { ...bare, transfers: [{ ...t1, lost: true }] }
    expect(seen({ ...part, transfers: [t1] }, lost)).toBe("nothing + amount_unknown")
  })
  test("of money on another rail makes none final that was only seen on this one", () => {
    const t2 = { ...t1, amountMinor: 100n }
    const before = { state: "confirmed", confirmedAt: NOW, amountFit: "unknown" } as const
    const astray = { ...bare, token: "USDTBSC", astray: true }
    expect(seen({ ...before, ...holding(100n), transfers: [t2] }, astray)).not.toMatch(/captured/)
  })
  test("is Kobbopay's word where no amount was ever named, or where enough was", () => {
    expect(seen({}, bare)).toBe("captured")
    const whole = { state: "paid", amountFit: "fits", ...holding(100n) } as const
    expect(seen(whole, bare)).toBe("captured")
  })
})

describe("an acceptance is tied to the money it was given for", () => {
  const accepted = { what: "amount", minor: 60n } as const
  test("it holds for that money", () => {
    expect(judged({ state: "partial", accepted, ...holding(60n) }, reading("confirmed", 60n))).toBe(
      "partial targets captured",
    )
  })
  test("it does not hold for what replaced it", () => {
    expect(
      judged(
        {
          state: "partial",
          accepted,
          ...holding(60n),
          transfers: [{ hash: "dropped", amountMinor: 60n, final: false, lost: false }],
        },
        reading("confirmed", 1n),
      ),
    ).toBe("partial targets nothing + underpaid")
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
    expect(judged(before, read)).toMatch(/^confirmed targets nothing/)
  })
  test.each(older)("takes nothing back that Medusa shows: %p", (read) => {
    const shown = { captured: true, settled: true }
    expect(judged({ ...before, target: "captured" }, read, shown)).toMatch(
      /^confirmed targets captured/,
    )
  })
  test("one that takes the Confirmed back is a contradiction, and captures nothing meanwhile", () => {
    const captured = { ...before, target: "captured" } as const
    expect(judged(captured, reading("pending"))).toBe(
      "confirmed targets nothing + ambiguous_finality",
    )
    expect(judged(captured, { ...reading("confirmed"), receivedMinor: 100n })).toBe(
      "confirmed targets captured + overpaid",
    )
  })
  test.each(older)("does not stand against a person's word: %p", (read) => {
    const accepted = { what: "finality", minor: 200n } as const
    expect(judged({ ...before, accepted }, read)).toMatch(/^confirmed targets captured/)
  })
  test("one that shows as much settles", () => {
    expect(judged(before, { ...reading("confirmed"), receivedMinor: 200n })).toBe(
      "confirmed targets captured + overpaid",
    )
  })
})

describe("a newest transfer that failed", () => {
  const failed: Reading = { ...reading("failed"), transferFailed: true }
  test("ends nothing while the offer runs, for another one may come", () => {
    expect(judged({}, failed)).toBe("pending targets nothing")
    expect(judged({}, reading("confirmed", 100n))).toBe("confirmed targets captured")
  })
  test("has ended the payment once the offer is over", () => {
    expect(judged({ windowEndsAt: NOW }, failed)).toBe("failed targets order_cancelled")
  })
})
