import fc from "fast-check"
import { splitOf, type Fate } from "../split"

const minor = fc.bigInt({ min: 0n, max: 10n ** 30n })
const fate: fc.Arbitrary<Fate> = fc.record({
  receivedMinor: fc.option(minor),
  settlesMinor: fc.option(minor),
  refundedMinor: minor,
  isCaptured: fc.boolean(),
  hasOpenException: fc.boolean(),
  wasSetAside: fc.boolean(),
})

const PAID: Fate = {
  receivedMinor: 100n,
  settlesMinor: null,
  refundedMinor: 0n,
  isCaptured: false,
  hasOpenException: false,
  wasSetAside: false,
}
const NOTHING = {
  capturedMinor: 0n,
  inOpenExceptionsMinor: 0n,
  refundedMinor: 0n,
  writtenOffMinor: 0n,
  inFlightMinor: 0n,
}

describe("the split of what arrived", () => {
  it("adds up to what arrived, and no part is ever below zero", () => {
    fc.assert(
      fc.property(fate, (given) => {
        const { receivedMinor, ...parts } = splitOf(given)
        const amounts = Object.values(parts)
        expect(receivedMinor).toBe(given.receivedMinor ?? 0n)
        expect(amounts.reduce((sum, part) => sum + part, 0n)).toBe(receivedMinor)
        expect(amounts.every((part) => part >= 0n)).toBe(true)
      }),
    )
  })

  it("counts nothing as captured that Medusa does not show, nor more than it stands for", () => {
    fc.assert(
      fc.property(fate, (given) => {
        const { capturedMinor } = splitOf(given)
        if (!given.isCaptured) expect(capturedMinor).toBe(0n)
        expect(capturedMinor <= (given.settlesMinor ?? capturedMinor)).toBe(true)
      }),
    )
  })

  it("shows everything that came, up to its amount, as refunded once it was", () => {
    fc.assert(
      fc.property(fate, (given) => {
        const received = given.receivedMinor ?? 0n
        const { refundedMinor } = splitOf(given)
        expect(refundedMinor).toBe(given.refundedMinor < received ? given.refundedMinor : received)
      }),
    )
  })

  it.each<[string, Partial<Fate>, Partial<typeof NOTHING>]>([
    ["on its way", {}, { inFlightMinor: 100n }],
    ["captured", { isCaptured: true }, { capturedMinor: 100n }],
    [
      "captured, and less than what it might stand for",
      { isCaptured: true, settlesMinor: 120n },
      { capturedMinor: 100n },
    ],
    [
      "captured, and too much",
      { isCaptured: true, settlesMinor: 60n, hasOpenException: true },
      { capturedMinor: 60n, inOpenExceptionsMinor: 40n },
    ],
    [
      "captured, and what was too much sent back",
      { isCaptured: true, settlesMinor: 60n, refundedMinor: 40n },
      { capturedMinor: 60n, refundedMinor: 40n },
    ],
    [
      "captured, and more sent back than was too much",
      { isCaptured: true, settlesMinor: 60n, refundedMinor: 50n },
      { capturedMinor: 50n, refundedMinor: 50n },
    ],
    ["in doubt", { hasOpenException: true }, { inOpenExceptionsMinor: 100n }],
    [
      "in doubt, part of it sent back",
      { hasOpenException: true, refundedMinor: 30n },
      { inOpenExceptionsMinor: 70n, refundedMinor: 30n },
    ],
    ["set aside by a person", { wasSetAside: true }, { writtenOffMinor: 100n }],
    ["sent back in full and more", { refundedMinor: 120n }, { refundedMinor: 100n }],
  ])("money that is %s", (_what, given, expected) => {
    expect(splitOf({ ...PAID, ...given })).toEqual({ receivedMinor: 100n, ...NOTHING, ...expected })
  })
})
