import { EXCEPTION_CLASSES } from "../exception-classes"
import { acceptanceOf, answeredBy, MONEY_CLASSES, actionsFor } from "../exception-actions"

const payment = { orderIsOver: false, leftMinor: 1n }
const open = (found: string, of: Partial<typeof payment> | null = {}) =>
  actionsFor({ class: found, state: "open", payment: of === null ? null : { ...payment, ...of } })

describe("what a person can do about an exception", () => {
  test.each(EXCEPTION_CLASSES)(
    "%s can always be dismissed, and nothing once it is closed",
    (name) => {
      expect(open(name)).toContain("dismiss")
      expect(open(name, null)).toEqual(["dismiss"])
      expect(actionsFor({ class: name, state: "closed", payment })).toEqual([])
    },
  )

  test.each(EXCEPTION_CLASSES)(
    "%s is accepted or applied only where accepting answers it",
    (name) => {
      const accepted = acceptanceOf(name)
      const actions = open(name)
      expect(actions.includes("accept") || actions.includes("apply")).toBe(accepted !== null)
      if (accepted !== null) expect(answeredBy(accepted)).toContain(name)
    },
  )

  test.each([...MONEY_CLASSES, "dead" as const])(
    "%s has no money to decide over once all of it went back",
    (name) => {
      expect(open(name)).toContain("refund")
      expect(open(name, { leftMinor: 0n })).toEqual(["dismiss"])
    },
  )

  test("nothing settles an order that is over; only superseded payments are applied", () => {
    expect(open("stuck", { orderIsOver: true })).toEqual(["refund", "dismiss"])
    expect(open("superseded")).toEqual(["apply", "refund", "dismiss"])
    expect(open("underpaid")).toEqual(["accept", "refund", "dismiss"])
    expect(open("duplicate_payment")).toEqual(["refund", "dismiss"])
  })
})
