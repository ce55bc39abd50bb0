import fc from "fast-check"
import {
  AmountError,
  convertUp,
  formatAmount,
  parseAmount,
  parseTolerance,
  toleranceMinor,
} from "../money"

const decimals = fc.integer({ min: 0, max: 18 })
const minor = fc.bigInt({ min: 0n, max: 10n ** 30n })
const decimalText = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 15n }), fc.integer({ min: 0, max: 12 }))
  .map(([digits, scale]) => formatAmount(digits, scale))

describe("amounts as text", () => {
  it("reads what it writes, at any number of decimals", () => {
    fc.assert(
      fc.property(minor, decimals, (amount, places) => {
        expect(parseAmount(formatAmount(amount, places), places)).toBe(amount)
      }),
    )
  })

  it.each([
    ["10.50", 6, 10_500_000n],
    ["0.000001", 6, 1n],
    ["1.5000000000", 6, 1_500_000n],
    ["7", 0, 7n],
    ["10.500000000000000001", 18, 10_500_000_000_000_000_001n],
  ])("reads %s at %i decimals", (text, places, expected) => {
    expect(parseAmount(text, places)).toBe(expected)
  })

  it.each([
    "",
    " ",
    "-1",
    "+1",
    "1e3",
    "1.",
    ".5",
    "1,5",
    "0x10",
    "NaN",
    "1 ",
    "١",
    "9".repeat(81),
  ])("refuses %p", (text) => {
    expect(() => parseAmount(text, 6)).toThrow(AmountError)
  })

  it("refuses digits finer than a minor unit instead of rounding them", () => {
    expect(() => parseAmount("1.0000001", 6)).toThrow(AmountError)
  })

  it("writes plain decimals without trailing zeros, and negative differences", () => {
    expect(formatAmount(10_500_000n, 6)).toBe("10.5")
    expect(formatAmount(10_000_000n, 6)).toBe("10")
    expect(formatAmount(1n, 18)).toBe("0.000000000000000001")
    expect(formatAmount(-1_500n, 3)).toBe("-1.5")
    expect(formatAmount(0n, 6)).toBe("0")
  })
})

describe("converting a store amount", () => {
  it("rounds up by less than one step of the shown decimals, and never down", () => {
    fc.assert(
      fc.property(
        decimalText,
        decimalText,
        decimals,
        fc.integer({ min: 0, max: 18 }),
        (storeAmount, price, places, quoteDecimals) => {
          const result = convertUp({ storeAmount, price, decimals: places, quoteDecimals })
          const scale = 30
          const exact = parseAmount(storeAmount, scale) * parseAmount(price, scale)
          const charged = result * 10n ** BigInt(2 * scale - places)
          const step = 10n ** BigInt(2 * scale - Math.min(places, quoteDecimals))
          expect(charged >= exact).toBe(true)
          expect(charged - exact < step).toBe(true)
          expect(result > 0n).toBe(true)
        },
      ),
    )
  })

  it("is exact where floats are not", () => {
    const quote = { storeAmount: "0.1", price: "3", decimals: 18, quoteDecimals: 18 }
    expect(convertUp(quote)).toBe(300_000_000_000_000_000n)
  })

  it("shows six decimals of an asset with eighteen, unless told otherwise", () => {
    expect(convertUp({ storeAmount: "10", price: "0.33333333333", decimals: 18 })).toBe(
      3_333_334n * 10n ** 12n,
    )
  })

  it.each([
    ["0", "1"],
    ["10", "0"],
    ["-1", "1"],
    ["10", "1e3"],
  ])("refuses %s at a price of %s", (storeAmount, price) => {
    expect(() => convertUp({ storeAmount, price, decimals: 6 })).toThrow(AmountError)
  })
})

describe("tolerance", () => {
  it.each([
    ["0", 0n],
    ["1%", 100_000n],
    ["0.5", 500_000n],
    ["0.5%", 50_000n],
    ["0.0000001", 0n],
  ])("%s of 10 units is %d minor units", (text, expected) => {
    expect(toleranceMinor(parseTolerance(text), 10_000_000n, 6)).toBe(expected)
  })

  it("is always less than the amount, so that nothing never counts as paid", () => {
    fc.assert(
      fc.property(decimalText, minor, decimals, (text, expected, places) => {
        const allowed = toleranceMinor(parseTolerance(text), expected, places)
        expect(allowed >= 0n && (expected === 0n || allowed < expected)).toBe(true)
      }),
    )
  })

  it.each(["", "%", "-1", "1 %", "100%", "150%", "one"])("refuses %p", (text) => {
    expect(() => parseTolerance(text)).toThrow(AmountError)
  })
})
