import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { freePort } from "../support/free-port"
import {
  runMedusa,
  startMedusa,
  type MedusaOptions,
  type MedusaProcess,
} from "../support/medusa-process"
import { startPostgres, type Postgres } from "../support/postgres"
import { seededStoreSchema, type SeededStore } from "../support/seeded-store"
import { Shopper } from "../support/shopper"
import { until } from "../support/until"

/** Long enough that the work is still reading when the process is killed. */
const SLOW_READ_MS = 5_000
const CREDENTIALS = {
  apiKey: "sandbox-api-key",
  publicId: "sandbox-public-id",
  privateKey: "sandbox-private-key",
}
const SECRET = "sandbox-webhook-secret"

jest.setTimeout(300_000)

describe("a store whose process is killed", () => {
  let home: string
  let postgres: Postgres
  let sandbox: Sandbox
  let options: MedusaOptions
  let store: SeededStore
  let database: Client
  let running: MedusaProcess | null = null

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "kobbopay-kill-"))
    postgres = await startPostgres({ durable: true })
    const databaseUrl = await postgres.createDatabase("medusa-kobbopay-kill")
    sandbox = await startSandbox({
      credentials: CREDENTIALS,
      webhook: { url: null, secret: { docs: SECRET, invoice: SECRET } },
    })
    options = {
      logFile: join(home, "medusa.log"),
      env: {
        NODE_ENV: "development",
        DATABASE_URL: databaseUrl,
        MEDUSA_ADMIN_DISABLED: "true",
        KOBBOPAY_BASE_URL: sandbox.url,
        KOBBOPAY_WEBHOOK_SECRETS: SECRET,
        KOBBOPAY_SWEEP: "scheduled",
      },
    }
    await runMedusa(["db:migrate", "--execute-safe-links", "--execute-safe-search"], options)
    const answer = join(home, "store.json")
    await runMedusa(["exec", join(__dirname, "../demo/prepare.ts"), answer], options)
    store = seededStoreSchema.parse(JSON.parse(await readFile(answer, "utf8")))
    database = new Client(databaseUrl)
    await database.connect()
  })

  afterAll(async () => {
    await running?.stop()
    await database.end()
    await sandbox.close()
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  })

  const count = async (from: string): Promise<number> => {
    const { rows } = await database.query<{ n: string }>(`SELECT count(*) AS n FROM ${from}`)
    return Number(rows[0]?.n)
  }

  test("between the 2xx and the capture: captured once after the restart, without a further webhook", async () => {
    const port = await freePort()
    running = await startMedusa(port, options)
    sandbox.control.setWebhook({ url: `${running.url}/hooks/kobbopay` })
    const shopper = new Shopper(running.url, store)
    const { order, session } = await shopper.buy({ product: store.digital, rail: "usdt-tron" })

    sandbox.control.setWeather({ slowMs: { probability: 1, ms: SLOW_READ_MS, on: "read" } })
    sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
    await until(
      () =>
        sandbox.control
          .deliveries(session.kobbopay_id)
          .some((one) => one.event === "payment.confirmed" && one.status === 200),
      { withinMs: 20_000, what: "the webhook being answered with 2xx" },
    )
    await running.kill()

    expect(await count("capture")).toBe(0)
    expect(await count("kobbopay_event WHERE state = 'received'")).toBeGreaterThan(0)
    sandbox.control.clearWeather()
    sandbox.control.setWebhook({ url: null })

    running = await startMedusa(port, options)
    await until(async () => (await shopper.order(order.id)).payment_status === "captured", {
      withinMs: 90_000,
      what: "the order being captured after the restart",
    })
    const atRest = "kobbopay_payment WHERE converged_at IS NOT NULL AND want = 'captured'"
    await until(async () => (await count(atRest)) === 1, {
      withinMs: 30_000,
      what: "the work coming to rest",
    })
    expect(await count("kobbopay_event WHERE state = 'received'")).toBe(0)
    expect(await count("payment")).toBe(1)
    expect(await count("capture")).toBe(1)
    expect(await count("order_transaction WHERE reference = 'capture'")).toBe(1)
    expect(await count("kobbopay_exception WHERE state = 'open'")).toBe(0)
  })
})
