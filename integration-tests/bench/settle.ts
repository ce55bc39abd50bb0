import { alone, compared, quantile, type Result } from "./figures"
import { until } from "../support/until"
import type { Bench } from "./measure"
import { kobbopayWebhook } from "./messages"
import { PLAIN_PROVIDER, type BenchStore } from "./store"

const OURS_PER_ROUND = 7
const POLL_EVERY_MS = 3

/** From the webhook's sending to the order being captured, in Medusa's own books. */
export async function measureSettle({ store, quick, tell }: Bench): Promise<Result[]> {
  const rounds = quick ? 4 : 15
  const ours: number[] = []
  const builtIn: number[] = []
  await oursOnce(store)
  await builtInOnce(store)
  for (let round = 0; round < rounds; round++) {
    for (let count = 0; count < OURS_PER_ROUND; count++) ours.push(await oursOnce(store))
    builtIn.push(await builtInOnce(store))
  }
  tell(
    `ours ${ours.map(Math.round).join(" ")} ms; built-in ${builtIn.map(Math.round).join(" ")} ms`,
  )
  return [
    compared(
      {
        name: "settle_latency",
        unit: "ms",
        what: "webhook sent until order captured ÷ the same through Medusa's generic route",
        to_reach: "≤ 150 ms, built-in ≥ 5 s",
      },
      ours,
      builtIn,
    ),
    alone(
      {
        name: "settle_latency_p99",
        unit: "ms",
        what: "the slowest of a hundred webhooks until the order is captured",
        to_reach: "told",
      },
      [quantile(ours, 0.99)],
    ),
  ]
}

async function oursOnce(store: BenchStore): Promise<number> {
  const { session, collectionId } = await store.shopper.buy({
    product: store.seeded.digital,
    rail: "usdt-tron",
  })
  store.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
  const begun = performance.now()
  await sendConfirmed(store, session)
  await captured(store, [collectionId])
  return performance.now() - begun
}

/** The webhook that tells of final money. */
export async function sendConfirmed(
  store: BenchStore,
  { kobbopay_id: id, reference }: { kobbopay_id: string; reference: string },
): Promise<void> {
  const body = JSON.stringify({ event: "payment.confirmed", paymentId: id, orderId: reference })
  await post(
    `${store.url}/hooks/kobbopay`,
    body,
    kobbopayWebhook(body, `payment:${id}:payment.confirmed`),
  )
}

async function builtInOnce(store: BenchStore): Promise<number> {
  const collectionId = await store.shopper.buyThrough(PLAIN_PROVIDER, store.seeded.digital)
  const { rows } = await store.sql.query<{ id: string; amount: string }>(
    `SELECT id, raw_amount->>'value' AS amount FROM payment_session WHERE payment_collection_id = $1`,
    [collectionId],
  )
  const begun = performance.now()
  const body = JSON.stringify({ session_id: rows[0]?.id, amount: rows[0]?.amount })
  await post(`${store.url}/hooks/payment/plain_plain`, body, {})
  await captured(store, [collectionId])
  return performance.now() - begun
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
}

/** Waits until all of these collections' orders are captured: payment marked, transaction booked. */
export async function captured(store: BenchStore, collections: readonly string[]): Promise<void> {
  const all = async () => {
    const { rows } = await store.sql.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM payment p
         JOIN order_payment_collection l ON l.payment_collection_id = p.payment_collection_id
        WHERE p.payment_collection_id = ANY($1) AND p.captured_at IS NOT NULL
          AND EXISTS (SELECT 1 FROM order_transaction t WHERE t.order_id = l.order_id)`,
      [collections],
    )
    return rows[0]?.n === collections.length
  }
  await until(all, { withinMs: 120_000, everyMs: POLL_EVERY_MS, what: "the capture" })
}
