import { parseAccountOptions, parseAccounts } from "../options"
import { docsInput, faultsOf, invoiceInput } from "./support/accounts"

const [rail] = invoiceInput.rails

describe("defaults", () => {
  it("completes the invoice profile from its credentials, secret and rails alone", () => {
    expect(parseAccountOptions(invoiceInput)).toMatchObject({
      profile: "invoice",
      baseUrl: "https://merchant.kobbex.com",
      headers: { publicId: "ApiPublic", timestamp: "Timestamp", signature: "Signature" },
      requestSignature: { algorithm: "sha512", encoding: "hex", prefix: "" },
      webhook: {
        toleranceSeconds: 300,
        algorithm: "sha256",
        encoding: "hex",
        prefix: "",
        signsTimestamp: true,
        separator: ".",
        headers: { signature: "x-kobbopay-signature", eventId: "x-kobbopay-event-id" },
        allowedIps: [],
      },
      placeOrder: "before-payment",
      authorizeOn: "paid",
      captureOn: "confirmed",
      entitlements: {
        releaseOn: "confirmed",
        appliesTo: "non-shippable",
        revokeOnRefund: "proportional",
        fulfil: false,
      },
      expiry: {
        windowMs: 1_800_000,
        cancelOrderAfterMs: 1_800_000,
        closePendingAfterMs: 86_400_000,
        watchForMs: 2_592_000_000,
      },
      limits: { paymentsPerCart: 10, perMs: 3_600_000 },
      stuckAfterMs: 21_600_000,
      latePayments: "review",
      request: { timeoutMs: 15_000, attempts: 4 },
    })
  })

  it("lets a key of product metadata choose the lines that entitle", () => {
    const appliesTo = { metadata: "licence" }
    const { entitlements } = parseAccountOptions({ ...invoiceInput, entitlements: { appliesTo } })
    expect(entitlements).toMatchObject({ appliesTo, releaseOn: "confirmed" })
  })

  it("completes the docs profile, whose webhooks carry no time", () => {
    expect(parseAccountOptions(docsInput)).toMatchObject({
      headers: { apiKey: "x-api-key", idempotency: null },
      paths: { create: "/v1/payments", read: "/v1/payments/{payment_id}" },
      fields: { paymentId: "payment_id", reference: "orderId" },
      webhook: { toleranceSeconds: null, signsTimestamp: false, headers: { timestamp: null } },
    })
  })

  it("knows asset, network and decimals of Kobbopay's tokens", () => {
    const rails = [
      { id: "tron", token: "USDTTRC", prices: { USD: "1" } },
      { id: "bsc", token: "USDTBSC", prices: { usd: "1" } },
      {
        id: "btc",
        token: "BTC",
        asset: "BTC",
        network: "Bitcoin",
        decimals: 8,
        quoteDecimals: 12,
        prices: { usd: "0.00001" },
      },
    ]
    expect(parseAccountOptions({ ...docsInput, rails }).rails).toMatchObject([
      { asset: "USDT", network: "TRC20", decimals: 6, quoteDecimals: 6, prices: { usd: "1" } },
      { asset: "USDT", network: "BEP20", decimals: 18, quoteDecimals: 6 },
      { label: "BTC on Bitcoin", decimals: 8, quoteDecimals: 8, memo: false },
    ])
  })

  it("keeps a price function as it is", () => {
    const prices = (): string => "1"
    expect(
      parseAccountOptions({ ...docsInput, rails: [{ ...rail, prices }] }).rails[0]?.prices,
    ).toBe(prices)
  })

  it("takes what an approved environment names differently", () => {
    const options = parseAccountOptions({
      ...docsInput,
      baseUrl: "https://pay.example/eu/",
      statuses: { Completed: "confirmed" },
      events: { "Payment.Done": "confirmed", ping: "test" },
      fields: { address: "payer.address", memo: null },
      webhook: {
        ...docsInput.webhook,
        algorithm: "sha512",
        encoding: "base64",
        prefix: "sha512=",
        message: "timestamp.body",
        separator: ":",
        toleranceSeconds: 60,
        headers: { signature: "X-Sig", timestamp: "X-Time" },
        allowedIps: ["203.0.113.0/24"],
      },
    })
    expect(options).toMatchObject({
      baseUrl: "https://pay.example/eu",
      statuses: { completed: "confirmed" },
      events: { "payment.done": "confirmed", ping: "test" },
      fields: { address: "payer.address", memo: null },
      webhook: {
        toleranceSeconds: 60,
        signsTimestamp: true,
        separator: ":",
        headers: { signature: "x-sig", timestamp: "x-time" },
      },
    })
  })

  it.each(["http://localhost:4500", "http://127.0.0.1:4500", "http://[::1]:4500"])(
    "may reach a server on this machine over %s",
    (baseUrl) => {
      expect(parseAccountOptions({ ...docsInput, baseUrl })).toMatchObject({ baseUrl })
    },
  )
})

describe("accounts together", () => {
  const other = { ...docsInput, webhook: { secrets: ["another-secret-test"] } }

  it("are named as Medusa names their providers", () => {
    const accounts = parseAccounts([
      { id: "kobbopay", options: invoiceInput },
      { id: "eu", options: other },
    ])
    expect(accounts.map(({ id, providerId }) => [id, providerId])).toEqual([
      ["kobbopay", "pp_kobbopay_kobbopay"],
      ["eu", "pp_kobbopay_eu"],
    ])
  })

  it("may share neither a secret nor an id, and tell of both beside other faults", () => {
    const faults = faultsOf(() =>
      parseAccounts([
        { id: "a", options: docsInput },
        { id: "b", options: { ...docsInput, apiKey: "" } },
        { id: "a", options: other },
        { id: "not an id", options: { ...other, webhook: { secrets: ["third-secret-test"] } } },
      ]),
    )
    expect(faults).toEqual([
      expect.stringMatching(/^account "b": apiKey: is empty; /),
      expect.stringMatching(/^account "b": webhook\.secrets: shares a secret with account "a"; /),
      expect.stringMatching(/^account "a": id: is used twice; /),
      expect.stringMatching(/^account "not an id": id: is not an id; /),
    ])
  })
})
