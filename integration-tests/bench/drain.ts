import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"
import { runMedusa } from "../support/medusa-process"
import { compared, type Result } from "./figures"
import type { Bench } from "./measure"
import { captured, sendConfirmed } from "./settle"
import { type BenchStore, PLAIN_PROVIDER } from "./store"

const ROUNDS = 3
/** Shoppers who check out at once while a round is prepared. */
const SHOPPERS = 4

/** Stored events settled per second, beside a bare loop of Medusa's own workflow over orders like these. */
export async function measureDrain({ store, quick, tell }: Bench): Promise<Result[]> {
  const payments = quick ? 16 : 60
  const ours: number[] = []
  const core: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    core.push(await coreRate(store, payments))
    ours.push(await ourRate(store, payments))
    tell(`ours ${ours.at(-1)?.toFixed(1)}/s, core ${core.at(-1)?.toFixed(1)}/s`)
  }
  return [
    compared(
      {
        name: "drain_vs_core",
        unit: "payments/s",
        what: `${payments} stored events settled, reads of Kobbopay included, ÷ a bare loop of processPaymentWorkflow with a provider that costs nothing`,
        to_reach: "≥ 0.9",
      },
      ours,
      core,
    ),
  ]
}

/** So many orders, by a few shoppers at once. */
async function bought<T>(orders: number, buy: () => Promise<T>): Promise<T[]> {
  const made: T[] = []
  let begun = 0
  const shop = async () => {
    while (begun++ < orders) made.push(await buy())
  }
  await Promise.all(Array.from({ length: SHOPPERS }, shop))
  return made
}

async function ourRate(store: BenchStore, payments: number): Promise<number> {
  const { shopper, seeded } = store
  const orders = await bought(payments, () =>
    shopper.buy({ product: seeded.digital, rail: "usdt-tron" }),
  )
  for (const { session } of orders) {
    store.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
  }
  const begun = performance.now()
  await Promise.all(orders.map(({ session }) => sendConfirmed(store, session)))
  await captured(
    store,
    orders.map(({ collectionId }) => collectionId),
  )
  return (payments * 1_000) / (performance.now() - begun)
}

async function coreRate(store: BenchStore, payments: number): Promise<number> {
  const collections = await bought(payments, () =>
    store.shopper.buyThrough(PLAIN_PROVIDER, store.seeded.digital),
  )
  const { rows } = await store.sql.query<{ id: string; amount: string }>(
    `SELECT id, raw_amount->>'value' AS amount FROM payment_session
      WHERE payment_collection_id = ANY($1)`,
    [collections],
  )
  const file = join(store.home, "core.json")
  await writeFile(file, JSON.stringify(rows))
  await runMedusa(["exec", join(__dirname, "core-loop.ts"), file], store.options)
  const { perSecond } = z
    .object({ perSecond: z.number() })
    .parse(JSON.parse(await readFile(file, "utf8")))
  return perSecond
}
