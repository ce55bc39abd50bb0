import type { Fit } from "../fit"
import { decide, type Facts } from "../lifecycle"
import type { PaymentState, ReportedState } from "../reading"
import { REPORTED_STATES, ACCEPT, facts, fit, words } from "./support/decisions"

/** What a read of this state reports of money when nothing is wrong. */
const USUAL: Record<ReportedState, Fit["amount"]> = {
  pending: "none",
  partial: "under",
  paid: "fits",
  confirmed: "fits",
  expired: "none",
  failed: "none",
}

describe("the table for an open order with nothing else settled", () => {
  const table: Record<Exclude<PaymentState, "creating">, Record<ReportedState, string>> = {
    pending: {
      pending: "pending targets nothing",
      partial: "partial targets nothing + underpaid",
      paid: "paid targets authorized",
      confirmed: "confirmed targets captured",
      expired: "expired targets order_cancelled",
      failed: "failed targets order_cancelled",
    },
    partial: {
      pending: "partial targets nothing + underpaid",
      partial: "partial targets nothing + underpaid",
      paid: "paid targets authorized",
      confirmed: "confirmed targets captured",
      expired: "expired targets nothing + underpaid",
      failed: "partial targets nothing + ambiguous_finality + underpaid",
    },
    paid: {
      pending: "paid targets authorized",
      partial: "paid targets nothing + ambiguous_finality",
      paid: "paid targets authorized",
      confirmed: "confirmed targets captured",
      expired: "paid targets nothing + ambiguous_finality",
      failed: "paid targets nothing + ambiguous_finality",
    },
    confirmed: {
      pending: "confirmed targets nothing + ambiguous_finality",
      partial: "confirmed targets nothing + ambiguous_finality",
      paid: "confirmed targets captured",
      confirmed: "confirmed targets captured",
      expired: "confirmed targets nothing + ambiguous_finality",
      failed: "confirmed targets nothing + ambiguous_finality",
    },
    expired: {
      pending: "expired targets order_cancelled",
      partial: "expired targets nothing + late_payment",
      paid: "expired targets nothing + late_payment",
      confirmed: "expired targets nothing + late_payment",
      expired: "expired targets order_cancelled",
      failed: "expired targets order_cancelled",
    },
    failed: {
      pending: "failed targets order_cancelled",
      partial: "failed targets nothing + late_payment",
      paid: "failed targets nothing + late_payment",
      confirmed: "failed targets nothing + late_payment",
      expired: "failed targets order_cancelled",
      failed: "failed targets order_cancelled",
    },
  }
  // Once money was seen it stays counted, whatever a later read forgets to say.
  const counted: Record<Exclude<PaymentState, "creating">, Fit["amount"]> = {
    pending: "none",
    partial: "under",
    paid: "fits",
    confirmed: "fits",
    expired: "none",
    failed: "none",
  }
  const cases = Object.entries(table).flatMap(([state, row]) =>
    REPORTED_STATES.map(
      (reportedState) => [state as keyof typeof table, reportedState, row[reportedState]] as const,
    ),
  )

  test.each(cases)("%s, seen %s: %s", (state, reportedState, expected) => {
    const usual = USUAL[reportedState]
    const amount =
      usual === "none" ? counted[state] : state === "paid" && usual === "under" ? "fits" : usual
    const settled = state === "confirmed" && reportedState === "partial" ? "fits" : amount
    expect(words(decide(facts({ state }), { reportedState, fit: fit(settled) }))).toBe(expected)
  })

  test.each(REPORTED_STATES)("creating is judged as pending when %s is seen", (reportedState) => {
    const observation = { reportedState, fit: fit(USUAL[reportedState]) }
    expect(decide(facts({ state: "creating" }), observation)).toEqual(
      decide(facts({ state: "pending" }), observation),
    )
  })
})

describe("money that does not fit", () => {
  const confirmed = (change: Partial<Facts>, seen: Fit): string =>
    words(decide(facts(change), { reportedState: "confirmed", fit: seen }))

  test("too little is partial, whatever Kobbopay calls it", () => {
    expect(confirmed({}, fit("under"))).toBe("partial targets nothing + underpaid")
    expect(confirmed({ state: "partial" }, fit("under"))).toBe(
      "partial targets nothing + underpaid",
    )
  })
  test("too much settles the order and is an exception", () => {
    expect(confirmed({}, fit("over"))).toBe("confirmed targets captured + overpaid")
  })
  test.each([
    ["pending", "partial targets nothing + rail_mismatch"],
    ["expired", "expired targets nothing + late_payment + rail_mismatch"],
  ] as const)("money on another rail is seen while Kobbopay says %s", (reportedState, expected) => {
    expect(words(decide(facts(), { reportedState, fit: fit("unknown", "rail_mismatch") }))).toBe(
      expected,
    )
  })
  test("what fits for us but not for Kobbopay, which goes on waiting, is an exception", () => {
    expect(words(decide(facts(), { reportedState: "pending", fit: fit("fits") }))).toBe(
      "partial targets nothing + underpaid",
    )
  })
  test("an amount that the read does not carry is never a fit", () => {
    expect(confirmed({}, fit("unknown"))).toBe("confirmed targets nothing + amount_unknown")
  })
  test("a Confirmed over less than was paid contradicts itself", () => {
    expect(confirmed({ state: "paid" }, fit("under"))).toBe(
      "paid targets nothing + ambiguous_finality + underpaid",
    )
  })
  test.each(["rail_mismatch", "reference_mismatch", "order_changed"] as const)(
    "%s keeps it from settling",
    (mismatch) => {
      expect(confirmed({}, fit("fits", mismatch))).toBe(`confirmed targets nothing + ${mismatch}`)
    },
  )
})

describe("money on an order that cannot take it", () => {
  const seen = (change: Partial<Facts>, reportedState: ReportedState = "confirmed") =>
    decide(facts(change), {
      reportedState,
      fit: fit(reportedState === "partial" ? "under" : "fits"),
    })

  test.each(["cancelling", "cancelled"] as const)("an order %s is never settled", (order) => {
    expect(words(seen({ order }))).toBe("confirmed targets nothing + order_cancelled")
    expect(words(seen({ order }, "paid"))).toBe("paid targets nothing + order_cancelled")
    expect(words(seen({ order }, "partial"))).toBe("partial targets nothing + order_cancelled")
    expect(words(seen({ order, state: "expired" }))).toBe(
      "expired targets nothing + order_cancelled",
    )
  })
  test("an order that something else pays for is not paid twice in silence", () => {
    expect(words(seen({ covered: true }))).toBe("confirmed targets nothing + duplicate_payment")
    expect(words(seen({ covered: true, state: "expired" }))).toBe(
      "expired targets nothing + duplicate_payment",
    )
  })
  test("a payment that the checkout no longer shows does not settle by itself", () => {
    expect(words(seen({ superseded: true }))).toBe("confirmed targets nothing + superseded")
  })
  test("a late payment settles where the merchant accepts them", () => {
    const policy = ACCEPT
    expect(words(seen({ state: "expired", policy }))).toBe("confirmed targets captured")
    expect(words(seen({ state: "expired", policy, order: "cancelled" }))).toBe(
      "confirmed targets nothing + order_cancelled",
    )
  })
  test("money that stays unconfirmed too long is stuck", () => {
    expect(words(seen({ state: "paid", stuck: true }, "paid"))).toBe(
      "paid targets authorized + stuck",
    )
    expect(words(seen({ state: "paid", stuck: true }))).toBe("confirmed targets captured")
  })
  test("late money is stuck only while Kobbopay does not call it final", () => {
    const late = { state: "expired", stuck: true } as const
    expect(words(seen(late))).toBe("expired targets nothing + late_payment")
    expect(words(seen(late, "paid"))).toBe("expired targets nothing + late_payment + stuck")
  })
})

describe("a state that is taken back", () => {
  const seen = (
    change: Partial<Facts>,
    reportedState: ReportedState,
    amount: Fit["amount"] = "fits",
  ) => words(decide(facts(change), { reportedState, fit: fit(amount) }))
  const LESS = ["pending", "partial", "expired", "failed"] as const

  test.each(LESS)(
    "Confirmed, then %s: a person looks, and nothing is taken from Medusa",
    (reportedState) => {
      const shown = { state: "confirmed", captured: true } as const
      expect(seen(shown, reportedState)).toBe("confirmed targets captured + ambiguous_finality")
      expect(seen({ state: "confirmed" }, reportedState)).toBe(
        "confirmed targets nothing + ambiguous_finality",
      )
      expect(seen({ state: "confirmed", accepted: "finality" }, reportedState)).toMatch(
        /^confirmed targets captured/,
      )
    },
  )
  test.each(["expired", "failed", "partial"] as const)(
    "Paid, then %s: it asks nothing of the order, so that another payment can settle it",
    (reportedState) => {
      expect(seen({ state: "paid" }, reportedState)).toBe(
        "paid targets nothing + ambiguous_finality",
      )
    },
  )
  test("Paid, then Pending for long, is a contradiction too", () => {
    expect(seen({ state: "paid" }, "pending")).toBe("paid targets authorized")
    expect(seen({ state: "paid", stuck: true }, "pending")).toBe(
      "paid targets nothing + ambiguous_finality + stuck",
    )
  })
  test("a Paid whose transfers are all gone asks nothing either, whatever the read calls it", () => {
    expect(seen({ state: "paid" }, "pending", "none")).toBe("paid targets nothing")
    expect(seen({ state: "paid", covered: true }, "expired", "none")).toMatch(
      /^paid targets nothing/,
    )
  })
  test("what was authorized as confirmed comes back by itself when a later read says so again", () => {
    expect(seen({ state: "confirmed" }, "confirmed")).toBe("confirmed targets captured")
    expect(seen({ state: "paid" }, "paid")).toBe("paid targets authorized")
  })
})

describe("money that comes after the offer was over", () => {
  const late = (
    change: Partial<Facts>,
    reportedState: ReportedState,
    amount: Fit["amount"] = "fits",
  ) =>
    words(
      decide(facts({ late: true, windowOver: true, ...change }), {
        reportedState,
        fit: fit(amount),
      }),
    )

  test.each(["creating", "pending", "partial"] as const)(
    "from %s is for a person where late payments are reviewed",
    (state) => {
      expect(late({ state }, "paid")).toBe("expired targets nothing + late_payment")
      expect(late({ state }, "confirmed")).toBe("expired targets nothing + late_payment")
      expect(late({ state }, "pending")).toBe("expired targets nothing + late_payment")
      expect(late({ state }, "partial", "under")).toBe("expired targets nothing + late_payment")
    },
  )
  test("settles as from pending where the merchant accepts late payments", () => {
    expect(late({ policy: ACCEPT }, "paid")).toBe("paid targets authorized")
    expect(late({ policy: ACCEPT }, "confirmed")).toBe("confirmed targets captured")
    expect(late({ policy: ACCEPT }, "partial", "under")).toBe("partial targets nothing + underpaid")
  })
  test("settles once a person has accepted it", () => {
    expect(late({ accepted: "amount" }, "confirmed")).toBe("confirmed targets captured")
    expect(late({ accepted: "amount", state: "expired" }, "confirmed")).toBe(
      "expired targets captured",
    )
  })
  test("tells of the order's end first", () => {
    expect(late({ order: "cancelled" }, "confirmed")).toBe(
      "expired targets nothing + order_cancelled",
    )
    expect(late({ covered: true }, "confirmed")).toBe("expired targets nothing + duplicate_payment")
  })
  test("what had settled before it was over is not late", () => {
    expect(late({ state: "paid" }, "confirmed")).toBe("confirmed targets captured")
  })
})
