import fc from "fast-check"
import { brandAs, type EventRowId } from "../ids"
import { judge, type Known } from "../judge"
import { mergeTransfers, receivedMinor, type KnownTransfer } from "../observation"
import type { Reading, ReportedState } from "../reading"
import { NOW, rules, known, reading, order, judged, holding } from "./support/judging"

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
