import { KobbopayError } from "../../kobbopay/errors"
import { brandAs, type AccountId, type KobbopayId, type RailId } from "../../domain/ids"
import type { KobbopayClient } from "../../kobbopay/client"
import type { Rail } from "../../kobbopay/rails"
import type { Reading } from "../../domain/reading"
import { parseAccounts } from "../../kobbopay/options"
import { rulesOf } from "../../kobbopay/account-rules"
import type { Deps } from "../deps"
import { Listener } from "../listen"

const FIRST = brandAs<AccountId>("first")
const SECOND = brandAs<AccountId>("second")
const ID = brandAs<KobbopayId>("tracker")
const rail: Rail = {
  id: brandAs<RailId>("usdt-tron"),
  token: "USDTTRC",
  asset: "USDT",
  network: "TRC20",
  label: "USDT",
  decimals: 6,
  quoteDecimals: 6,
  memo: false,
  prices: {},
}
const reading: Reading = {
  kobbopayId: ID,
  state: "pending",
  asset: null,
  network: null,
  token: null,
  reference: null,
  expectedMinor: null,
  receivedMinor: null,
  transfers: [],
  astray: false,
}
const away = (facts: ConstructorParameters<typeof KobbopayError>[2] = {}) =>
  new KobbopayError("unavailable", "Kobbopay is away", facts)

/** A listener over two accounts that answer with what `answers` says, and a clock to be moved. */
function listening(answers: Record<string, Reading | Error>) {
  let now = Date.parse("2026-03-01T12:00:00Z")
  const asked: string[] = []
  const none = () => Promise.reject(new Error("not asked for here"))
  const accounts = parseAccounts(
    [FIRST, SECOND].map((id) => ({
      id,
      options: {
        profile: "docs",
        baseUrl: "https://kobbopay.example.com",
        apiKey: "test-key",
        webhook: { secrets: [`test-webhook-${id}`] },
        rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
      },
    })),
  ).map((account) => {
    const read: KobbopayClient["read"] = () => {
      asked.push(account.id)
      const answer = answers[account.id] ?? reading
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    }
    const client = { create: none, read, enabledTokens: none }
    return [account.id, { account, client, rules: rulesOf(account) }] as const
  })
  const deps: Pick<Deps, "accounts" | "now"> = {
    accounts: new Map(accounts),
    now: () => new Date(now),
  }
  const listener = new Listener(deps, {})
  const read = (account: AccountId) =>
    listener.accounts
      .get(account)
      ?.client.read(ID, rail)
      .then(
        () => "read",
        (cause: unknown) => (cause instanceof KobbopayError ? cause.kind : "broken"),
      )
  return { listener, read, asked, pass: (ms: number) => (now += ms) }
}

describe("listening to Kobbopay during a run", () => {
  it("hands on what was read, once", async () => {
    const { listener, read } = listening({})
    expect(await read(FIRST)).toBe("read")
    expect(listener.take(FIRST, ID)).toBe(reading)
    expect(listener.take(FIRST, ID)).toBeNull()
    expect(listener.take(SECOND, ID)).toBeNull()
  })

  it("hears that a payment is unknown only from a 404", async () => {
    const unknown = listening({
      first: new KobbopayError("rejected", "no such payment", { status: 404 }),
    })
    await unknown.read(FIRST)
    expect(unknown.listener.take(FIRST, ID)).toBe("unknown")
    for (const status of [400, 401, 403]) {
      const refused = listening({ first: new KobbopayError("rejected", "no", { status }) })
      await refused.read(FIRST)
      expect(refused.listener.take(FIRST, ID)).toBeNull()
      expect(refused.listener.lastError()).toBe("no")
    }
  })

  it("asks no account that asked for a pause before that is over, and the others as ever", async () => {
    const answers: Record<string, Reading | Error> = { first: away({ retryAfterMs: 5_000 }) }
    const { listener, read, asked, pass } = listening(answers)
    await read(FIRST)
    expect([...listener.pauses().keys()]).toEqual([FIRST])
    delete answers["first"]
    expect(await read(FIRST)).toBe("unavailable")
    expect(await read(SECOND)).toBe("read")
    expect(asked).toEqual([FIRST, SECOND])
    pass(5_000)
    expect(listener.pausedUntil(FIRST)).toBeNull()
    expect(await read(FIRST)).toBe("read")
    expect(listener.pauses().size).toBe(0)
  })

  it("leaves an account alone for a while that fails again and again, and then asks again", async () => {
    const answers: Record<string, Reading | Error> = { first: away() }
    const { listener, read, asked, pass } = listening(answers)
    for (let n = 0; n < 20; n++) await read(FIRST)
    expect(asked).toHaveLength(8)
    pass(60_000)
    delete answers["first"]
    expect(await read(FIRST)).toBe("read")
    answers["first"] = away()
    await read(FIRST)
    expect(listener.pausedUntil(FIRST)).toBeNull()
  })
})
