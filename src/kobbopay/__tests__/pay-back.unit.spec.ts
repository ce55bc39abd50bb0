import { BigNumber } from "bignumber.js"
import fc from "fast-check"
import { refundOf } from "../pay-back"

const payBack = (change: Partial<Parameters<typeof refundOf>[0]>) =>
  refundOf({
    amountMinor: 10_500_000n,
    receivedMinor: 10_500_000n,
    expectedMinor: 10_500_000n,
    paidBackMinor: 0n,
    captured: "10.5",
    refunded: "0",
    storeDecimals: 2,
    ...change,
  })

describe("what a pay-back refunds of its order", () => {
  test("all of it refunds all that was captured, in the store's currency", () => {
    expect(payBack({})).toBe("10.5")
    expect(payBack({ captured: "9.72" })).toBe("9.72")
  })
  test("a part refunds its share, rounded down to what the currency can say", () => {
    expect(payBack({ amountMinor: 3_500_000n })).toBe("3.5")
    expect(payBack({ amountMinor: 3_333_333n })).toBe("3.33")
  })
  test("what was too much was never captured, so sending it back refunds nothing", () => {
    expect(payBack({ receivedMinor: 15_750_000n, amountMinor: 5_250_000n })).toBeNull()
    expect(payBack({ receivedMinor: 15_750_000n, amountMinor: 6_250_000n })).toBe("1")
  })
  test("too little that was accepted is refunded as the whole order", () => {
    expect(payBack({ receivedMinor: 5_000_000n, amountMinor: 5_000_000n })).toBe("10.5")
    expect(payBack({ receivedMinor: 5_000_000n, amountMinor: 2_500_000n })).toBe("5.25")
  })
  test("a share below the currency's smallest unit refunds nothing yet", () => {
    expect(payBack({ amountMinor: 1n })).toBeNull()
  })

  test("parts never refund more than was captured, and all parts together exactly that", () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 20n),
        fc.bigInt(1n, 10n ** 20n),
        fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 8 }),
        fc.constantFrom(0, 2, 3),
        fc.integer({ min: 1, max: 10 ** 9 }),
        (receivedMinor, expectedMinor, weights, storeDecimals, cents) => {
          const captured = BigNumber(cents).shiftedBy(-storeDecimals).toFixed()
          let rest = receivedMinor
          let refunded = BigNumber(0)
          const pay = (amountMinor: bigint) => {
            if (amountMinor <= 0n) return
            const refund = refundOf({
              amountMinor,
              receivedMinor,
              expectedMinor,
              captured,
              storeDecimals,
              paidBackMinor: receivedMinor - rest,
              refunded: refunded.toFixed(),
            })
            rest -= amountMinor
            if (refund !== null) refunded = refunded.plus(refund)
            expect(refunded.lte(captured)).toBe(true)
          }
          for (const weight of weights) pay((rest * BigInt(weight)) / 200n)
          pay(rest)
          expect(refunded.toFixed()).toBe(BigNumber(captured).toFixed())
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
