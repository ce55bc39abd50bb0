import { createRequire } from "node:module"
import { z } from "@medusajs/framework/zod"
import { rawHeaders } from "../../src/kobbopay/__tests__/support/raw-headers"
import { parseAccounts } from "../../src/kobbopay/options"
import { receiveWebhook } from "../../src/kobbopay/webhook"
import { compared, type Result } from "./figures"
import type { Bench } from "./measure"
import { kobbopayWebhook, STRIPE_SECRET, stripeSignature, WEBHOOK_SECRET } from "./messages"

const SIZES = [
  { name: "verify_300B", bytes: 300, times: 10_000 },
  { name: "verify_60kB", bytes: 60_000, times: 1_000 },
]

type ConstructEvent = (body: Buffer, signature: string, secret: string) => unknown

/** Stripe's own, of the version that Medusa's provider brings. */
function constructEvent(): ConstructEvent {
  const provider = createRequire(require.resolve("@medusajs/payment-stripe"))
  const Stripe = z.custom<new (key: string) => { webhooks: { constructEvent: ConstructEvent } }>(
    (value) => typeof value === "function",
  )
  const { webhooks } = new (Stripe.parse(provider("stripe")))("sk_bench")
  return webhooks.constructEvent.bind(webhooks)
}

/** From raw bytes and headers to a checked event. The same body for both, each signed its own way. */
export function measureVerify({ quick }: Bench): Promise<Result[]> {
  const accounts = parseAccounts([
    {
      id: "kobbopay",
      options: {
        profile: "invoice",
        publicId: "bench",
        privateKey: "bench-private-key",
        webhook: { secrets: [WEBHOOK_SECRET] },
        rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
      },
    },
  ])
  const stripe = constructEvent()
  const results = SIZES.map(({ name, bytes, times }) => {
    const body = bodyOf(bytes)
    const rawBody = Buffer.from(body)
    const eventId = "payment:trk-1:payment.paid"
    const headers = rawHeaders({
      host: "localhost",
      "content-type": "application/json",
      "content-length": String(rawBody.length),
      ...kobbopayWebhook(body, eventId),
    })
    const signature = stripeSignature(body)
    const ours = () => {
      const received = receiveWebhook({ rawBody, rawHeaders: headers, accounts, now: Date.now() })
      if (!received.ok) throw new Error(received.cause)
    }
    const theirs = () => stripe(rawBody, signature, STRIPE_SECRET)
    timed(ours, times)
    timed(theirs, times)
    const rounds = Array.from({ length: quick ? 15 : 50 }, () => ({
      ours: timed(ours, times),
      theirs: timed(theirs, times),
    }))
    return compared(
      {
        name,
        unit: "µs",
        what: `checking and reading a signed body of ${bytes} bytes ÷ stripe-node's constructEvent`,
        to_reach: "≤ 1.0",
      },
      rounds.map((round) => round.ours),
      rounds.map((round) => round.theirs),
    )
  })
  return Promise.resolve(results)
}

function bodyOf(bytes: number): string {
  const bare = {
    event: "payment.paid",
    paymentId: "trk-1",
    tracker_id: "trk-1",
    orderId: "order-1",
    receivedAmount: "10.5",
  }
  const filler = "x".repeat(bytes - JSON.stringify({ ...bare, filler: "" }).length)
  return JSON.stringify({ ...bare, filler })
}

/** Microseconds of one call. */
function timed(call: () => unknown, times: number): number {
  const start = performance.now()
  for (let count = 0; count < times; count++) call()
  return ((performance.now() - start) * 1_000) / times
}
