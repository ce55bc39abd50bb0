import { accountFrom, docsInput } from "../../../kobbopay/__tests__/support/accounts"
import { quote, PriceSourceError, type PriceFunction, type Rail } from "../../../kobbopay/rails"
import { noPriceNow, logPriceFailure } from "../prices"

const [rail = {}] = docsInput.rails

/** An account whose only rail asks the function, and what is logged when it fails. */
async function failing(...prices: PriceFunction[]) {
  const lines: string[] = []
  const clock = { now: 1_735_689_600_000 }
  const account = accountFrom({ ...docsInput, rails: [{ ...rail, prices: () => "1" }] })
  const fail = async (source: PriceFunction, of: Rail | undefined = account.options.rails[0]) => {
    if (of === undefined) throw new Error("no rail")
    const order = { storeAmount: "10", currencyCode: "eur" }
    const fault: unknown = await quote({ ...of, prices: source }, order).catch(
      (cause: unknown) => cause,
    )
    if (!(fault instanceof PriceSourceError)) throw new Error(`no fault: ${String(fault)}`)
    logPriceFailure(
      {
        account,
        log: { warn: (line: string) => lines.push(line) },
        now: () => new Date(clock.now),
      },
      of,
      order.currencyCode,
      fault,
    )
  }
  for (const source of prices) await fail(source)
  return { lines, clock, fail, account }
}

const throwing =
  (cause: Error): PriceFunction =>
  () =>
    Promise.reject(cause)

describe("a price function that fails", () => {
  it("is logged for the merchant in one line with account, currency, rail and cause", async () => {
    const { lines } = await failing(throwing(new Error("source is\ndown")))
    expect(lines).toEqual([
      "kobbopay: account kobbopay: no price in EUR: the price function of rail usdt-tron failed: source is down",
    ])
  })

  it("is logged with the reason behind a failed fetch", async () => {
    const refused = new Error("connect ECONNREFUSED 127.0.0.1:9")
    const { lines } = await failing(throwing(new TypeError("fetch failed", { cause: refused })))
    expect(lines[0]).toContain("fetch failed: connect ECONNREFUSED 127.0.0.1:9")
  })

  it("is logged with what it answered instead of a price", async () => {
    const { lines } = await failing(() => "1e-7")
    expect(lines[0]).toContain('must answer a decimal string above zero such as "1.08", not "1e-7"')
  })

  it.each([
    "GET https://rates.example/v1/eur?key=hidden-value answered 401",
    "GET https://user:hidden-value@rates.example/hidden-value answered 401",
    "401 for apiKey=hidden-value",
    'refused: {"api_key":"hidden-value"}',
    "refused: Authorization: hidden-value",
    "refused: Bearer hidden-value",
    `the secret is ${docsInput.apiKey}`,
  ])("keeps every key out of the log: %s", async (message) => {
    const { lines } = await failing(throwing(new Error(message)))
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toMatch(/hidden-value|docs-api-key-test/)
  })

  it("does not fill the log, however often shoppers ask", async () => {
    const down = throwing(new Error("source is down"))
    const { lines, clock, fail } = await failing(down, down, down)
    expect(lines).toHaveLength(1)
    await fail(throwing(new Error("another fault")))
    expect(lines).toHaveLength(2)
    clock.now += 60_000
    await fail(throwing(new Error("another fault")))
    expect(lines).toHaveLength(3)
  })

  it("tells the shopper what to do next", () => {
    expect(noPriceNow({ label: "USDT on Tron (TRC20)" })).toMatchObject({
      type: "not_allowed",
      message: "USDT on Tron (TRC20) is not available right now. Choose another way to pay.",
    })
  })
})
