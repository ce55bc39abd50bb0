import { brandAs, type EventRowId } from "../ids"
import { judge, type EventReport, type Known } from "../judge"
import type { Reading } from "../reading"
import { NOW, rules, known, reading, order, holding } from "./support/judging"

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
