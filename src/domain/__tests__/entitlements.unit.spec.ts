import {
  gateOf,
  qualifies,
  stateOf,
  takenBack,
  verdictOf,
  movesFor,
  type Line,
  type BookedPayment,
} from "../entitlements"
import { line, standing, payment, verdict } from "./support/sales"

const open = (payments: BookedPayment[], given: Parameters<typeof verdict>[1] = {}) =>
  verdict(payments, given).open

describe("the gate of an order", () => {
  test("is shut without money, and open for paid when all is authorized", () => {
    expect(open([])).toEqual({ paid: false, confirmed: false })
    expect(open([payment()])).toEqual({ paid: true, confirmed: false })
    expect(open([payment({ captured: ["100"] })])).toEqual({ paid: true, confirmed: true })
  })

  test("is not opened by the first of several payments, and not by the sum being short by a cent", () => {
    const first = payment({ authorized: "60", captured: ["60"] })
    expect(open([first]).confirmed).toBe(false)
    const short = payment({ authorized: "39.99", captured: ["39.99"] })
    expect(open([first, short]).confirmed).toBe(false)
    const rest = payment({ authorized: "40", captured: ["40"] })
    expect(open([first, rest]).confirmed).toBe(true)
  })

  test("for confirmed is not opened by a capture of money that was only seen", () => {
    expect(open([payment({ captured: ["100"], final: false })])).toEqual({
      paid: true,
      confirmed: false,
    })
  })

  test("is not moved by a refund, whether its credit line is booked already or not", () => {
    const refunded = payment({ captured: ["100"], refunded: ["40"] })
    expect(open([refunded], { total: "60", credited: ["40"] }).confirmed).toBe(true)
    expect(open([refunded]).confirmed).toBe(true)
    const short = payment({ authorized: "60", captured: ["60"], refunded: ["50"] })
    expect(open([short], { total: "50", credited: ["50"] }).confirmed).toBe(false)
  })

  test("a last digit of the taxes keeps nothing held, and takes no unit less", () => {
    const paid = payment({ captured: ["46.431"] })
    expect(open([paid], { total: "46.43100000000000026" }).confirmed).toBe(true)
    const short = payment({ captured: ["46.42"] })
    expect(open([short], { total: "46.43100000000000026" }).confirmed).toBe(false)
  })
})

describe("lines", () => {
  test("qualify by shipping, all, or a key of their product's metadata", () => {
    expect(qualifies(line(), "non-shippable")).toBe(true)
    expect(qualifies(line({ requiresShipping: true }), "non-shippable")).toBe(false)
    expect(qualifies(line({ requiresShipping: true }), "all")).toBe(true)
    const keyed = (value: unknown) =>
      qualifies(line({ requiresShipping: true, productMetadata: { licence: value } }), {
        metadata: "licence",
      })
    expect([true, "true", 1, "pro", {}].map(keyed)).toEqual([true, true, true, true, true])
    expect([undefined, null, false, "False", "", 0].map(keyed)).not.toContain(true)
    expect(qualifies(line(), { metadata: "licence" })).toBe(false)
  })

  test("take their product's gate, and one that cannot be read waits for a person", () => {
    const gate = (value: unknown) =>
      gateOf(line({ productMetadata: { kobbopay_release_on: value } }), "confirmed")
    expect(gate("paid")).toEqual({ gate: "paid", fault: null })
    expect(gate("")).toEqual({ gate: "confirmed", fault: null })
    expect(gate("conifrmed")).toEqual({
      gate: "manual",
      fault: expect.stringMatching(/kobbopay_release_on.*paid, confirmed, manual/),
    })
    expect(gateOf(line(), "manual").gate).toBe("manual")
  })
})

describe("taking back", () => {
  const letGo = (quantity: number) => standing({ quantity, released: quantity })
  const paid = (refunded: string[]) => verdict([payment({ captured: ["100"], refunded })])
  const units = (quantity: number, refunded: string[], given: Partial<Line> = {}) =>
    takenBack(letGo(quantity), line({ quantity, ...given }), paid(refunded)).units

  test("by a refund is in proportion, in whole units, rounded down", () => {
    expect(units(3, ["33.33"])).toBe(0)
    expect(units(3, ["33.34"])).toBe(1)
    expect(units(3, ["30", "36.67"])).toBe(2)
    expect(units(1, ["99.99"])).toBe(0)
    expect(units(1, ["99.99", "0.01"])).toBe(1)
  })

  test("by a refund is everything where the option says so", () => {
    const all = verdict([payment({ captured: ["100"], refunded: ["0.01"] })], { all: true })
    expect(takenBack(letGo(3), line({ quantity: 3 }), all).units).toBe(3)
    const none = verdict([payment({ captured: ["100"] })], { all: true })
    expect(takenBack(letGo(3), line({ quantity: 3 }), none).units).toBe(0)
  })

  test("counts a returned unit and the refund for it once", () => {
    expect(units(4, [], { returned: 1 })).toBe(1)
    expect(units(4, ["25"], { returned: 1 })).toBe(1)
    expect(units(4, ["75"], { returned: 1 })).toBe(3)
  })

  test("by cancelling, or by leaving the order, is everything", () => {
    const cancelled = verdict([payment({ captured: ["100"] })], { cancelled: true })
    expect(takenBack(letGo(2), line({ quantity: 2 }), cancelled).units).toBe(2)
    expect(takenBack(letGo(2), { quantity: 0, returned: 0 }, paid([])).units).toBe(2)
  })
})

describe("what a person decides", () => {
  const covered = verdict([payment({ captured: ["100"] })])
  const refunded = verdict([payment({ captured: ["100"], refunded: ["100"] })])

  test("a hold keeps an open gate from releasing, and not a refund from taking back", () => {
    const held = standing({ quantity: 2, released: 2, decision: "hold" })
    const { after, moves } = movesFor(held, line({ quantity: 2 }), covered)
    expect(after).toMatchObject({ released: 0, revoked: 0 })
    expect(moves).toEqual([{ kind: "held", quantity: 2, why: "by hand" }])
    expect(movesFor(after, line({ quantity: 2 }), refunded).after.revoked).toBe(2)
    const resumed = movesFor({ ...after, decision: null }, line({ quantity: 2 }), covered)
    expect(resumed.moves).toMatchObject([{ kind: "released", quantity: 2 }])
  })

  test("a release stands against what was so, and not against what comes after it", () => {
    const half = verdict([payment({ captured: ["100"], refunded: ["50"] })])
    const before = movesFor(standing(), line({ quantity: 2 }), half).after
    expect(before).toMatchObject({ released: 1, revoked: 1 })
    const decided = standing({ ...before, decision: "release", forgiven: 1 })
    const { after, moves } = movesFor(decided, line({ quantity: 2 }), half)
    expect(after).toMatchObject({ released: 2, revoked: 0 })
    expect(moves).toEqual([{ kind: "released", quantity: 1, why: "by hand" }])
    expect(movesFor(after, line({ quantity: 2 }), refunded).after).toMatchObject({
      released: 1,
      revoked: 1,
    })
  })

  test("a revocation is final: neither money nor another pass undoes it", () => {
    const revoked = standing({ quantity: 2, released: 2, decision: "revoke" })
    const { after } = movesFor(revoked, line({ quantity: 2 }), covered)
    expect(stateOf(after)).toBe("revoked")
    expect(movesFor(after, line({ quantity: 3 }), covered).after).toMatchObject({
      quantity: 3,
      released: 0,
      revoked: 3,
    })
  })
})

test("a refund before the second half is captured takes its part of the order, not of the first half", () => {
  const first = payment({ authorized: "50", captured: ["50"], refunded: ["30"] })
  const seen = payment({ authorized: "50" })
  const money = { currencyCode: "usd", total: "70", credited: ["30"], payments: [first, seen] }
  const early = verdictOf(money, { cancelled: false, revokeOnRefund: "proportional" })
  const sold = standing({ gate: "paid" })
  expect(movesFor(sold, line({ quantity: 2 }), early).after).toMatchObject({
    released: 2,
    revoked: 0,
  })
})

test("nothing that was received is left: everything is taken back, also of an order half paid", () => {
  const all = verdict([payment({ authorized: "50", captured: ["50"], refunded: ["50"] })])
  expect(movesFor(standing(), line({ quantity: 2 }), all).after).toMatchObject({ revoked: 2 })
})

test("what is held while money is missing is not taken back by a part that is refunded", () => {
  const half = payment({ authorized: "50", captured: ["50"], refunded: ["30"] })
  const missing = verdict([half], { total: "70", credited: ["30"] })
  const { after } = movesFor(standing(), line({ quantity: 2 }), missing)
  expect(after).toMatchObject({ released: 0, revoked: 0 })
  expect(
    movesFor(standing({ quantity: 2, released: 2 }), line({ quantity: 2 }), missing).after,
  ).toMatchObject({
    released: 1,
    revoked: 1,
  })
})

test("nearly all is refunded of an order that grew and was not paid for: nearly all is taken back", () => {
  const paid = payment({ authorized: "50", captured: ["50"], refunded: ["49"] })
  const sold = standing({ quantity: 2, released: 2 })
  const grown = verdict([paid], { total: "51", credited: ["49"] })
  expect(movesFor(sold, line({ quantity: 2 }), grown).after).toMatchObject({
    released: 1,
    revoked: 1,
  })
})

test("a gift card's credit line is not taken for a refund's", () => {
  const paid = payment({ authorized: "60", captured: ["60"], refunded: ["30"] })
  const sold = standing({ quantity: 2, released: 2 })
  const unbooked = verdict([paid], { total: "60", credited: ["40"] })
  expect(movesFor(sold, line({ quantity: 2 }), unbooked).after).toMatchObject({ revoked: 1 })
})

test("a line that grows on a covered order waits for its money; what was released stays so", () => {
  const covered = verdict([payment({ captured: ["100"] })])
  const { after: released } = movesFor(standing(), line({ quantity: 2 }), covered)
  const owing = verdict([payment({ captured: ["100"] })], { total: "150" })
  const { after: grown, moves } = movesFor(released, line({ quantity: 3 }), owing)
  expect(moves).toEqual([{ kind: "held", quantity: 1, why: "the order was edited" }])
  expect(grown).toMatchObject({ quantity: 3, released: 2, revoked: 0 })
  const paid = verdict([payment({ captured: ["100", "50"] })], { total: "150" })
  expect(movesFor(grown, line({ quantity: 3 }), paid).moves).toMatchObject([
    { kind: "released", quantity: 1 },
  ])
})
