import type { Fit } from "../fit"
import { decide, type Facts } from "../lifecycle"
import type { ReportedState } from "../reading"
import { facts, fit, words } from "./support/decisions"

describe("what keeps an order from being cancelled", () => {
  const ended = (change: Partial<Facts>, amount: Fit["amount"] = "none") =>
    words(
      decide(facts({ state: "expired", ...change }), {
        reportedState: "expired",
        fit: fit(amount),
      }),
    )

  test("a signed report of money that reads do not bear out", () => {
    expect(ended({})).toBe("expired targets order_cancelled")
    expect(ended({ reported: true })).toBe("expired targets nothing")
    expect(ended({ reported: true, state: "pending" })).toBe("expired targets nothing")
    expect(ended({ reported: true, state: "failed" })).toBe("failed targets nothing")
  })
  test("money that is there; once all of it went back, nothing but an offer that still runs", () => {
    expect(ended({}, "under")).toBe("expired targets nothing + underpaid")
    expect(ended({ returned: "all" }, "under")).toBe("expired targets order_cancelled")
    expect(ended({ returned: "all", state: "partial" }, "under")).toBe(
      "expired targets order_cancelled",
    )
    const partial = (change: Partial<Facts>) =>
      words(
        decide(facts({ state: "partial", returned: "all", ...change }), {
          reportedState: "pending",
          fit: fit("under"),
        }),
      )
    expect(partial({})).toBe("partial targets nothing")
    expect(partial({ windowOver: true })).toBe("partial targets order_cancelled")
    expect(partial({ windowOver: true, reported: true })).toBe("partial targets nothing")
    expect(partial({ windowOver: true, covered: true })).toBe("partial targets nothing")
  })
})

describe("what Medusa shows as captured", () => {
  const captured = (change: Partial<Facts>, amount: Fit["amount"] = "fits") =>
    words(
      decide(facts({ state: "confirmed", captured: true, ...change }), {
        reportedState: "confirmed",
        fit: fit(amount),
      }),
    )

  test("stays captured when something else pays for the order too, and that is an exception", () => {
    expect(captured({ covered: true })).toBe("confirmed targets captured + duplicate_payment")
    expect(captured({ covered: true, returned: "excess" })).toBe(
      "confirmed targets captured + duplicate_payment",
    )
  })
  test("and is more than the order costs, is owed back", () => {
    expect(captured({ overCaptured: true })).toBe("confirmed targets captured + refund_owed")
    expect(captured({ overCaptured: true, returned: "all" })).toBe("confirmed targets captured")
  })
  test("of a cancelled order is owed back, and asked for no more", () => {
    expect(captured({ order: "cancelled" })).toBe("confirmed targets nothing + refund_owed")
  })
  test("what Medusa does not show as captured is not held against the order's costs", () => {
    expect(captured({ captured: false, overCaptured: true })).toBe("confirmed targets captured")
  })
})

describe("what a person decides", () => {
  const seen = (
    change: Partial<Facts>,
    reportedState: ReportedState,
    ...with_: Parameters<typeof fit>
  ) => words(decide(facts(change), { reportedState, fit: fit(...with_) }))

  test("an accepted payment settles whatever did not fit", () => {
    const accepted = { accepted: "amount" } as const
    expect(seen({ ...accepted, state: "partial" }, "confirmed", "under")).toBe(
      "partial targets captured",
    )
    expect(seen({ ...accepted, state: "expired" }, "confirmed", "fits")).toBe(
      "expired targets captured",
    )
    expect(seen({ ...accepted, superseded: true }, "confirmed", "fits")).toBe(
      "confirmed targets captured",
    )
    expect(seen({ ...accepted, state: "confirmed" }, "confirmed", "fits", "rail_mismatch")).toBe(
      "confirmed targets captured",
    )
  })
  test("an accepted amount that is only seen is captured once it is confirmed", () => {
    expect(seen({ accepted: "amount", state: "partial" }, "paid", "under")).toBe(
      "partial targets authorized",
    )
  })
  test("an accepted amount that fails, or that is never confirmed, is not captured", () => {
    const accepted = { accepted: "amount", state: "paid" } as const
    expect(seen(accepted, "failed", "fits")).toBe("paid targets authorized + ambiguous_finality")
    expect(seen(accepted, "pending", "fits")).toBe("paid targets authorized")
    expect(seen({ ...accepted, state: "partial" }, "partial", "under")).toBe(
      "partial targets authorized",
    )
  })
  test("what the order asks after the acceptance has to be accepted again", () => {
    expect(seen({ accepted: "amount", state: "paid" }, "confirmed", "fits", "order_changed")).toBe(
      "confirmed targets nothing + order_changed",
    )
  })
  test("money of which too much went back settles nothing, unless it is captured already", () => {
    const short = { state: "paid", returned: "short" } as const
    expect(seen(short, "confirmed", "fits")).toBe("confirmed targets nothing + underpaid")
    expect(seen({ ...short, captured: true }, "confirmed", "fits")).toBe(
      "confirmed targets captured",
    )
  })
  test("an accepted lack of finality is captured as it is, and is stuck no more", () => {
    expect(seen({ accepted: "finality", state: "paid", stuck: true }, "paid", "fits")).toBe(
      "paid targets captured",
    )
  })
  test("nobody accepts money for an order that ended, or that is paid already", () => {
    expect(seen({ accepted: "amount", order: "cancelled" }, "confirmed", "fits")).toBe(
      "confirmed targets nothing + order_cancelled",
    )
    expect(seen({ accepted: "amount", covered: true }, "confirmed", "fits")).toBe(
      "confirmed targets nothing + duplicate_payment",
    )
  })
  test("nothing is accepted before there is money", () => {
    expect(seen({ accepted: "amount" }, "pending", "none")).toBe("pending targets nothing")
  })
  test("a captured order that is cancelled owes its money back until it was refunded", () => {
    const cancelled = { state: "confirmed", captured: true, order: "cancelled" } as const
    expect(seen(cancelled, "confirmed", "fits")).toBe("confirmed targets nothing + refund_owed")
    expect(seen({ ...cancelled, returned: "all" }, "confirmed", "fits")).toBe(
      "confirmed targets nothing",
    )
  })
  test("money that went back is nobody's matter any more", () => {
    expect(seen({ state: "partial", returned: "all" }, "confirmed", "under")).toBe(
      "partial targets nothing",
    )
    expect(seen({ state: "confirmed", returned: "excess" }, "confirmed", "over")).toBe(
      "confirmed targets captured",
    )
  })
})
