import fc from "fast-check"
import { OptionsError, parseAccountOptions, parseAccounts } from "../options"
import { docsInput, faultsOf, invoiceInput } from "./support/accounts"

const [rail] = invoiceInput.rails
const faultsIn = (raw: unknown): string[] => faultsOf(() => parseAccountOptions(raw))

describe("faults", () => {
  it("names them all at once, each with its key and its fix", () => {
    const faults = faultsIn({
      profile: "invoice",
      baseUrl: "http://pay.example",
      publicId: " padded ",
      webhook: { secrets: ["same", "same"], toleranceSeconds: 0 },
      rails: [
        { id: "Tron", token: "usdttrc", decimals: 18, prices: { usd: 1 } },
        { id: "b", token: "USDTTRC", decimals: 18, asset: "USDC", prices: { usd: "-1" } },
        { id: "b", token: "DOGE", prices: {} },
      ],
      authorizeOn: "confirmed",
      captureOn: "paid",
      expiry: { window: "2d", watchFor: "soon" },
      stuckAfter: 6,
      entitlements: {
        releaseOn: "seen",
        appliesTo: { tag: "x" },
        revokeOnRefund: 1,
        fulfil: "yes",
      },
      apiKey: "belongs to the other profile",
    })
    const expected = [
      /^baseUrl: is not https; /,
      /^publicId: has white space around it; remove it$/,
      /^privateKey: is missing; set it to the private key/,
      /^webhook\.secrets: has the same secret twice; /,
      /^webhook\.toleranceSeconds: is out of range; use a whole number from 1 to 3600$/,
      /^rails: has two rails of the same id; /,
      /^rails\[0\]\.id: is not an id; /,
      /^rails\[0\]\.token: .*write it in upper case$/,
      /^rails\[0\]\.prices\.usd: is not text; /,
      /^rails\[1\]\.decimals: contradicts .*; leave it out$/,
      /^rails\[1\]\.asset: contradicts the token.*; leave it out$/,
      /^rails\[1\]\.prices\.usd: is no price; /,
      /^rails\[2\]\.asset: is missing; set the asset/,
      /^rails\[2\]\.network: is missing; set Kobbopay/,
      /^rails\[2\]\.decimals: is missing; /,
      /^rails\[2\]\.prices: has no price; add a currency$/,
      /^captureOn: is earlier than authorizeOn; /,
      /^expiry\.closePendingAfter: is shorter than expiry\.window.*; raise it/,
      /^expiry\.watchFor: is not a duration; /,
      /^stuckAfter: is not a duration; /,
      /^entitlements\.releaseOn: .*"paid" or "confirmed" or "manual"$/,
      /^entitlements\.appliesTo: .*"non-shippable", "all" or \{ metadata: /,
      /^entitlements\.revokeOnRefund: .*"proportional" or "all"$/,
      /^entitlements\.fulfil: is neither true nor false; use true or false$/,
      /^apiKey: is no option here; remove it/,
    ]
    for (const pattern of expected) expect(faults).toContainEqual(expect.stringMatching(pattern))
    for (const fault of faults) expect(fault).toMatch(/^[\w.[\]]+: .+; .+/)
  })

  it.each([
    ["no options", undefined, /^options: /],
    ["a string", "s3cret-value", /^options: /],
    ["no profile", { ...invoiceInput, profile: undefined }, /^profile: .*"docs" or "invoice"/],
    ["no webhook", { ...invoiceInput, webhook: undefined }, /^webhook: /],
    ["no secret", { ...invoiceInput, webhook: { secrets: [] } }, /^webhook\.secrets: is empty; /],
    [
      "an empty secret",
      { ...invoiceInput, webhook: { secrets: [""] } },
      /^webhook\.secrets\[0\]: is empty/,
    ],
    [
      "a lone secret",
      { ...invoiceInput, webhook: { secrets: "x" } },
      /^webhook\.secrets: is not a list/,
    ],
    [
      "the API key as secret",
      { ...invoiceInput, webhook: { secrets: [invoiceInput.privateKey] } },
      /third one/,
    ],
    ["no rail", { ...invoiceInput, rails: [] }, /^rails: is empty; /],
    ["no baseUrl for docs", { ...docsInput, baseUrl: undefined }, /^baseUrl: is missing; /],
    ["a user in the URL", { ...docsInput, baseUrl: "https://u:p@x.example" }, /^baseUrl: has more/],
    [
      "a currency twice",
      { ...docsInput, rails: [{ ...rail, prices: { usd: "1", USD: "2" } }] },
      /currency twice/,
    ],
    [
      "a signed time without header",
      { ...docsInput, webhook: { secrets: ["s"], message: "timestamp.body" } },
      /^webhook\.headers\.timestamp: is missing/,
    ],
    [
      "freshness without a time",
      { ...docsInput, webhook: { secrets: ["s"], toleranceSeconds: 300 } },
      /^webhook\.toleranceSeconds: needs a timestamp/,
    ],
    [
      "no way to name the payment",
      { ...docsInput, paths: { read: "/v1/payments" } },
      /^paths\.read: .*\{payment_id\}/,
    ],
    [
      "one header for two things",
      {
        ...invoiceInput,
        webhook: { secrets: ["s"], headers: { eventId: "x-kobbopay-signature" } },
      },
      /names one header for two/,
    ],
    [
      "a whole tolerance",
      { ...docsInput, tolerance: { under: "100%" } },
      /^tolerance\.under: is no tolerance; /,
    ],
    [
      "a status of no state",
      { ...docsInput, statuses: { done: "finished" } },
      /^statuses\.done: is no state; /,
    ],
    [
      "an address that is none",
      { ...docsInput, webhook: { secrets: ["s"], allowedIps: ["example.com"] } },
      /^webhook\.allowedIps\[0\]: /,
    ],
  ])("refuses %s", (_, raw, pattern) => {
    expect(faultsIn(raw)).toContainEqual(expect.stringMatching(pattern))
  })
})

describe("secrets", () => {
  const SECRET = "kobbo-secret-that-must-not-show"
  const places: ((value: unknown) => Record<string, unknown>)[] = [
    (value) => ({ publicId: value }),
    (value) => ({ privateKey: value }),
    (value) => ({ apiKey: value }),
    (value) => ({ baseUrl: value }),
    (value) => ({ webhook: { secrets: value } }),
    (value) => ({
      webhook: { secrets: [value], prefix: value, message: value, allowedIps: [value] },
    }),
    (value) => ({ webhook: value }),
    (value) => ({
      rails: [{ id: value, token: value, asset: value, decimals: value, prices: value }],
    }),
    (value) => ({ rails: [{ ...rail, prices: { usd: value } }], tolerance: { under: value } }),
    (value) => ({ profile: value }),
    (value) => ({ expiry: { window: value }, stuckAfter: value, placeOrder: value }),
    (value) => ({ statuses: { done: value }, events: { done: value }, latePayments: value }),
    (value) => ({
      paths: { create: value },
      headers: { signature: value },
      request: { timeout: value },
    }),
  ]
  const shapes: ((secret: string) => unknown)[] = [
    (secret) => secret,
    (secret) => ` ${secret}\n`,
    (secret) => [secret, secret],
    (secret) => ({ [`${secret} `]: secret }),
    (secret) => ({ value: secret }),
    (secret) => [[secret]],
    (secret) => [{ secret }],
  ]

  it("never show in an error, wherever and in whatever shape they were put", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(docsInput, invoiceInput),
        fc.subarray(places, { minLength: 1 }),
        fc.constantFrom(...shapes),
        fc.string(),
        (base, put, shape, salt) => {
          const value = shape(`${SECRET}${salt}`)
          const raw = put.reduce((options, place) => ({ ...options, ...place(value) }), { ...base })
          let thrown: unknown
          try {
            parseAccounts([
              { id: "kobbopay", options: raw },
              { id: "two", options: raw },
            ])
          } catch (error) {
            thrown = error
          }
          expect(thrown).toBeInstanceOf(OptionsError)
          if (!(thrown instanceof OptionsError)) return
          const shown = [thrown.message, thrown.stack, String(thrown.cause), JSON.stringify(thrown)]
          expect(shown.join("\n")).not.toContain(SECRET)
        },
      ),
      { numRuns: 500 },
    )
  })
})
