import fc from "fast-check"
import {
  DECISIONS,
  GATES,
  verdictOf,
  movesFor,
  type Revocation,
  type Verdict,
} from "../entitlements"
import { standing, payment } from "./support/sales"

/** An order's life as facts that only grow; looks at it come and go. */
type Facts = {
  paid: number
  confirmed: number
  refunded: number
  returned: number
  cancelled: boolean
}
type Step = keyof Facts | "pass" | "crash"

describe("whatever the order of what happens, and however often it is looked at", () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      "paid",
      "confirmed",
      "refunded",
      "returned",
      "cancelled",
      "pass",
      "crash",
    ),
    { maxLength: 24 },
  )
  const sale = fc.record({
    quantity: fc.integer({ min: 1, max: 5 }),
    gate: fc.constantFrom(...GATES),
    revokeOnRefund: fc.constantFrom<Revocation>("proportional", "all"),
    decision: fc.constantFrom(null, null, ...DECISIONS),
  })
  const NOTHING: Facts = { paid: 0, confirmed: 0, refunded: 0, returned: 0, cancelled: false }

  /** Two payments of 50 make the order of 100; refunds of 30 come with their credit line. */
  const verdictAt = (facts: Facts, revokeOnRefund: Revocation): Verdict => {
    const refunds = Array.from({ length: facts.refunded }, () => "30")
    const payments = [0, 1].map((index) =>
      payment({
        authorized: facts.paid > index ? "50" : "0",
        captured: facts.confirmed > index ? ["50"] : [],
        refunded: index === 0 ? refunds : [],
      }),
    )
    const money = {
      currencyCode: "usd",
      total: String(100 - 30 * facts.refunded),
      credited: refunds,
      payments,
    }
    return verdictOf(money, { cancelled: facts.cancelled, revokeOnRefund })
  }
  const happen = (facts: Facts, step: keyof Facts, quantity: number): Facts => {
    switch (step) {
      case "paid":
        return { ...facts, paid: Math.min(2, facts.paid + 1) }
      case "confirmed":
        return { ...facts, confirmed: Math.min(facts.paid, facts.confirmed + 1) }
      case "refunded":
        return { ...facts, refunded: Math.min(facts.confirmed, facts.refunded + 1) }
      case "returned":
        return { ...facts, returned: Math.min(quantity, facts.returned + 1) }
      case "cancelled":
        return { ...facts, cancelled: true }
    }
  }

  test("the same facts end in the same entitlement, unit for unit, and nothing moves twice", () => {
    fc.assert(
      fc.property(steps, sale, (history, { quantity, gate, revokeOnRefund, decision }) => {
        let facts = NOTHING
        let now = standing({ gate, decision })
        const moved = { held: 0, released: 0, revoked: 0 }
        const pass = (crash: boolean) => {
          const sold = { quantity, returned: facts.returned }
          const seen = verdictAt(facts, revokeOnRefund)
          const { after, moves } = movesFor(now, sold, seen)
          expect(movesFor(after, sold, seen).moves).toEqual([])
          expect(after.released).toBeGreaterThanOrEqual(0)
          expect(after.released + after.revoked).toBeLessThanOrEqual(after.quantity)
          const isOpen = gate !== "manual" && seen.open[gate]
          if (after.released > now.released) expect(decision === "release" || isOpen).toBe(true)
          // A check whose transaction did not commit leaves nothing behind.
          if (crash) return
          now = after
          for (const move of moves) moved[move.kind] += move.quantity
        }
        for (const step of history) {
          if (step === "pass" || step === "crash") pass(step === "crash")
          else facts = happen(facts, step, quantity)
        }
        pass(false)
        const sold = { quantity, returned: facts.returned }
        const atOnce = movesFor(
          standing({ gate, decision }),
          sold,
          verdictAt(facts, revokeOnRefund),
        )
        expect(now).toEqual(atOnce.after)
        expect(moved.held).toBe(quantity)
        // Released on trust and taken back for want of money, a unit is given again when money comes.
        const again = decision === "release" ? moved.revoked - now.revoked : 0
        expect(again).toBeGreaterThanOrEqual(0)
        expect(moved.released).toBeLessThanOrEqual(quantity + again)
        expect(moved.revoked).toBe(now.revoked + again)
      }),
      { numRuns: 2_000 },
    )
  })
})
