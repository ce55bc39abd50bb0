import fc from "fast-check"
import { environmentOf } from "../environment"
import {
  brandAs,
  type AccountId,
  type Environment,
  type PaymentId,
  type RailId,
} from "../../domain/ids"
import { parseAccounts, type Account } from "../options"
import { orphanedBy, type Watched } from "../orphaned"

const DOCS = {
  profile: "docs",
  baseUrl: "https://kobbopay.example.com",
  apiKey: "test-key-one",
  webhook: { secrets: ["test-webhook-one"] },
  rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
}
const INVOICE = {
  profile: "invoice",
  publicId: "test-public-id",
  privateKey: "test-private-key",
  webhook: { secrets: ["test-webhook-two"] },
  rails: DOCS.rails,
}
const one = (options: object, id = "kobbopay"): Account => {
  const [account] = parseAccounts([{ id, options }])
  if (account === undefined) throw new Error("no account")
  return account
}
const watched = (given: Partial<Watched> = {}): Watched => ({
  accountId: brandAs<AccountId>("kobbopay"),
  environment: environmentOf(one(DOCS)),
  railId: brandAs<RailId>("usdt-tron"),
  payments: 2,
  open: 1,
  first: [brandAs<PaymentId>("kpay_1"), brandAs<PaymentId>("kpay_2")],
  newest: brandAs<PaymentId>("kpay_2"),
  ...given,
})

describe("the mark of an environment", () => {
  const mark = environmentOf(one(DOCS))

  it.each<[string, object]>([
    ["another address", { ...DOCS, baseUrl: "https://other.example.com" }],
    ["another key", { ...DOCS, apiKey: "test-key-two" }],
    ["another contract", { ...INVOICE, baseUrl: DOCS.baseUrl, publicId: DOCS.apiKey }],
  ])("is another one for %s", (_what, options) => {
    expect(environmentOf(one(options))).not.toBe(mark)
  })

  it("stays the same whatever else changes, a rotated private key and webhook secret among it", () => {
    const rotated = {
      ...INVOICE,
      privateKey: "test-private-next",
      webhook: { secrets: ["test-next"] },
    }
    expect(environmentOf(one(rotated))).toBe(environmentOf(one(INVOICE)))
    expect(environmentOf(one({ ...DOCS, stuckAfter: "2h" }))).toBe(mark)
  })

  it("holds no piece of a key", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{17,40}$/), (apiKey) => {
        const seen = environmentOf(one({ ...DOCS, apiKey }))
        expect(seen).toMatch(/^[0-9a-f]{16}$/)
        expect(seen).not.toContain(apiKey)
      }),
    )
  })
})

describe("payments left behind by a change of the options", () => {
  const reasons = (accounts: Account[], ...rails: Watched[]) =>
    orphanedBy(accounts, rails).map(({ reason, payments }) => [reason, payments])

  it("are none while nothing changed", () => {
    expect(reasons([one(DOCS)], watched())).toEqual([])
  })

  it("are those of an account that was removed, or given another id", () => {
    expect(reasons([], watched())).toEqual([["account_removed", 2]])
    expect(reasons([one(DOCS, "renamed")], watched())).toEqual([["account_removed", 2]])
  })

  it("are those made under another environment", () => {
    const moved = one({ ...DOCS, baseUrl: "https://other.example.com" })
    expect(reasons([moved], watched())).toEqual([["environment_changed", 2]])
  })

  it("are not those of which the environment was never recorded", () => {
    const moved = one({ ...DOCS, baseUrl: "https://other.example.com" })
    expect(reasons([moved], watched({ environment: null }))).toEqual([])
  })

  it("are also those on a rail that was removed", () => {
    expect(reasons([one(DOCS)], watched({ railId: brandAs<RailId>("usdt-bsc") }))).toEqual([
      ["rail_removed", 2],
    ])
  })

  it("are summed up by account and reason, with the first of them named", () => {
    const found = orphanedBy(
      [],
      [watched(), watched({ environment: brandAs<Environment>("x"), payments: 3, open: 0 })],
    )
    expect(found).toMatchObject([{ reason: "account_removed", payments: 5, open: 1 }])
    expect(found[0]?.first).toContain("kpay_1")
  })
})
