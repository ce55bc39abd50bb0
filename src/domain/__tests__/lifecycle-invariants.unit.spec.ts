import fc from "fast-check"
import type { Fit } from "../fit"
import { EXCEPTION_CLASSES } from "../exception-classes"
import { decide, type Decision, type Facts } from "../lifecycle"
import { PAYMENT_STATES, type PaymentState, type ReportedState } from "../reading"
import { REPORTED_STATES, AMOUNTS, REVIEW, ACCEPT, facts, fit, words } from "./support/decisions"

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
