import fc from "fast-check"
import { brandAs, type SessionId } from "../../domain/ids"
import { PAYMENT_STATES } from "../../domain/reading"
import { TARGETS } from "../../store/payment"
import { CANCEL_SLACK_MS } from "../audit"
import type { MedusaView } from "../../store/medusa-view"
import {
  NOW,
  HOUR,
  BASE,
  payment,
  booked,
  order,
  captured,
  reading,
  kindsOf,
  kindOf,
  CONFIRMED,
  EXPIRED,
} from "./support/audits"

describe("what contradicts what", () => {
  it("is none while everything waits, is paid, or ended together", () => {
    expect(kindOf(payment(), order())).toBeNull()
    expect(kindOf(CONFIRMED, captured())).toBeNull()
    expect(
      kindOf(payment({ state: "paid", target: "authorized" }), order({ payments: [booked(null)] })),
    ).toBeNull()
    expect(kindOf(EXPIRED, order({ order: "cancelled" }), { orderCancelledAt: NOW })).toBeNull()
  })

  it("confirmed and not, or not wholly, captured", () => {
    const kind = "paid_there_unpaid_here"
    expect(kindOf(CONFIRMED, order())).toBe(kind)
    expect(kindOf(CONFIRMED, null)).toBe(kind)
    expect(kindOf(CONFIRMED, order({ payments: [booked(null)] }))).toBe(kind)
    expect(kindOf(CONFIRMED, order({ payments: [booked("5")] }))).toBe(kind)
    expect(kindOf(CONFIRMED, { ...captured(), transactions: [] })).toBe(kind)
  })

  it("confirmed money that is an exception is not to be captured, so it is none", () => {
    expect(kindOf(payment({ state: "confirmed", target: "nothing" }), order())).toBeNull()
  })

  it("captured although nothing allows it", () => {
    const kind = "captured_here_not_confirmed_there"
    expect(kindOf(payment(), captured())).toBe(kind)
    expect(kindOf(payment({ state: "paid" }), captured())).toBe(kind)
    expect(kindOf(payment({ state: "partial" }), captured())).toBe(kind)
  })

  it("captured on Paid where the options say so, or by a person's word, is none", () => {
    expect(kindOf(payment({ state: "paid" }), captured(), { captureOn: "paid" })).toBeNull()
    const accepted = payment({ state: "partial", accepted: "amount", accepted_amount: "10.5" })
    expect(kindOf(accepted, captured())).toBeNull()
  })

  it("captured by another provider is not ours to judge", () => {
    const others = { ...booked("10.5"), payment_session_id: brandAs<SessionId>("payses_other") }
    expect(kindOf(payment(), order({ payments: [others] }))).toBeNull()
  })

  it("another amount captured than was asked for, or accepted", () => {
    expect(kindOf(CONFIRMED, captured("10"))).toBe("amount_differs")
    expect(kindsOf(CONFIRMED, captured("12"))).toEqual([
      "captured_more_than_asked",
      "amount_differs",
    ])
    const accepted = payment({
      state: "confirmed",
      target: "captured",
      accepted: "amount",
      accepted_amount: "12",
    })
    expect(kindOf(accepted, { ...captured("12"), total: "12" })).toBeNull()
    expect(kindsOf(accepted, { ...captured("10.5"), total: "12" })).toContain("amount_differs")
  })

  it("another amount expected at Kobbopay; an unsaid one is none", () => {
    const readResult = (expectedMinor: bigint | null) => ({
      readResult: { ...reading, expectedMinor },
    })
    expect(kindOf(payment(), order(), readResult(10_500_001n))).toBe("amount_differs")
    expect(kindOf(payment(), order(), readResult(10_500_000n))).toBeNull()
    expect(kindOf(payment(), order(), readResult(null))).toBeNull()
  })

  it("an order cancelled that the ledger does not know of, once for its payments", () => {
    const view = order({ order: "cancelled" })
    const newer = payment({ id: "kpay_2" })
    expect(kindOf(payment(), view)).toBe("order_cancelled_unnoticed")
    expect(kindOf(payment(), view, { payments: [payment(), newer] })).toBeNull()
    expect(kindOf(newer, view, { payments: [payment(), newer] })).toBe("order_cancelled_unnoticed")
  })

  it("an order that waits on after the grace, and not a moment before", () => {
    const end = BASE.window_ends_at.getTime()
    const at = (ms: number) => ({ cancelOrderAfterMs: HOUR, now: new Date(end + HOUR + ms) })
    expect(kindOf(EXPIRED, order(), at(CANCEL_SLACK_MS))).toBe("order_open_payment_expired")
    expect(kindOf(EXPIRED, order(), at(CANCEL_SLACK_MS - 1))).toBeNull()
  })

  it.each<[string, Partial<MedusaView>]>([
    ["another payment", { payments: [{ ...booked(null), payment_session_id: null }] }],
    ["a transaction", { transactions: [{ reference: "capture", reference_id: "x" }] }],
    [
      "a session of another provider",
      {
        sessions: [
          ...order().sessions,
          ...order().sessions.map((own) => ({ ...own, id: brandAs<SessionId>("other") })),
        ],
      },
    ],
    ["nothing at all, for it is free", { total: "0" }],
  ])("an order that waits for %s is none", (_what, given) => {
    expect(kindOf(EXPIRED, order(given))).toBeNull()
  })

  it("an order of which another payment is still open is none", () => {
    const open = payment({ id: "kpay_2" })
    expect(kindOf(EXPIRED, order(), { payments: [open, EXPIRED] })).toBeNull()
  })

  it("a payment that Kobbopay does not know is that, whatever else is wrong", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAYMENT_STATES),
        fc.constantFrom(...TARGETS),
        (state, target) => {
          const of = payment({ state, target })
          expect(kindOf(of, captured("3"), { readResult: "unknown" })).toBe("unknown_at_kobbopay")
        },
      ),
    )
  })

  it("a capture is drift exactly when it is not allowed, or not the amount", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAYMENT_STATES),
        fc.constantFrom("paid" as const, "confirmed" as const),
        fc.constantFrom(null, "amount" as const, "finality" as const),
        fc.integer({ min: 1, max: 20 }),
        (state, captureOn, accepted, amount) => {
          const of = payment({ state, accepted, accepted_amount: accepted && "10" })
          const allowed =
            accepted !== null || state === "confirmed" || (state === "paid" && captureOn === "paid")
          const owed = accepted === null ? 10.5 : 10
          const expected = [
            ...(allowed ? [] : ["captured_here_not_confirmed_there"]),
            ...(amount > 10.5 ? ["captured_more_than_asked"] : []),
            ...(amount === owed ? [] : ["amount_differs"]),
          ]
          expect(kindsOf(of, captured(String(amount)), { captureOn })).toEqual(expected)
        },
      ),
    )
  })
})
