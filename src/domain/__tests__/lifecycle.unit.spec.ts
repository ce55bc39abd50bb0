import fc from "fast-check"
import type { Fit } from "../fit"
import { decide, EXCEPTION_CLASSES, type Decision, type Facts } from "../lifecycle"
import { PAYMENT_STATES, type PaymentState, type ReportedState } from "../reading"

const REPORTED_STATES: readonly ReportedState[] = [
  "pending",
  "partial",
  "paid",
  "confirmed",
  "expired",
  "failed",
]
const AMOUNTS: readonly Fit["amount"][] = ["none", "under", "fits", "over", "unknown"]

const REVIEW = { authorizeOn: "paid", captureOn: "confirmed", latePayments: "review" } as const
const ACCEPT = { ...REVIEW, latePayments: "accept" } as const

const facts = (change: Partial<Facts> = {}): Facts => ({
  state: "pending",
  order: "open",
  covered: false,
  superseded: false,
  captured: false,
  accepted: null,
  returned: "nothing",
  windowOver: false,
  late: false,
  reported: false,
  overCaptured: false,
  stuck: false,
  policy: REVIEW,
  ...change,
})
const fit = (amount: Fit["amount"], ...mismatches: Fit["mismatches"]): Fit => ({
  amount,
  mismatches,
})

/** "state targets what: exceptions", the way the design's table is written. */
const words = ({ state, target, exceptions }: Decision): string =>
  [`${state} targets ${target}`, ...[...exceptions].sort()].join(" + ")

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

describe("what holds for every combination", () => {
  const anyFacts = fc.record<Facts>({
    state: fc.constantFrom(...PAYMENT_STATES),
    order: fc.constantFrom("none", "open", "cancelling", "cancelled"),
    covered: fc.boolean(),
    superseded: fc.boolean(),
    captured: fc.boolean(),
    accepted: fc.constantFrom(null, null, "amount", "finality"),
    returned: fc.constantFrom("nothing", "nothing", "excess", "short", "all"),
    windowOver: fc.boolean(),
    late: fc.boolean(),
    reported: fc.boolean(),
    overCaptured: fc.boolean(),
    stuck: fc.boolean(),
    policy: fc.constantFrom<Facts["policy"]>(
      REVIEW,
      ACCEPT,
      { authorizeOn: "confirmed", captureOn: "confirmed", latePayments: "review" },
      { authorizeOn: "paid", captureOn: "paid", latePayments: "accept" },
    ),
  })
  const anyObservation = fc.record({
    reportedState: fc.constantFrom(...REPORTED_STATES),
    fit: fc.record<Fit>({
      amount: fc.constantFrom(...AMOUNTS),
      mismatches: fc.subarray(["rail_mismatch", "reference_mismatch", "order_changed"]),
    }),
  })
  const holds = (
    check: (facts: Facts, seen: { reportedState: ReportedState; fit: Fit }, made: Decision) => void,
  ) => {
    fc.assert(
      fc.property(anyFacts, anyObservation, (known, seen) => {
        // Late is what money is: without any there is nothing that could be.
        fc.pre(!known.late || seen.fit.amount !== "none")
        check(known, seen, decide(known, seen))
      }),
      { numRuns: 5_000 },
    )
  }
  const RANK: Record<PaymentState, number> = {
    creating: 0,
    pending: 1,
    partial: 2,
    paid: 3,
    confirmed: 4,
    expired: 2,
    failed: 2,
  }

  test("nothing moves backwards", () => {
    holds((known, _seen, { state }) => {
      if (known.state === "expired" || known.state === "failed") {
        expect(["expired", "failed", "pending", "partial", "paid", "confirmed"]).toContain(state)
        if (known.policy.latePayments === "review") expect(state).toBe(known.state)
      } else {
        expect(RANK[state]).toBeGreaterThanOrEqual(RANK[known.state])
      }
    })
  })

  test("nothing is captured before its gate, without a fit, or for an order that cannot take it", () => {
    holds((known, seen, { target, state }) => {
      if (target !== "captured" && target !== "authorized") return
      expect(["none", "open"]).toContain(known.order)
      // What is captured stays so; its refunds are Medusa's to show.
      if (known.captured && known.order === "open" && target === "captured") return
      expect(known.returned).not.toBe("all")
      expect(known.covered).toBe(false)
      if (known.accepted !== null) {
        expect(seen.fit.amount).not.toBe("none")
        expect(seen.fit.mismatches).not.toContain("order_changed")
        const isFinal =
          [state, seen.reportedState].includes("confirmed") || known.accepted === "finality"
        const isEarly = known.policy.captureOn === "paid" && seen.reportedState === "paid"
        if (target === "captured") expect(isFinal || isEarly).toBe(true)
        return
      }
      expect(known.returned === "short" && !known.captured).toBe(false)
      expect(["fits", "over"]).toContain(seen.fit.amount)
      expect(seen.fit.mismatches).toEqual([])
      expect(known.superseded && known.policy.latePayments === "review").toBe(false)
      const wasOpen = ["creating", "pending", "partial"].includes(known.state)
      expect(known.late && wasOpen && known.policy.latePayments === "review").toBe(false)
      // A read that takes the state back is no read to settle by.
      const takesBack = ["partial", "expired", "failed"].includes(seen.reportedState)
      expect(takesBack).toBe(false)
      if (target === "captured" && known.policy.captureOn === "confirmed") {
        expect(state).toBe("confirmed")
      }
    })
  })

  test("what Medusa shows as captured is asked for as long as the order lives", () => {
    holds((known, seen, { target, state }) => {
      if (!known.captured || known.order !== "open") return
      if (state === "paid" || state === "confirmed") expect(target).toBe("captured")
      if (seen.fit.amount !== "none") expect(target).not.toBe("order_cancelled")
    })
  })

  test("an order is cancelled only over ended payments, none of which holds or is reported money", () => {
    holds((known, seen, { target, state, exceptions }) => {
      if (target !== "order_cancelled") return
      expect(known.reported).toBe(false)
      const isHeld = seen.fit.amount !== "none" && known.returned !== "all"
      expect(isHeld).toBe(false)
      if (seen.fit.amount === "none") expect(["expired", "failed"]).toContain(state)
      else expect(["expired", "failed"].includes(state) || known.windowOver).toBe(true)
      // No read that is called paid is without money.
      if (!["partial", "paid", "confirmed"].includes(seen.reportedState))
        expect(exceptions).toEqual([])
    })
  })

  test("a read that takes a settled state back is an exception", () => {
    holds((known, seen, { exceptions }) => {
      if (known.returned === "all" && seen.fit.amount !== "none") return
      const isBack =
        known.state === "confirmed"
          ? !["paid", "confirmed"].includes(seen.reportedState)
          : known.state === "paid" && ["partial", "expired", "failed"].includes(seen.reportedState)
      if (isBack) expect(exceptions).toContain("ambiguous_finality")
    })
  })

  test("money ends as a target or as an exception, never as neither", () => {
    holds((known, seen, { target, state, exceptions }) => {
      if (seen.fit.amount === "none") return
      if (known.returned === "all") {
        expect(exceptions).toEqual([])
        return
      }
      const isSeen =
        state === "paid" || seen.reportedState === "paid" || known.accepted === "amount"
      const waits = isSeen && known.policy.authorizeOn === "confirmed"
      expect(target !== "nothing" || exceptions.length > 0 || waits).toBe(true)
    })
  })

  test("deciding again over the same read asks for the same", () => {
    holds((known, seen, first) => {
      const again = decide({ ...known, state: first.state }, seen)
      expect(again.state).toBe(first.state)
      expect(again.target).toBe(first.target)
    })
  })

  test("only known classes are opened, each once", () => {
    holds((_known, _seen, { exceptions }) => {
      expect(new Set(exceptions).size).toBe(exceptions.length)
      for (const found of exceptions) expect(EXCEPTION_CLASSES).toContain(found)
    })
  })

  test("whatever was seen on the way, the same last truth ends in the same target and exceptions", () => {
    const onTheWay = fc.array(
      fc.constantFrom<{ reportedState: ReportedState; fit: Fit }>(
        { reportedState: "pending", fit: fit("none") },
        { reportedState: "paid", fit: fit("fits") },
        { reportedState: "confirmed", fit: fit("fits") },
      ),
      { maxLength: 12 },
    )
    const truth = { reportedState: "confirmed", fit: fit("fits") } as const
    fc.assert(
      fc.property(onTheWay, (seen) => {
        const walk = [...seen, truth].reduce<Decision>(
          (known, next) => decide(facts({ state: known.state }), next),
          { state: "pending", target: "nothing", exceptions: [] },
        )
        expect(words(walk)).toBe("confirmed targets captured")
      }),
      { numRuns: 2_000 },
    )
  })
})
