import fc from "fast-check"
import { brandAs, type EventRowId, type KobbopayId, type Reference } from "../ids"
import { judge, type EventReport, type Known, type OrderFacts } from "../judge"
import { mergeTransfers, receivedMinor, type KnownTransfer } from "../observation"
import type { Reading, ReportedState } from "../reading"
import { rulesOf } from "../../kobbopay/account-rules"
import { accountFrom, docsInput, invoiceInput } from "../../kobbopay/__tests__/support/accounts"

const NOW = new Date("2026-01-02T12:00:00Z")
const rules = rulesOf(accountFrom(invoiceInput))
const asked = { asset: "USDT", network: "tron", token: "USDTTRC" }

const known = (change: Partial<Known> = {}): Known => ({
  ...asked,
  reference: brandAs<Reference>("kp_1"),
  expectedMinor: 100n,
  decimals: 6,
  state: "pending",
  receivedMinor: null,
  refundedMinor: 0n,
  transfers: [],
  amountFit: null,
  target: "nothing",
  accepted: null,
  createdAt: NOW,
  moneySeenAt: null,
  confirmedAt: null,
  writtenOffMinor: 0n,
  windowEndsAt: new Date(NOW.getTime() + 1_800_000),
  ...change,
})
const reading = (state: ReportedState, ...minors: bigint[]): Reading => ({
  kobbopayId: brandAs<KobbopayId>("id_1"),
  state,
  asset: null,
  network: null,
  reference: null,
  token: "USDTTRC",
  expectedMinor: null,
  receivedMinor: null,
  astray: false,
  transfers: minors.map((amountMinor, index) => ({ hash: `tx_${index}`, amountMinor })),
})
const order: OrderFacts = {
  order: "open",
  covered: false,
  superseded: false,
  captured: false,
  settled: false,
  orderChanged: false,
  overCaptured: false,
  asks: "100 usd",
  placedAt: NOW,
}
const judged = (before: Partial<Known>, read: Reading, facts: Partial<OrderFacts> = {}) => {
  const { decision } = judge(known(before), {
    reading: read,
    reports: [],
    rules,
    now: NOW,
    order: { ...order, ...facts },
    isTransferTaken: false,
  })
  return [`${decision.state} targets ${decision.target}`, ...decision.exceptions].join(" + ")
}
/** What the ledger knows of money that was seen. */
const holding = (receivedMinor: bigint, refundedMinor = 0n) => ({
  receivedMinor,
  refundedMinor,
  moneySeenAt: NOW,
})

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

describe("money on another rail", () => {
  test("is seen while Kobbopay calls the payment open, though nothing of it counts", () => {
    const read = { ...reading("pending"), token: "USDTBSC", astray: true }
    expect(judged({}, read)).toBe("partial targets nothing + rail_mismatch")
  })
  test.each([null, 0n])(
    "is held, for closing and for reports, over a sum of %p",
    (receivedMinor) => {
      const read = { ...reading("pending"), token: "USDTBSC", astray: true, receivedMinor }
      const old = { createdAt: new Date(0), windowEndsAt: NOW }
      const held = { state: "partial", amountFit: "unknown", moneySeenAt: NOW } as const
      expect(judged(old, read)).toBe("partial targets nothing + rail_mismatch")
      expect(judged({ ...old, ...held, receivedMinor }, read)).toMatch(
        /^partial targets nothing \+ rail_mismatch/,
      )
      const partial = {
        id: brandAs<EventRowId>("event_1"),
        state: "partial",
        amountMinor: null,
      } as const
      const { met } = judge(known(held), {
        reading: read,
        rules,
        now: NOW,
        order,
        isTransferTaken: false,
        reports: [{ ...partial, patient: false, receivedAt: NOW }],
      })
      expect(met.size).toBe(1)
    },
  )
})

describe("transfers that are seen and go again", () => {
  const at = (hash: string, minor: bigint, change: object = {}) => ({
    hash,
    amountMinor: minor,
    final: false,
    lost: false,
    ...change,
  })
  const read = (state: ReportedState, ...transfers: Reading["transfers"]): Reading => ({
    ...reading(state),
    transfers,
  })
  const lost = (hash: string, amountMinor: bigint) => ({ hash, amountMinor, lost: true })
  const paid = { state: "paid" as const, amountFit: "fits" as const, ...holding(100n) }

  test("one that is replaced by another of the same amount fits exactly", () => {
    const seen = { ...paid, transfers: [at("t1", 100n)] }
    const replaced = read("confirmed", lost("t1", 100n), { hash: "t2", amountMinor: 100n })
    expect(judged(seen, replaced)).toBe("confirmed targets captured")
  })
  test("one that is gone with nothing in its place asks nothing of the order", () => {
    const seen = { ...paid, target: "authorized", transfers: [at("t1", 100n)] } as const
    expect(judged(seen, read("pending", lost("t1", 100n)))).toBe("paid targets nothing")
  })
  test("a final one that is gone is a contradiction, and still counts", () => {
    const before: Partial<Known> = {
      state: "confirmed",
      confirmedAt: NOW,
      amountFit: "fits",
      ...holding(100n),
      transfers: [at("t1", 100n, { final: true })],
    }
    const gone = read("confirmed", lost("t1", 100n))
    expect(judged(before, gone)).toBe("confirmed targets captured + ambiguous_finality")
    expect(judged(before, gone, { captured: true, settled: true })).toBe(
      "confirmed targets captured + ambiguous_finality",
    )
  })
  test("one that counts for another payment already settles nothing here", () => {
    const { decision } = judge(known(), {
      reading: reading("confirmed", 100n),
      reports: [],
      rules,
      now: NOW,
      order,
      isTransferTaken: true,
    })
    expect(decision).toMatchObject({ target: "nothing", exceptions: ["duplicate_transfer"] })
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

describe("what signed events report", () => {
  const report = (change: Partial<EventReport> = {}): EventReport => ({
    id: brandAs<EventRowId>("event_1"),
    state: "paid",
    amountMinor: null,
    patient: true,
    receivedAt: NOW,
    ...change,
  })
  const over = { windowEndsAt: NOW, createdAt: new Date(0) }
  const weighed = (before: Partial<Known>, read: Reading, ...reports: EventReport[]) =>
    judge(known(before), {
      reading: read,
      reports,
      rules,
      now: NOW,
      order,
      isTransferTaken: false,
    })
  const judgedAs = (...given: Parameters<typeof weighed>) => {
    const { decision } = weighed(...given)
    return [`${decision.state} targets ${decision.target}`, ...decision.exceptions].join(" + ")
  }

  test("keeps an order from being cancelled until reads bear it out or a person looked", () => {
    expect(judgedAs(over, reading("pending"))).toBe("expired targets order_cancelled")
    expect(judgedAs(over, reading("pending"), report())).toBe("expired targets nothing")
    expect(judgedAs(over, reading("pending"), report({ patient: false }))).toBe(
      "expired targets nothing + ambiguous_finality",
    )
    const ended = report({ state: "expired" })
    expect(judgedAs(over, reading("pending"), ended)).toBe("expired targets order_cancelled")
  })
  test("a partial whose amount exceeds what the read shows is not borne out", () => {
    const more = report({ state: "partial", amountMinor: 60n })
    const read = reading("pending", 40n)
    expect(weighed({}, read, more).met.size).toBe(0)
    expect(weighed({}, read, { ...more, amountMinor: 40n }).met).toEqual(new Set([more.id]))
    expect(judgedAs({}, read, { ...more, patient: false })).toMatch(/ambiguous_finality$/)
  })
  test("reads that must carry amounts say by silence that nothing came", () => {
    const partial = report({ state: "partial", amountMinor: 1n })
    expect(weighed({}, reading("pending"), partial).met.size).toBe(0)
  })
  test("each of two events of the same state is met by its own amount", () => {
    const first = report({ state: "partial", amountMinor: 40n })
    const second = report({
      id: brandAs<EventRowId>("event_2"),
      state: "partial",
      amountMinor: 70n,
    })
    expect(weighed({}, reading("pending", 40n), first, second).met).toEqual(new Set([first.id]))
    expect(weighed({}, reading("pending", 40n, 30n), first, second).met.size).toBe(2)
  })
})

describe("whether money came in time", () => {
  const GRACE = rules.graceMs
  const ended = (ago: number) => ({ windowEndsAt: new Date(NOW.getTime() - ago) })
  const read = reading("confirmed", 100n)
  const reportedAt = (receivedAt: Date): EventReport => ({
    id: brandAs<EventRowId>("event_1"),
    state: "paid",
    amountMinor: null,
    patient: false,
    receivedAt,
  })
  const judgedAs = (before: Partial<Known>, reports: EventReport[] = []) => {
    const check = { reading: read, reports, rules, now: NOW, order, isTransferTaken: false }
    const { decision } = judge(known(before), check)
    return [`${decision.state} targets ${decision.target}`, ...decision.exceptions].join(" + ")
  }

  test("to the end of the grace it did", () => {
    expect(judgedAs(ended(GRACE))).toBe("confirmed targets captured")
    expect(judgedAs(ended(GRACE + 1))).toBe("expired targets nothing + late_payment")
  })
  test("enough that was seen before stays in time, a part of it does not make the rest so", () => {
    const before = { ...ended(GRACE + 1), ...holding(100n) }
    expect(judgedAs({ ...before, state: "paid", amountFit: "fits" })).toBe(
      "confirmed targets captured",
    )
    expect(
      judgedAs({ ...ended(GRACE + 1), ...holding(40n), state: "partial", amountFit: "under" }),
    ).toBe("expired targets nothing + late_payment")
  })
  test("what a signed event reported in time counts as seen then", () => {
    const inTime = new Date(NOW.getTime() - GRACE - 1)
    expect(judgedAs(ended(GRACE + 1), [reportedAt(inTime)])).toBe("confirmed targets captured")
    expect(judgedAs(ended(GRACE + 1), [reportedAt(NOW)])).toBe(
      "expired targets nothing + late_payment",
    )
  })
})

describe("any order, repetition and spelling of the same truth", () => {
  const HASHES = ["Ab12", "cd34", "EF56"] as const
  const spelled = (hash: string, how: number) =>
    [hash, hash.toLowerCase(), hash.toUpperCase(), `0x${hash}`, ` 0X${hash} `][how] ?? hash
  const truth = fc.record({
    amounts: fc.tuple(fc.bigInt(1n, 9n), fc.bigInt(1n, 9n), fc.bigInt(1n, 9n)),
    lost: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  })
  const check = fc.array(fc.record({ which: fc.nat(2), how: fc.nat(4) }), { maxLength: 5 })

  test("gives the same received sum", () => {
    fc.assert(
      fc.property(truth, fc.array(check, { maxLength: 6 }), ({ amounts, lost }, checks) => {
        const one = (which: number, how: number, isLost: boolean) => ({
          hash: spelled(HASHES[which] ?? "", how),
          amountMinor: amounts[which] ?? 0n,
          lost: isLost,
        })
        // On the way each was seen in some spellings; in the end all are named once, some as lost.
        const last = [0, 1, 2].map((which) => one(which, which, lost[which] ?? false))
        const merged = [
          ...checks.map((seen) => seen.map((s) => one(s.which, s.how, false))),
          last,
        ].reduce<KnownTransfer[]>(
          (known, transfers) => mergeTransfers(known, { state: "paid", transfers }),
          [],
        )
        const expected = amounts.reduce(
          (sum, amount, which) => (lost[which] === true ? sum : sum + amount),
          0n,
        )
        expect(receivedMinor(merged, { receivedMinor: null })).toBe(expected)
        expect(merged).toHaveLength(3)
      }),
    )
  })
})
