import fc from "fast-check"
import { isAddressOrNetwork, isAllowedIp } from "../allowed-ips"
import { parseDuration } from "../duration"
import { brandAs, type RailId } from "../../domain/ids"
import { AmountError } from "../../domain/money"
import {
  checkAddress,
  currenciesOf,
  NoPriceError,
  PRICE_WITHIN_MS,
  PriceSourceError,
  quote,
  type PriceFunction,
  type Rail,
} from "../rails"

const rail = (changes: Partial<Rail> = {}): Rail => ({
  id: brandAs<RailId>("usdt-tron"),
  token: "USDTTRC",
  asset: "USDT",
  network: "TRC20",
  label: "USDT on Tron (TRC20)",
  decimals: 6,
  quoteDecimals: 6,
  memo: false,
  prices: { usd: "1", eur: "1.08" },
  ...changes,
})

describe("addresses", () => {
  // The USDT contracts themselves: addresses whose checksums anyone can look up.
  const TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
  const EVM = "0xdAC17F958D2ee523a2206206994597C13D831ec7"

  it("takes a Tron address, and refuses one with any character changed", () => {
    expect(checkAddress({ token: "USDTTRC" }, TRON)).toBeNull()
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: TRON.length - 1 }),
        fc.constantFrom(..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
        (at, character) => {
          const changed = TRON.slice(0, at) + character + TRON.slice(at + 1)
          expect(checkAddress({ token: "USDTTRC" }, changed) === null).toBe(changed === TRON)
        },
      ),
    )
  })

  it("takes EIP-55, all lower and all upper case, and refuses any other mix", () => {
    const upper = `0x${EVM.slice(2).toUpperCase()}`
    for (const address of [EVM, EVM.toLowerCase(), upper]) {
      expect(checkAddress({ token: "USDTERC" }, address)).toBeNull()
    }
    const swapped = EVM.replace("dAC", "DAC")
    expect(checkAddress({ token: "USDTERC" }, swapped)).toMatch(/EIP-55/)
  })

  it.each(["USDTBSC", "USDTPOLYGON", "USDTERC"])("refuses a Tron address on %s", (token) => {
    expect(checkAddress({ token }, TRON)).not.toBeNull()
  })

  it.each(["", "T", EVM, `${TRON} `, "0x123"])("refuses %p on Tron", (address) => {
    expect(checkAddress({ token: "USDTTRC" }, address)).not.toBeNull()
  })

  it("only keeps addresses of unknown networks printable", () => {
    expect(checkAddress({ token: "BTC" }, "bc1qexample")).toBeNull()
    expect(checkAddress({ token: "BTC" }, "bc1q example")).not.toBeNull()
    expect(checkAddress({ token: "BTC" }, "")).not.toBeNull()
  })
})

describe("quotes", () => {
  it("converts by the currency's price, in whatever case the currency is written", async () => {
    await expect(quote(rail(), { storeAmount: "10", currencyCode: "EUR" })).resolves.toEqual({
      amountMinor: 10_800_000n,
      price: "1.08",
    })
  })

  it("lists the currencies possible where one has no price", async () => {
    const asked = quote(rail(), { storeAmount: "10", currencyCode: "gbp" })
    await expect(asked).rejects.toThrow(NoPriceError)
    await expect(asked).rejects.toThrow(/GBP.*EUR, USD/)
    await expect(quote(rail(), { storeAmount: "1", currencyCode: "__proto__" })).rejects.toThrow(
      NoPriceError,
    )
  })

  it("asks a price function with currency, amount and rail", async () => {
    const prices = jest.fn().mockResolvedValue("1.1")
    const asked = { storeAmount: "10", currencyCode: "EUR" }
    expect((await quote(rail({ prices }), asked)).amountMinor).toBe(11_000_000n)
    expect(prices).toHaveBeenCalledWith({
      currencyCode: "eur",
      storeAmount: "10",
      rail: "usdt-tron",
      signal: expect.any(AbortSignal),
    })
  })

  it.each([
    ["a number", () => 1.1],
    ["NaN", () => NaN],
    ["zero", () => "0"],
    ["zero with digits", () => "0.000"],
    ["nothing", () => undefined],
    ["null", () => null],
    ["an empty text", () => ""],
    ["white space", () => " 1.1"],
    ["a negative price", () => "-1.1"],
    ["an exponent", () => "1e2"],
    ["a small exponent", () => "1e-7"],
    ["the word NaN", () => "NaN"],
    ["a comma", () => "1,08"],
    ["an enormous price", () => "9".repeat(60)],
    ["endless digits", () => `1.${"3".repeat(400)}`],
    ["a failure", () => Promise.reject(new Error("source is down"))],
    ["a failure of something that is no error", jest.fn().mockRejectedValue("source is down")],
    [
      "a failure on the spot",
      () => {
        throw new Error("source is down")
      },
    ],
  ])("refuses %s from a price function", async (_, answer) => {
    const prices = jest.fn().mockImplementation(answer)
    const asked = quote(rail({ prices }), { storeAmount: "10", currencyCode: "eur" })
    await expect(asked).rejects.toThrow(PriceSourceError)
    await expect(asked).rejects.toThrow(/price function of rail usdt-tron/)
  })

  it("keeps what a price function threw, for the log", async () => {
    const down = new Error("source is down")
    const asked = quote(rail({ prices: () => Promise.reject(down) }), {
      storeAmount: "10",
      currencyCode: "eur",
    })
    await expect(asked).rejects.toMatchObject({ cause: down })
  })

  it("does not wait for a price function that never answers, and tells it to stop", async () => {
    const signals: AbortSignal[] = []
    const prices: PriceFunction = ({ signal }) => {
      signals.push(signal)
      return new Promise(() => undefined)
    }
    const limit = new AbortController()
    const asked = quote(rail({ prices }), { storeAmount: "10", currencyCode: "eur" }, limit.signal)
    const refused = expect(asked).rejects.toThrow(/usdt-tron gave no answer in time/)
    limit.abort()
    await refused
    expect(signals.map((signal) => signal.aborted)).toEqual([true])
    await expect(
      quote(rail({ prices }), { storeAmount: "10", currencyCode: "eur" }, limit.signal),
    ).rejects.toThrow(PriceSourceError)
  })

  it("limits a price function within the time of a request by itself", () => {
    expect(PRICE_WITHIN_MS).toBeLessThanOrEqual(5_000)
  })

  it("says that the amount is at fault when it is", async () => {
    const asked = quote(rail(), { storeAmount: "0", currencyCode: "eur" })
    await expect(asked).rejects.toThrow(AmountError)
  })

  it("tells the currencies of a table, and none of a function", () => {
    expect(currenciesOf(rail())).toEqual(["eur", "usd"])
    expect(currenciesOf(rail({ prices: () => "1" }))).toBeNull()
  })
})

describe("durations", () => {
  it.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["24h", 86_400_000],
    ["30d", 2_592_000_000],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(["", "30", "m", "1.5h", "-1s", "30 m", "1w", "99999d", "30M"])("refuses %p", (text) => {
    expect(parseDuration(text)).toBeNull()
  })
})

describe("allowed addresses", () => {
  it("allows everyone when none is listed, else only those listed", () => {
    expect(isAllowedIp([], "198.51.100.1")).toBe(true)
    const list = ["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"]
    expect(isAllowedIp(list, "203.0.113.7")).toBe(true)
    expect(isAllowedIp(list, "198.51.100.200")).toBe(true)
    expect(isAllowedIp(list, "2001:db8::1")).toBe(true)
    expect(isAllowedIp(list, "203.0.113.8")).toBe(false)
    expect(isAllowedIp(list, "not an address")).toBe(false)
  })

  it("sees an IPv4 address through its IPv6 form, as a dual-stack server reports it", () => {
    expect(isAllowedIp(["203.0.113.7"], "::ffff:203.0.113.7")).toBe(true)
  })

  it.each(["", "example.com", "203.0.113.0/33", "203.0.113.0/", "1.2.3", "::/129", "1.2.3.4/8/8"])(
    "refuses the entry %p",
    (entry) => {
      expect(isAddressOrNetwork(entry)).toBe(false)
    },
  )
})
