import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"
import { ADMIN } from "../demo/admin"
import { openDoor } from "./door"
import { freePort } from "./free-port"
import { startMedusa, type MedusaProcess } from "./medusa-process"
import { Merchant } from "./merchant"
import { startRedis, type Redis } from "./redis"
import { Shopper } from "./shopper"
import { storeHome, type StoreHome } from "./store-home"
import { until } from "./until"

const MOVED_WITHIN_MS = 60_000
const COPIES = 5
const ORDERS = 4

type Mode = "shared" | "server" | "worker"

/**
 * What several Medusa processes over one database owe, with and without a Redis between them. Without
 * it a server and a worker share nothing but PostgreSQL: an event of the one never reaches the other.
 */
export function processesSuite(name: string, { redis: withRedis }: { redis: boolean }): void {
  jest.setTimeout(240_000)

  describe(name, () => {
    let home: StoreHome
    let folder: string
    let redis: Redis | null = null
    const running: MedusaProcess[] = []
    const logs: string[] = []

    async function boot(mode: Mode): Promise<MedusaProcess> {
      const logFile = `${home.options.logFile}.${logs.length}`
      logs.push(logFile)
      const env = {
        ...home.options.env,
        MEDUSA_WORKER_MODE: mode,
        LOG_LEVEL: "info",
        KOBBOPAY_CANCEL_ORDER_AFTER: "0s",
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      }
      const booted = await startMedusa(await freePort(), { logFile, env })
      running.push(booted)
      return booted
    }

    const count = async (from: string, ...bindings: string[]): Promise<number> => {
      const { rows } = await home.database.query<{ n: string }>(
        `SELECT count(*) AS n FROM ${from}`,
        bindings,
      )
      return Number(rows[0]?.n)
    }

    /** How often an order's money is in each of Medusa's books. */
    const bookedOf = async (order: string, collection: string) => ({
      orders: await count(
        `order_payment_collection WHERE deleted_at IS NULL AND payment_collection_id = $1`,
        collection,
      ),
      payments: await count(`payment WHERE payment_collection_id = $1`, collection),
      captures: await count(
        `capture c JOIN payment p ON p.id = c.payment_id WHERE p.payment_collection_id = $1`,
        collection,
      ),
      transactions: await count(`order_transaction WHERE order_id = $1`, order),
    })
    const ONCE = { orders: 1, payments: 1, captures: 1, transactions: 1 }
    const NOTHING = { orders: 1, payments: 0, captures: 0, transactions: 0 }

    const moved = (what: string, probe: () => Promise<boolean>) =>
      until(probe, { withinMs: MOVED_WITHIN_MS, everyMs: 100, what })

    const rests = (collection: string) =>
      moved("the worker coming to rest", async () => {
        const events = `kobbopay_event WHERE state = 'received' AND collection_id = $1`
        const leased = `kobbopay_collection WHERE id = $1 AND lease_owner IS NOT NULL`
        return (await count(events, collection)) === 0 && (await count(leased, collection)) === 0
      })

    beforeAll(async () => {
      home = await storeHome("processes")
      folder = await mkdtemp(join(tmpdir(), "kobbopay-redis-"))
      if (withRedis) redis = await startRedis(folder)
    })

    afterAll(async () => {
      await Promise.all(running.map((each) => each.stop()))
      await home.close()
      await redis?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    describe("a server and a worker", () => {
      let server: MedusaProcess
      let shopper: Shopper

      beforeAll(async () => {
        server = await boot("server")
        shopper = new Shopper(server.url, home.store)
        home.sandbox.control.setWebhook({ url: `${server.url}/hooks/kobbopay` })
      })

      test("the process that took a webhook settles it, also while nothing sweeps", async () => {
        const { order, session, collectionId } = await shopper.buy({
          product: home.store.digital,
          rail: "usdt-tron",
        })
        home.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
        await moved("the order being captured", async () => {
          return (await shopper.order(order.id)).payment_status === "captured"
        })
        await rests(collectionId)
        expect(await bookedOf(order.id, collectionId)).toEqual(ONCE)
        expect(await count(`kobbopay_event WHERE state = 'received'`)).toBe(0)
      })

      test("money for an order that the merchant cancelled at the server is an exception, never a capture", async () => {
        await boot("worker")
        const { order, session, collectionId } = await shopper.buy({
          product: home.store.physical,
          shipped: true,
          rail: "usdt-tron",
        })
        const merchant = await Merchant.login(server.url, ADMIN)
        await merchant.call(`/admin/orders/${order.id}/cancel`, z.unknown(), { method: "POST" })
        home.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })

        const open = `kobbopay_exception WHERE state = 'open' AND class = 'order_cancelled' AND order_id = $1`
        await moved("the exception", async () => (await count(open, order.id)) === 1)
        await rests(collectionId)
        expect(await bookedOf(order.id, collectionId)).toEqual(NOTHING)
        expect(
          await count(
            `kobbopay_collection WHERE id = $1 AND order_cancelled_at IS NOT NULL`,
            collectionId,
          ),
        ).toBe(1)
      })

      test("an order expires and gives its stock back by the worker alone", async () => {
        const { order, collectionId } = await shopper.buy({
          product: home.store.physical,
          shipped: true,
          rail: "usdt-tron",
        })
        const reserved = `reservation_item r JOIN order_item i ON i.item_id = r.line_item_id
          WHERE r.deleted_at IS NULL AND i.order_id = $1`
        expect(await count(reserved, order.id)).toBe(1)
        await server.stop()
        await home.database.query(
          `UPDATE kobbopay_payment SET created_at = now() - interval '2 days', next_check_at = now(),
             window_ends_at = now() - interval '1 day' WHERE collection_id = $1`,
          [collectionId],
        )
        await home.database.query(`UPDATE kobbopay_collection SET due_at = now() WHERE id = $1`, [
          collectionId,
        ])
        const cancelled = `"order" WHERE id = $1 AND status = 'canceled'`
        await moved("the order expiring", async () => (await count(cancelled, order.id)) === 1)
        await rests(collectionId)
        expect(await count(reserved, order.id)).toBe(0)
        expect(await bookedOf(order.id, collectionId)).toEqual(NOTHING)
      })
    })

    test("processes that take the same events at once book each order once", async () => {
      const both = await Promise.all([boot("shared"), boot("shared")])
      const [first] = both
      const door = await openDoor(both.map((each) => each.port))
      try {
        home.sandbox.control.setWebhook({ url: `${door.url}/hooks/kobbopay` })
        const shopper = new Shopper(first.url, home.store)
        const bought = []
        for (let each = 0; each < ORDERS; each++) {
          bought.push(await shopper.buy({ product: home.store.digital, rail: "usdt-tron" }))
        }
        home.sandbox.control.setWeather({ duplicates: { copies: COPIES } })
        for (const { session } of bought) {
          home.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
        }
        await home.sandbox.control.quiet()
        for (const { order, session, collectionId } of bought) {
          await moved("the order being captured", async () => {
            return (await shopper.order(order.id)).payment_status === "captured"
          })
          await rests(collectionId)
          expect(await bookedOf(order.id, collectionId)).toEqual(ONCE)
          const twice = home.sandbox.control
            .deliveries(session.kobbopay_id)
            .filter(
              ({ event, outcome }) => event === "payment.confirmed" && outcome === "delivered",
            )
          expect(twice).toHaveLength(COPIES + 1)
        }
        expect(await count(`kobbopay_event WHERE state <> 'done'`)).toBe(0)
        expect(await count(`kobbopay_exception WHERE class <> 'order_cancelled'`)).toBe(0)
      } finally {
        home.sandbox.control.clearWeather()
        await door.close()
      }
    })

    if (withRedis) {
      test("no process warns of anything in its configuration", async () => {
        expect(logs).toHaveLength(4)
        for (const log of logs) {
          const lines = (await readFile(log, "utf8")).split("\n")
          expect(lines.filter((line) => /\bwarn|deprecat|not recommended/i.test(line))).toEqual([])
        }
      })
    }
  })
}
