import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { fillStore, migrateStore } from "./made-store"
import type { MedusaOptions } from "./medusa-process"
import { startPostgres, type Postgres } from "./postgres"
import type { SeededStore } from "./seeded-store"

const CREDENTIALS = {
  apiKey: "sandbox-api-key",
  publicId: "sandbox-public-id",
  privateKey: "sandbox-private-key",
}
const SECRET = "sandbox-webhook-secret"

/** All that a store needs which runs in a process of its own, so that it can be hurt from outside. */
export type StoreHome = {
  /** Durable, as in production. */
  postgres: Postgres
  databaseUrl: string
  /** Sends no webhooks until it knows where. */
  sandbox: Sandbox
  store: SeededStore
  /** For `startMedusa`; its sweeps run by themselves. */
  options: MedusaOptions
  /** How many rows there are: `count("capture")`, `count("payment WHERE …")`. */
  count: (from: string) => Promise<number>
  /** Statements of the test's own. */
  database: Client
  close(): Promise<void>
}

/** Starts PostgreSQL and the sandbox, and migrates and seeds the store's database. */
export async function storeHome(name: string): Promise<StoreHome> {
  const home = await mkdtemp(join(tmpdir(), `kobbopay-${name}-`))
  const postgres = await startPostgres({ durable: true })
  const databaseUrl = await postgres.createDatabase(`medusa-kobbopay-${name}`)
  const sandbox = await startSandbox({
    credentials: CREDENTIALS,
    webhook: { url: null, secret: { docs: SECRET, invoice: SECRET } },
    retry: { delaysMs: [200, 400, 800, 1_600, ...Array<number>(10).fill(3_200)] },
  })
  const options: MedusaOptions = {
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
  await migrateStore(options)
  const store = await fillStore(options)
  const database = new Client(databaseUrl)
  await database.connect()
  return {
    postgres,
    databaseUrl,
    sandbox,
    store,
    options,
    database,
    count: async (from) => {
      const { rows } = await database.query<{ n: string }>(`SELECT count(*) AS n FROM ${from}`)
      return Number(rows[0]?.n)
    },
    close: async () => {
      await database.end()
      await sandbox.close()
      await postgres.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}
