import { createHash, createHmac } from "node:crypto"

/** What is asked: our webhook route, Stripe's through Medusa's generic one, a route that does nothing, the database. */
export type Target = "kobbopay" | "stripe" | "nothing" | "commit"

export const WEBHOOK_SECRET = "sandbox-webhook-secret"
export const STRIPE_SECRET = "stripe-bench-secret"

const seconds = () => Math.floor(Date.now() / 1_000)

/** What Kobbopay says of a payment that only this name tells from others. */
const eventBody = (name: string): string =>
  JSON.stringify({
    event: "payment.paid",
    paymentId: `trk-${name}`,
    orderId: `order-${name}`,
    tracker_id: `trk-${name}`,
    receivedAmount: "10.500000",
    token: "USDTTRC",
    createdAt: new Date().toISOString(),
  })

/** Headers and body of a webhook as Kobbopay sends it to an account of the profile `invoice`. */
export function kobbopayWebhook(body: string, eventId: string) {
  const timestamp = String(seconds())
  const signature = createHmac("sha256", WEBHOOK_SECRET)
    .update(`${timestamp}.${body}`)
    .digest("hex")
  return {
    "x-kobbopay-event-id": eventId,
    "x-kobbopay-delivery-id": `delivery-${eventId}`,
    "x-kobbopay-timestamp": timestamp,
    "x-kobbopay-signature": signature,
  }
}

/** An event as Stripe signs it, of a kind on which Medusa does nothing once it was verified. */
function stripeEvent(name: string) {
  const body = JSON.stringify({
    id: `evt_${name}`,
    object: "event",
    type: "payment_intent.payment_failed",
    data: {
      object: {
        id: `pi_${name}`,
        object: "payment_intent",
        amount: 1050,
        currency: "usd",
        metadata: { session_id: `payses_${name}` },
      },
    },
  })
  return { body, headers: { "stripe-signature": stripeSignature(body) } }
}

export function stripeSignature(body: string): string {
  const timestamp = seconds()
  const mac = createHmac("sha256", STRIPE_SECRET).update(`${timestamp}.${body}`).digest("hex")
  return `t=${timestamp},v1=${mac}`
}

/** The bytes of one request. */
export function requestOf(target: Exclude<Target, "commit">, name: string): Buffer {
  if (target === "stripe") {
    const { body, headers } = stripeEvent(name)
    return bytesOf("POST", "/hooks/payment/stripe_stripe", headers, body)
  }
  const body = eventBody(name)
  const headers = kobbopayWebhook(body, `payment:trk-${name}:payment.paid`)
  // The plugin's own answer to any other method: the same layers of Medusa, and nothing behind them.
  return bytesOf(target === "nothing" ? "PUT" : "POST", "/hooks/kobbopay", headers, body)
}

function bytesOf(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: localhost",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`)
}

/** The plainest way to commit the row that a webhook becomes. */
export function insertOf(name: string) {
  const body = eventBody(name)
  return {
    name: "bench_insert",
    text: `INSERT INTO kobbopay_event (id, account_id, body_hash, event_id, delivery_ids, type, reported_state,
             kobbopay_ids, reference, raw_body, secret_index, received_at, last_seen_at, next_attempt_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $12)`,
    values: [
      `kpevt_${name}`,
      "kobbopay",
      createHash("sha256").update(body).digest("hex"),
      `payment:trk-${name}:payment.paid`,
      [`delivery-${name}`],
      "payment.paid",
      "paid",
      [`trk-${name}`],
      `order-${name}`,
      body,
      0,
      new Date(),
    ],
  }
}
