import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"
import { z } from "@medusajs/framework/zod"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { ADMIN } from "../demo/admin"
import { openDoor } from "./door"
import { freePort } from "./free-port"
import { fillStore, migrateStore } from "./made-store"
import { startMedusa, type MedusaOptions, type MedusaProcess } from "./medusa-process"
import { Merchant } from "./merchant"
import { startPostgres, type Postgres } from "./postgres"
import { startRedis, type Redis } from "./redis"
import type { SeededStore } from "./seeded-store"
import { Shopper } from "./shopper"
import { until } from "./until"

const SECRET = "sandbox-webhook-secret"
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
    let home: string
    let postgres: Postgres
    let redis: Redis | null = null
    let sandbox: Sandbox
    let store: SeededStore
    let database: Client
    let environment: Record<string, string>
    const running: MedusaProcess[] = []
    const logs: string[] = []

    const medusa = (mode: Mode): MedusaOptions => ({
      logFile: join(home, `${mode}-${logs.length}.log`),
      env: { ...environment, MEDUSA_WORKER_MODE: mode },
    })

    async function boot(mode: Mode): Promise<MedusaProcess> {
      const options = medusa(mode)
      logs.push(options.logFile)
      const booted = await startMedusa(await freePort(), options)
      running.push(booted)
      return booted
    }

    const rows = async <T>(schema: z.ZodType<T>, statement: string, bindings: string[] = []) => {
      const found = await database.query<Record<string, unknown>>(statement, bindings)
      return z.array(schema).parse(found.rows)
    }

    const count = async (from: string, ...bindings: string[]): Promise<number> => {
      const found = z.object({ n: z.coerce.number() })
      return (await rows(found, `SELECT count(*) AS n FROM ${from}`, bindings))[0]?.n ?? -1
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
      moved("the work coming to rest", async () => {
        const events = `kobbopay_event WHERE state = 'received' AND collection_id = $1`
        const leased = `kobbopay_group WHERE id = $1 AND lease_owner IS NOT NULL`
        return (await count(events, collection)) === 0 && (await count(leased, collection)) === 0
      })

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), "kobbopay-processes-"))
      postgres = await startPostgres({ durable: false })
      if (withRedis) {
        await mkdir(join(home, "redis"))
        redis = await startRedis(join(home, "redis"))
      }
      sandbox = await startSandbox({
        credentials: {
          apiKey: "sandbox-api-key",
          publicId: "sandbox-public-id",
          privateKey: "sandbox-private-key",
        },
        webhook: { url: null, secret: { docs: SECRET, invoice: SECRET } },
        retry: { delaysMs: [200, 400, 800, 1_600, ...Array<number>(10).fill(3_200)] },
      })
      const databaseUrl = await postgres.createDatabase("medusa-kobbopay-processes")
      environment = {
        NODE_ENV: "development",
        LOG_LEVEL: "info",
        DATABASE_URL: databaseUrl,
        MEDUSA_ADMIN_DISABLED: "true",
        KOBBOPAY_BASE_URL: sandbox.url,
        KOBBOPAY_WEBHOOK_SECRETS: SECRET,
        KOBBOPAY_SWEEP: "scheduled",
        KOBBOPAY_CANCEL_ORDER_AFTER: "0s",
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      }
      await migrateStore(medusa("shared"))
      store = await fillStore(medusa("shared"))
      database = new Client(databaseUrl)
      await database.connect()
    })

    afterAll(async () => {
      await Promise.all(running.map((each) => each.stop()))
      await database.end()
      await sandbox.close()
      await redis?.stop()
      await postgres.stop()
      await rm(home, { recursive: true, force: true })
    })

    describe("a server and a worker", () => {
      let server: MedusaProcess
      let shopper: Shopper

      beforeAll(async () => {
        server = await boot("server")
        shopper = new Shopper(server.url, store)
        sandbox.control.setWebhook({ url: `${server.url}/hooks/kobbopay` })
      })

      test("the process that took a webhook settles it, also while nothing sweeps", async () => {
        const { order, session, collectionId } = await shopper.buy({
          product: store.digital,
          rail: "usdt-tron",
        })
        sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
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
          product: store.physical,
          shipped: true,
          rail: "usdt-tron",
        })
        const merchant = await Merchant.login(server.url, ADMIN)
        await merchant.call(`/admin/orders/${order.id}/cancel`, z.unknown(), { method: "POST" })
        sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })

        const open = `kobbopay_exception WHERE state = 'open' AND class = 'order_cancelled' AND order_id = $1`
        await moved("the exception", async () => (await count(open, order.id)) === 1)
        await rests(collectionId)
        expect(await bookedOf(order.id, collectionId)).toEqual(NOTHING)
        expect(
          await count(
            `kobbopay_group WHERE id = $1 AND order_cancelled_at IS NOT NULL`,
            collectionId,
          ),
        ).toBe(1)
      })

      test("an order expires and gives its stock back by the worker alone", async () => {
        const { order, collectionId } = await shopper.buy({
          product: store.physical,
          shipped: true,
          rail: "usdt-tron",
        })
        const reserved = `reservation_item r JOIN order_item i ON i.item_id = r.line_item_id
          WHERE r.deleted_at IS NULL AND i.order_id = $1`
        expect(await count(reserved, order.id)).toBe(1)
        await server.stop()
        await database.query(
          `UPDATE kobbopay_payment SET created_at = now() - interval '2 days', next_look_at = now(),
             window_ends_at = now() - interval '1 day' WHERE collection_id = $1`,
          [collectionId],
        )
        await database.query(`UPDATE kobbopay_group SET due_at = now() WHERE id = $1`, [
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
        sandbox.control.setWebhook({ url: `${door.url}/hooks/kobbopay` })
        const shopper = new Shopper(first.url, store)
        const bought = []
        for (let each = 0; each < ORDERS; each++) {
          bought.push(await shopper.buy({ product: store.digital, rail: "usdt-tron" }))
        }
        sandbox.control.setWeather({ duplicates: { copies: COPIES } })
        for (const { session } of bought) {
          sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
        }
        await sandbox.control.quiet()
        for (const { order, session, collectionId } of bought) {
          await moved("the order being captured", async () => {
            return (await shopper.order(order.id)).payment_status === "captured"
          })
          await rests(collectionId)
          expect(await bookedOf(order.id, collectionId)).toEqual(ONCE)
          const twice = sandbox.control
            .deliveries(session.kobbopay_id)
            .filter(
              ({ event, outcome }) => event === "payment.confirmed" && outcome === "delivered",
            )
          expect(twice).toHaveLength(COPIES + 1)
        }
        expect(await count(`kobbopay_event WHERE state <> 'done'`)).toBe(0)
        expect(await count(`kobbopay_exception WHERE class <> 'order_cancelled'`)).toBe(0)
      } finally {
        sandbox.control.clearWeather()
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
