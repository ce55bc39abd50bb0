/** Provider ids of the accounts every suite boots with. */
export const INVOICE = "pp_kobbopay_kobbopay"
export const DOCS = "pp_kobbopay_docs"
/** Medusa's own provider, which authorizes whatever it is asked. */
export const OTHER_PROVIDER = "pp_system_default"
/** `placeOrder: "after-payment"`, late payments accepted; its payments live in the second sandbox. */
export const AFTER = "pp_kobbopay_after"
/** A window of one second; in the second sandbox. */
export const BRIEF = "pp_kobbopay_brief"
/**
 * Sells licences with everything: all lines, taken back whole on any refund, fulfilled on release. In
 * the second sandbox, which sends it no webhooks.
 */
export const LICENCES = "pp_kobbopay_licences"
/** A docs contract whose reads state no amounts; in the second sandbox, which sends it no webhooks. */
export const BARE = "pp_kobbopay_bare"

/** Of the invoice profile, in the second sandbox, whose answers to it tests may change; no webhooks come. */
export const MEDDLED = "pp_kobbopay_meddled"
/** The same of the docs profile; its reads state no sums. */
export const MEDDLED_DOCS = "pp_kobbopay_meddled-docs"
/** For prices alone: they change its options before its first call. In the second sandbox; no webhooks come. */
export const QUOTED = "pp_kobbopay_quoted"
/** What the rails of {@link BARE} are called, with their ids behind it. */
export const BARE_LABEL = "Tether, by"

export const SECRETS = {
  invoice: "test-invoice-secret",
  invoiceNext: "test-invoice-secret-next",
  docs: "test-docs-secret",
  after: "test-after-secret",
  brief: "test-brief-secret",
  bare: "test-bare-secret",
  licences: "test-licences-secret",
  guarded: "test-guarded-secret",
  meddled: "test-meddled-secret",
  meddledDocs: "test-meddled-docs-secret",
  quoted: "test-quoted-secret",
}
export const CREDENTIALS = {
  apiKey: "test-api-key",
  publicId: "test-public-id",
  privateKey: "test-private-key",
}

const rails = [
  { id: "usdt-tron", token: "USDTTRC", decimals: 6, prices: { usd: "1", eur: "1.08" } },
  { id: "usdt-bsc", token: "USDTBSC", decimals: 18, prices: { usd: "1" } },
]
/** Of currencies with no, two and three fraction digits. */
const worldly = rails.map((rail) => ({
  ...rail,
  prices: { usd: "1", eur: "1.08", jpy: "0.0067", kwd: "3.25" },
}))
const expiry = { window: "30m", cancelOrderAfter: "0s" }
const request = { attempts: 2, timeout: "2s" }

/** What the store is configured with; the addresses are those of the two sandboxes and of the meddler before the second. */
export function accounts(first: string, second: string, meddler: string) {
  const { apiKey, publicId, privateKey } = CREDENTIALS
  const shared = { rails, expiry, request }
  return [
    {
      id: "kobbopay",
      options: {
        ...shared,
        profile: "invoice",
        baseUrl: first,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.invoice, SECRETS.invoiceNext] },
      },
    },
    {
      id: "docs",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: first,
        apiKey,
        webhook: { secrets: [SECRETS.docs] },
      },
    },
    {
      id: "after",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.after] },
        placeOrder: "after-payment",
        latePayments: "accept",
      },
    },
    {
      id: "brief",
      options: {
        ...shared,
        profile: "invoice",
        baseUrl: second,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.brief] },
        expiry: { window: "1s", cancelOrderAfter: "0s", closePendingAfter: "1s" },
      },
    },
    {
      id: "bare",
      options: {
        ...shared,
        rails: rails.map((rail) => ({ ...rail, label: `${BARE_LABEL} ${rail.id}` })),
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.bare] },
        fields: { amount: null, received: null, transactions: null },
      },
    },
    {
      id: "licences",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.licences] },
        entitlements: { appliesTo: "all", revokeOnRefund: "all", fulfil: true },
      },
    },
    {
      id: "meddled",
      options: {
        ...shared,
        rails: worldly,
        profile: "invoice",
        baseUrl: meddler,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.meddled] },
      },
    },
    {
      id: "meddled-docs",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: meddler,
        apiKey,
        webhook: { secrets: [SECRETS.meddledDocs] },
        fields: { received: null },
      },
    },
    {
      id: "quoted",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.quoted] },
      },
    },
    // Takes webhooks from one address only; nothing is sold through it.
    {
      id: "guarded",
      options: {
        ...shared,
        profile: "invoice",
        baseUrl: second,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.guarded], allowedIps: ["203.0.113.7"] },
      },
    },
  ]
}
