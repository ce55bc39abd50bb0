import { BigNumber } from "bignumber.js"
import fc from "fast-check"
import { bookedAmountOf } from "../refund-amount"

const refund = (change: Partial<Parameters<typeof bookedAmountOf>[0]>) =>
  bookedAmountOf({
    amountMinor: 10_500_000n,
    receivedMinor: 10_500_000n,
    expectedMinor: 10_500_000n,
    refundedMinor: 0n,
    captured: "10.5",
    bookedBefore: "0",
    storeDecimals: 2,
    ...change,
  })

describe("what a refund books in its order", () => {
  test("all of it refunds all that was captured, in the store's currency", () => {
    expect(refund({})).toBe("10.5")
    expect(refund({ captured: "9.72" })).toBe("9.72")
  })
  test("a part refunds its share, rounded down to what the currency can say", () => {
    expect(refund({ amountMinor: 3_500_000n })).toBe("3.5")
    expect(refund({ amountMinor: 3_333_333n })).toBe("3.33")
  })
  test("what was too much was never captured, so sending it back refunds nothing", () => {
    expect(refund({ receivedMinor: 15_750_000n, amountMinor: 5_250_000n })).toBeNull()
    expect(refund({ receivedMinor: 15_750_000n, amountMinor: 6_250_000n })).toBe("1")
  })
  test("too little that was accepted is refunded as the whole order", () => {
    expect(refund({ receivedMinor: 5_000_000n, amountMinor: 5_000_000n })).toBe("10.5")
    expect(refund({ receivedMinor: 5_000_000n, amountMinor: 2_500_000n })).toBe("5.25")
  })
  test("a share below the currency's smallest unit refunds nothing yet", () => {
    expect(refund({ amountMinor: 1n })).toBeNull()
  })

  test("parts never refund more than was captured, and all parts together exactly that", () => {
    fc.assert(
      fc.property(
        fc.record({
          receivedMinor: fc.bigInt(1n, 10n ** 20n),
          expectedMinor: fc.bigInt(1n, 10n ** 20n),
          weights: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 8 }),
          storeDecimals: fc.constantFrom(0, 2, 3),
          cents: fc.integer({ min: 1, max: 10 ** 9 }),
        }),
        ({ receivedMinor, expectedMinor, weights, storeDecimals, cents }) => {
          const captured = BigNumber(cents).shiftedBy(-storeDecimals).toFixed()
          let rest = receivedMinor
          let bookedBefore = BigNumber(0)
          const pay = (amountMinor: bigint) => {
            if (amountMinor <= 0n) return
            const part = bookedAmountOf({
              amountMinor,
              receivedMinor,
              expectedMinor,
              captured,
              storeDecimals,
              refundedMinor: receivedMinor - rest,
              bookedBefore: bookedBefore.toFixed(),
            })
            rest -= amountMinor
            if (part !== null) bookedBefore = bookedBefore.plus(part)
            expect(bookedBefore.lte(captured)).toBe(true)
          }
          for (const weight of weights) pay((rest * BigInt(weight)) / 200n)
          pay(rest)
          expect(bookedBefore.toFixed()).toBe(BigNumber(captured).toFixed())
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
