import fc from "fast-check"
import { KobbopayError } from "../errors"
import { brandAs, type KobbopayId, type Reference } from "../ids"
import { parseJson, valueAt } from "../json"
import type { Account } from "../options"
import { profileOf, type ApiRequest, type Ask } from "../profiles"
import type { Rail } from "../rails"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"

const ADDRESS = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
const EVM = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
const ID = brandAs<KobbopayId>("id_1")
const reference = brandAs<Reference>("kp_1")
const docs = accountFrom(docsInput)
const invoice = accountFrom(invoiceInput)

const railOf = (account: Account): Rail => {
  const [rail] = account.options.rails
  if (rail === undefined) throw new Error("no rail")
  return rail
}
/** Answers in turn, parsed as the client would parse them. */
const answering = (...answers: unknown[]): { ask: Ask; asked: ApiRequest[] } => {
  const asked: ApiRequest[] = []
  const ask: Ask = (request) => {
    const answer = answers[asked.length]
    asked.push(request)
    const text = typeof answer === "string" ? answer : JSON.stringify(answer)
    return Promise.resolve(parseJson(Buffer.from(text)))
  }
  return { ask, asked }
}
const create = (account: Account, answer: unknown, changes: Partial<Rail> = {}) => {
  const rail = { ...railOf(account), ...changes }
  const payment = { reference, rail, amountMinor: 10_500_000n }
  return profileOf(account).create(payment, answering(answer).ask)
}
const read = (account: Account, ...answers: unknown[]) =>
  profileOf(account).read(ID, railOf(account), answering(...answers).ask)
const fieldOf = async (call: Promise<unknown>): Promise<string | null> => {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof KobbopayError)) throw new Error(`not refused: ${String(error)}`)
  expect(error.kind).toBe("invalid_answer")
  expect(error.message).toContain(error.field)
  return error.field
}

describe("what the profiles can say", () => {
  it("is partial or failed in docs only where the account's words map to them", () => {
    expect([...profileOf(docs).says].sort()).toEqual(["confirmed", "expired", "paid", "pending"])
    const more = accountFrom({ ...docsInput, statuses: { Underpaid: "partial" } })
    expect(profileOf(more).says.has("partial")).toBe(true)
    expect(profileOf(docs).requires).toEqual({ amount: false, asset: false })
  })

  it("is never expired in invoice, whose reads must carry amount and asset", () => {
    expect([...profileOf(invoice).says].sort()).toEqual(["confirmed", "failed", "paid", "pending"])
    expect(profileOf(invoice).requires).toEqual({ amount: true, asset: true })
  })
})

describe("docs: create", () => {
  const created = { payment_id: "pay_1", address: ADDRESS }

  it("takes an answer of no more than id and address", async () => {
    await expect(create(docs, created)).resolves.toEqual({
      kobbopayId: "pay_1",
      address: ADDRESS,
      memo: null,
      amountMinor: null,
      expiresAt: null,
    })
  })

  it("takes amount as text or number, and times with their zone or in unix seconds", async () => {
    const full = {
      ...created,
      amount: "10.50",
      currency: "usdt",
      network: "trc20",
      orderId: "kp_1",
    }
    const at = new Date("2025-01-01T00:30:00Z")
    await expect(
      create(docs, { ...full, expires_at: "2025-01-01T01:30:00+01:00" }),
    ).resolves.toMatchObject({ amountMinor: 10_500_000n, expiresAt: at })
    await expect(
      create(docs, { ...full, amount: 10.5, expires_at: at.getTime() / 1000 }),
    ).resolves.toMatchObject({ amountMinor: 10_500_000n, expiresAt: at })
  })

  it.each([
    ["payment_id", { payment_id: undefined }],
    ["payment_id", { payment_id: ".." }],
    ["address", { address: undefined }],
    ["address", { address: EVM }],
    ["address", { address: `${ADDRESS.slice(0, -1)}z` }],
    ["currency", { currency: "USDC" }],
    ["network", { network: "BEP20" }],
    ["orderId", { orderId: "another" }],
    ["amount", { amount: "ten" }],
    ["amount", { amount: "10.0000001" }],
    ["expires_at", { expires_at: "2025-01-01 00:30:00" }],
  ])("refuses a wrong %s, naming it", async (field, changes) => {
    expect(await fieldOf(create(docs, { ...created, ...changes }))).toBe(field)
  })

  it("refuses an address without the memo its network needs", async () => {
    const withMemo = { ...created, memo: 4711 }
    await expect(create(docs, withMemo, { memo: true })).resolves.toMatchObject({ memo: "4711" })
    expect(await fieldOf(create(docs, created, { memo: true }))).toBe("memo")
  })

  it("finds fields where the account says they are, and names them so", async () => {
    const account = accountFrom({
      ...docsInput,
      fields: { paymentId: "data.id", address: "data.payer.address", expiresAt: null },
    })
    const answer = { data: { id: "pay_7", payer: { address: ADDRESS } }, expires_at: "whenever" }
    await expect(create(account, answer)).resolves.toMatchObject({ kobbopayId: "pay_7" })
    expect(await fieldOf(create(account, { data: { id: "pay_7" } }))).toBe("data.payer.address")
  })
})

describe("docs: read", () => {
  it.each([
    ["Pending", "pending"],
    ["PAID", "paid"],
    ["confirmed", "confirmed"],
    ["Expired", "expired"],
  ])("reads %s as %s", async (status, state) => {
    await expect(read(docs, { payment_id: "id_1", status })).resolves.toEqual({
      kobbopayId: "id_1",
      state,
      asset: null,
      network: null,
      token: null,
      reference: null,
      expectedMinor: null,
      receivedMinor: null,
      transfers: [],
    })
  })

  it("reads what the answer tells of money, to the last digit", async () => {
    const answer = `{"payment_id":"id_1","status":"Paid","amount":10.50,"currency":"usdt",
      "network":"TRC20","orderId":"kp_1","received_amount":"10.5",
      "transactions":[{"hash":"aa","amount":10.4},{"hash":"bb","amount":1e-1}]}`
    await expect(read(docs, answer)).resolves.toMatchObject({
      asset: "USDT",
      network: "TRC20",
      reference: "kp_1",
      expectedMinor: 10_500_000n,
      receivedMinor: 10_500_000n,
      transfers: [
        { hash: "aa", amountMinor: 10_400_000n },
        { hash: "bb", amountMinor: 100_000n },
      ],
    })
  })

  it("keeps eighteen decimals of a bare number, which a float would round", async () => {
    const account = accountFrom({
      ...docsInput,
      rails: [{ id: "bsc", token: "USDTBSC", prices: { usd: "1" } }],
    })
    const answer = '{"status":"Paid","received_amount":10.123456789012345678}'
    await expect(read(account, answer)).resolves.toMatchObject({
      receivedMinor: 10_123_456_789_012_345_678n,
    })
  })

  it("reports another asset or network as told, and no amount of it as ours", async () => {
    const other = { status: "Paid", currency: "USDC", amount: "1.0000000001", received_amount: "9" }
    await expect(read(docs, other)).resolves.toMatchObject({
      asset: "USDC",
      expectedMinor: null,
      receivedMinor: null,
      transfers: [],
    })
    await expect(
      read(docs, { status: "Paid", network: "Tron Nile", received_amount: "9" }),
    ).resolves.toMatchObject({ network: "Tron Nile", receivedMinor: null })
  })

  it.each([
    ["status", { status: "Settled" }],
    ["status", {}],
    ["payment_id", { status: "Paid", payment_id: "another" }],
    ["amount", { status: "Paid", amount: "-1" }],
    ["received_amount", { status: "Paid", received_amount: {} }],
    ["transactions", { status: "Paid", transactions: "none" }],
    [
      "transactions[1].amount",
      { status: "Paid", transactions: [{ hash: "a", amount: 1 }, { hash: "b" }] },
    ],
  ])("refuses a wrong %s, naming it", async (field, answer) => {
    expect(await fieldOf(read(docs, answer))).toBe(field)
  })

  it("takes the words of the account's environment", async () => {
    const account = accountFrom({ ...docsInput, statuses: { "Partly Paid": "partial" } })
    await expect(read(account, { status: "partly paid" })).resolves.toMatchObject({
      state: "partial",
    })
  })
})

describe("invoice: create", () => {
  const created = { receiver: ADDRESS, tracker_id: "trk_1", token: "USDTTRC" }

  it("takes address, tracker and tag", async () => {
    await expect(create(invoice, { ...created, dest_tag: 7 })).resolves.toEqual({
      kobbopayId: "trk_1",
      address: ADDRESS,
      memo: "7",
      amountMinor: null,
      expiresAt: null,
    })
    await expect(
      create(invoice, { ...created, message: "ok", error: "", dest_tag: "" }),
    ).resolves.toMatchObject({ memo: null })
  })

  it.each([
    ["receiver", { receiver: undefined }],
    ["receiver", { receiver: EVM }],
    ["tracker_id", { tracker_id: "" }],
    ["token", { token: undefined }],
    ["token", { token: "USDTBSC" }],
    ["client_transaction_id", { client_transaction_id: "another" }],
  ])("refuses a wrong %s, naming it", async (field, changes) => {
    expect(await fieldOf(create(invoice, { ...created, ...changes }))).toBe(field)
  })

  it("refuses an address that looks right when the token is another network's", async () => {
    const account = accountFrom({
      ...invoiceInput,
      rails: [{ id: "erc", token: "USDTERC", prices: { usd: "1" } }],
    })
    const answer = { receiver: EVM, tracker_id: "trk_1", token: "USDTBSC" }
    expect(await fieldOf(create(account, answer))).toBe("token")
  })

  it.each([
    { error: "token disabled" },
    { error_message: "no" },
    { message: "no" },
    { success: false },
  ])("takes %p under HTTP 200 for a refusal", async (answer) => {
    await expect(create(invoice, answer)).rejects.toMatchObject({ kind: "rejected" })
  })
})

describe("invoice: read", () => {
  const found = { transaction_tracker_id: "tx_1" }
  const transaction = (changes: object = {}) => ({
    transaction: { status: "SUCCESS", amount: "10.5", token: "USDTTRC", hash: "ab", ...changes },
  })

  it("is pending without a second question while nothing arrived", async () => {
    for (const answer of [{}, { tracker_id: "id_1" }, { transaction_tracker_id: null }]) {
      const { ask, asked } = answering(answer)
      const reading = await profileOf(invoice).read(ID, railOf(invoice), ask)
      expect(reading).toMatchObject({ state: "pending", receivedMinor: null, transfers: [] })
      expect(asked).toEqual([
        { method: "GET", path: "/api/crypto/invoice/get/?tracker_id=id_1", body: "" },
      ])
    }
  })

  it("asks for the transaction by its own tracker, with the published body", async () => {
    const { ask, asked } = answering({ transaction_tracker_id: "trk_1" }, transaction())
    await profileOf(invoice).read(ID, railOf(invoice), ask)
    expect(asked[1]).toEqual({
      method: "POST",
      path: "/api/transaction/get",
      body: '{"tracker_id":"trk_1"}',
    })
  })

  it.each([
    ["SUCCESS", "confirmed"],
    ["accepted", "paid"],
    ["PROCESSING", "pending"],
    [undefined, "pending"],
  ])("reads %p as %s, with the transfer", async (status, state) => {
    await expect(read(invoice, found, transaction({ status }))).resolves.toEqual({
      kobbopayId: "id_1",
      state,
      asset: null,
      network: null,
      token: "USDTTRC",
      reference: null,
      expectedMinor: null,
      receivedMinor: null,
      transfers: [{ hash: "ab", amountMinor: 10_500_000n }],
    })
  })

  it("counts nothing of a transfer that failed", async () => {
    await expect(read(invoice, found, transaction({ status: "ERROR" }))).resolves.toMatchObject({
      state: "failed",
      receivedMinor: null,
      transfers: [],
    })
  })

  it("states the amount as a sum where the transfer has no hash yet", async () => {
    await expect(read(invoice, found, transaction({ hash: null }))).resolves.toMatchObject({
      receivedMinor: 10_500_000n,
      transfers: [],
    })
  })

  it("reports another token as told, and no amount of it as ours", async () => {
    const other = transaction({ token: "USDTBSC", amount: "10.123456789" })
    await expect(read(invoice, found, other)).resolves.toMatchObject({
      token: "USDTBSC",
      receivedMinor: null,
      transfers: [],
    })
  })

  it.each([
    ["tracker_id", [{ tracker_id: "another" }]],
    ["transaction_tracker_id", [{ transaction_tracker_id: [] }]],
    ["transaction", [found, {}]],
    ["transaction.status", [found, transaction({ status: {} })]],
    ["transaction.amount", [found, transaction({ amount: "10.5 USDT" })]],
  ])("refuses a wrong %s, naming it", async (field, answers) => {
    expect(await fieldOf(read(invoice, ...answers))).toBe(field)
  })

  it.each([
    { error: "try later" },
    { message: "Unauthorized" },
    { error: true },
    { success: false },
  ])("does not take %p under HTTP 200 for a payment without money", async (answer) => {
    await expect(read(invoice, answer)).rejects.toThrow(KobbopayError)
  })

  it("never shows a secret that an answer echoes", async () => {
    const echo = { error: `bad key ${invoiceInput.privateKey}` }
    await expect(read(invoice, echo)).rejects.toThrow("bad key [hidden]")
  })
})

describe("enabled tokens", () => {
  it("are known to invoice only", async () => {
    const { ask } = answering({ tokens: ["USDTTRC", "BTC"] })
    await expect(profileOf(invoice).enabledTokens(ask)).resolves.toEqual(["USDTTRC", "BTC"])
    await expect(profileOf(docs).enabledTokens(ask)).resolves.toBeNull()
  })
})

describe("JSON with numbers as text", () => {
  const withTextNumbers = (value: unknown): unknown => {
    if (typeof value === "number") return JSON.stringify(value)
    if (Array.isArray(value)) return value.map(withTextNumbers)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, withTextNumbers(one)]),
    )
  }

  it("differs from plain JSON in the numbers alone", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value)
        expect(parseJson(Buffer.from(text))).toEqual(withTextNumbers(JSON.parse(text)))
      }),
    )
  })

  it("keeps each digit as it was written", () => {
    const text = '{"a":10.50,"b":[-1e-7,90071992547409931],"c":"1\\"2"}'
    expect(parseJson(Buffer.from(text))).toEqual({
      a: "10.50",
      b: ["-1e-7", "90071992547409931"],
      c: '1"2',
    })
  })

  it.each(["", "{", "01", "[1,]", "NaN", "1 2"])("refuses %p", (text) => {
    expect(() => parseJson(Buffer.from(text))).toThrow(SyntaxError)
  })

  it("steps into own keys only", () => {
    expect(valueAt({ a: { b: 1 } }, "a.b")).toBe(1)
    expect(valueAt({ a: "text" }, "a.length")).toBeUndefined()
    expect(valueAt({}, "constructor.name")).toBeUndefined()
  })
})
