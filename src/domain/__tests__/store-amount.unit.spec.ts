import { BigNumber } from "bignumber.js"
import fc from "fast-check"
import { compareStore, decimalsOf, isMore, sameStore } from "../store-amount"

const CURRENCIES = [
  ["jpy", 0],
  ["usd", 2],
  ["kwd", 3],
] as const

describe.each(CURRENCIES)("amounts in %s, with %d decimals", (currency, decimals) => {
  const half = BigNumber(0.5).shiftedBy(-decimals)
  const amount = fc
    .tuple(fc.bigInt(-(10n ** 15n), 10n ** 15n), fc.nat(12))
    .map(([digits, places]) => BigNumber(digits.toString()).shiftedBy(-places).toFixed())
  const fraction = fc.bigInt(0n, 10n ** 12n - 1n).map((n) => BigNumber(n.toString()).shiftedBy(-12))

  test("the decimals are Medusa's", () => expect(decimalsOf(currency)).toBe(decimals))

  test("an amount is the same as itself, however it is spelled", () => {
    fc.assert(
      fc.property(amount, (a) => {
        expect(sameStore(a, a, currency)).toBe(true)
        expect(
          sameStore(a, `${BigNumber(a).toFixed()}${a.includes(".") ? "0" : ".0"}`, currency),
        ).toBe(true)
      }),
    )
  })
  test("it does not matter which comes first", () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        expect(sameStore(a, b, currency)).toBe(sameStore(b, a, currency))
        expect(compareStore(a, b, currency) + compareStore(b, a, currency)).toBe(0)
        expect(isMore(a, b, currency) && isMore(b, a, currency)).toBe(false)
      }),
    )
  })
  test("below half of the smallest unit apart they are the same, from there on different", () => {
    fc.assert(
      fc.property(amount, fraction, fc.boolean(), (a, part, isUp) => {
        const near = half.times(part)
        const other = (by: BigNumber) =>
          BigNumber(a)
            .plus(isUp ? by : by.negated())
            .toFixed()
        expect(sameStore(a, other(near), currency)).toBe(true)
        expect(sameStore(a, other(half.plus(near)), currency)).toBe(false)
        expect(isMore(other(half.plus(near)), a, currency)).toBe(isUp)
      }),
    )
  })
  test("an amount that went through a JavaScript number is the same", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 11n), (units) => {
        const exact = BigNumber(units.toString()).shiftedBy(-decimals)
        expect(
          sameStore(exact.toFixed(), BigNumber(exact.toNumber() * 1).toFixed(), currency),
        ).toBe(true)
      }),
    )
  })
})
