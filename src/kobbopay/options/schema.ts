import { z } from "@medusajs/framework/zod"
import {
  baseUrl,
  choice,
  duration,
  headerName,
  headerSecret,
  path,
  proxy,
  rule,
  reportedState,
  secret,
  text,
  tolerance,
  vocabulary,
  wholeNumber,
} from "./fields"
import { entitlementsSchema } from "./entitlements"
import { railsSchema } from "./rails"
import { signatureShape, webhookSchema } from "./webhook"

const expiry = z
  .strictObject({
    /** How long a payment is offered to its payer. */
    window: duration().prefault("30m"),
    /** How long after the window an unpaid order is cancelled. */
    cancelOrderAfter: duration({ orZero: true }).prefault("30m"),
    /** After this time of nothing but Pending a payment counts as expired: some contracts never say so. */
    closePendingAfter: duration().prefault("24h"),
    /** How long a payment is still read: addresses stay payable. */
    watchFor: duration().prefault("30d"),
    /** How long after its order was placed an unpaid payment may still be replaced by a new one. */
    renewFor: duration({ orZero: true }).prefault("3h"),
  })
  .refine(
    ...rule(
      z.object({ window: z.number(), closePendingAfter: z.number() }),
      ["closePendingAfter"],
      "is shorter than expiry.window, so payments would end while they are shown; raise it (default 24h)",
      (expiry) => expiry.closePendingAfter >= expiry.window,
    ),
  )
  .refine(
    ...rule(
      z.object({ closePendingAfter: z.number(), watchFor: z.number() }),
      ["watchFor"],
      "is shorter than expiry.closePendingAfter, so late money would go unseen; raise it (default 30d)",
      (expiry) => expiry.watchFor >= expiry.closePendingAfter,
    ),
  )
  .transform((expiry) => ({
    windowMs: expiry.window,
    cancelOrderAfterMs: expiry.cancelOrderAfter,
    closePendingAfterMs: expiry.closePendingAfter,
    watchForMs: expiry.watchFor,
    renewForMs: expiry.renewFor,
  }))
  .prefault({})

/** What both profiles have. */
const shared = {
  rails: railsSchema,
  /** Whether the order is placed when the payer leaves the checkout, or when money was seen. */
  placeOrder: choice(["before-payment", "after-payment"]).prefault("before-payment"),
  authorizeOn: choice(["paid", "confirmed"]).prefault("paid"),
  captureOn: choice(["paid", "confirmed"]).prefault("confirmed"),
  entitlements: entitlementsSchema,
  /** How far what arrives may be from what was asked. */
  tolerance: z
    .strictObject({ under: tolerance.prefault("0"), over: tolerance.prefault("1%") })
    .prefault({}),
  expiry,
  /** How many payments one cart is given: each is a row here, one at Kobbopay, and reads for as long as it is watched. */
  limits: z
    .strictObject({
      paymentsPerCart: wholeNumber(1, 1000).prefault(10),
      per: duration().prefault("1h"),
    })
    .transform(({ paymentsPerCart, per }) => ({ paymentsPerCart, perMs: per }))
    .prefault({}),
  /** Paid or partial for longer than this needs a person. */
  stuckAfter: duration().prefault("6h"),
  /** How long a signed report of money may be ahead of what Kobbopay can be read to say. */
  unbackedAfter: duration().prefault("15m"),
  latePayments: choice(["review", "accept"]).prefault("review"),
  /** Extra names of statuses in answers, beside those of the profile. */
  statuses: vocabulary(reportedState).prefault({}),
  /** Extra names of webhook events: the state each reports, or "test". */
  events: vocabulary(
    z.union([reportedState, z.literal("test")], {
      error: "is no state; use pending, partial, paid, confirmed, expired, failed or test",
    }),
  ).prefault({}),
  request: z
    .strictObject({
      /** Limit for one try, from connecting to the answer's last byte. */
      timeout: duration().prefault("15s"),
      /** Tries of one call, the first included. */
      attempts: wholeNumber(1, 10).prefault(4),
      /** The proxy to go through; false: none, whatever the environment says. */
      proxy,
    })
    .transform(({ timeout, attempts, proxy }) => ({ timeoutMs: timeout, attempts, proxy }))
    .prefault({}),
}

/** Where the key travels on a create: the merchant's own reference, repeated on a retry; null: not sent. */
const idempotency = headerName.nullable().prefault(null)
const captureNotBeforeAuthorize = rule(
  z.object({ authorizeOn: z.literal("confirmed"), captureOn: z.literal("paid") }),
  ["captureOn"],
  'is earlier than authorizeOn; set it to "confirmed", or authorizeOn to "paid"',
  () => false,
)

const field = text(
  /^[\w-]+(\.[\w-]+)*$/,
  "is not a field",
  'use a name or a path such as "data.id"',
)
/** A field that may be left unread: null says that the answer has none. */
const orNone = field.nullable()

/**
 * Where the docs profile's answers carry what; dots step into objects. Only payment_id is public, so
 * an approved environment may well name the others differently.
 */
const docsFields = z
  .strictObject({
    paymentId: field.prefault("payment_id"),
    status: field.prefault("status"),
    address: field.prefault("address"),
    memo: orNone.prefault("memo"),
    expiresAt: orNone.prefault("expires_at"),
    amount: orNone.prefault("amount"),
    currency: orNone.prefault("currency"),
    network: orNone.prefault("network"),
    reference: orNone.prefault("orderId"),
    received: orNone.prefault("received_amount"),
    transactions: orNone.prefault("transactions"),
    transactionHash: field.prefault("hash"),
    transactionAmount: field.prefault("amount"),
    transactionCurrency: orNone.prefault("currency"),
    transactionNetwork: orNone.prefault("network"),
  })
  .prefault({})

const docsSchema = z
  .strictObject({
    profile: z.literal("docs"),
    baseUrl,
    apiKey: headerSecret("the API key issued for your environment"),
    paths: z
      .strictObject({
        create: path().prefault("/v1/payments"),
        read: path("payment_id").prefault("/v1/payments/{payment_id}"),
      })
      .prefault({}),
    headers: z.strictObject({ apiKey: headerName.prefault("x-api-key"), idempotency }).prefault({}),
    fields: docsFields,
    webhook: webhookSchema({
      message: "body",
      headers: { signature: "x-signature", timestamp: null, eventId: null, deliveryId: null },
    }),
    ...shared,
  })
  .refine(...captureNotBeforeAuthorize)

const invoiceSchema = z
  .strictObject({
    profile: z.literal("invoice"),
    baseUrl: baseUrl.prefault("https://merchant.kobbex.com"),
    publicId: headerSecret("the public id issued for your environment"),
    privateKey: secret("the private key issued for your environment"),
    paths: z
      .strictObject({
        create: path().prefault("/api/crypto/invoice/create"),
        invoice: path("tracker_id").prefault("/api/crypto/invoice/get/?tracker_id={tracker_id}"),
        transaction: path().prefault("/api/transaction/get"),
        tokens: path().prefault("/user/token/fetch"),
      })
      .prefault({}),
    headers: z
      .strictObject({
        publicId: headerName.prefault("ApiPublic"),
        timestamp: headerName.prefault("Timestamp"),
        signature: headerName.prefault("Signature"),
        idempotency,
      })
      .prefault({}),
    /** How requests are signed, over the timestamp and the body without a separator. */
    requestSignature: z
      .strictObject({
        algorithm: signatureShape.algorithm.prefault("sha512"),
        encoding: signatureShape.encoding.prefault("hex"),
        prefix: signatureShape.prefix.prefault(""),
      })
      .prefault({}),
    webhook: webhookSchema({
      message: "timestamp.body",
      headers: {
        signature: "x-kobbopay-signature",
        timestamp: "x-kobbopay-timestamp",
        eventId: "x-kobbopay-event-id",
        deliveryId: "x-kobbopay-delivery-id",
      },
    }),
    ...shared,
  })
  .refine(...captureNotBeforeAuthorize)
  .refine(
    ...rule(
      z.object({
        publicId: z.string(),
        privateKey: z.string(),
        webhook: z.object({ secrets: z.array(z.string()) }),
      }),
      ["webhook", "secrets"],
      "holds one of the API credentials; the webhook secret is a third one, copy it again",
      ({ publicId, privateKey, webhook }) =>
        !webhook.secrets.includes(publicId) && !webhook.secrets.includes(privateKey),
    ),
  )

/** The options of one account, strict: what a merchant writes at the provider entry of the config. */
export const accountOptionsSchema = z
  .discriminatedUnion("profile", [docsSchema, invoiceSchema], {
    error: 'is not known; set it to "docs" or "invoice", the contract your environment was issued',
  })
  .transform(({ stuckAfter, unbackedAfter, ...options }) => ({
    ...options,
    stuckAfterMs: stuckAfter,
    unbackedAfterMs: unbackedAfter,
  }))

/** What a merchant may write. */
export type AccountOptionsInput = z.input<typeof accountOptionsSchema>
/** The same, complete: every default filled in, durations in milliseconds (`…Ms`). */
export type AccountOptions = z.output<typeof accountOptionsSchema>
export type DocsOptions = Extract<AccountOptions, { profile: "docs" }>
export type InvoiceOptions = Extract<AccountOptions, { profile: "invoice" }>
