import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Pool } from "pg"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { freePort } from "../support/free-port"
import {
  type MedusaOptions,
  type MedusaProcess,
  runMedusa,
  startMedusa,
} from "../support/medusa-process"
import { startPostgres } from "../support/postgres"
import { type SeededStore, seededStoreSchema } from "../support/seeded-store"
import { Shopper } from "../support/shopper"
import { STRIPE_SECRET, WEBHOOK_SECRET } from "./messages"

/** Waits before a webhook is sent again: there is no reason for a second try here. */
const RETRY_DELAYS_MS = [1_000, 2_000, 5_000]

/** Providers beside ours: Stripe's, for its webhook, and one that answers at once, for what follows from one. */
const OTHER_PROVIDERS = [
  {
    resolve: "@medusajs/medusa/payment-stripe",
    id: "stripe",
    options: { apiKey: "sk_bench", webhookSecret: STRIPE_SECRET },
  },
  { resolve: join(__dirname, "plain-provider"), id: "plain" },
]
export const PLAIN_PROVIDER = "pp_plain_plain"

/** A store as in production, with request logging as it is there by default, over a PostgreSQL that commits to the disk. */
export type BenchStore = {
  url: string
  pid: number
  databaseUrl: string
  sql: Pool
  sandbox: Sandbox
  shopper: Shopper
  seeded: SeededStore
  /** A folder that goes with the store. */
  home: string
  /** How Medusa's commands are run on it. */
  options: MedusaOptions
  /** Ends Medusa and starts it again, with these variables changed. */
  restart(env: Record<string, string>): Promise<void>
  close(): Promise<void>
}

/** @throws Error with the end of the log when a piece does not start. */
export async function openStore(profileTo: string | null): Promise<BenchStore> {
  const home = await mkdtemp(join(tmpdir(), "kobbopay-bench-"))
  const postgres = await startPostgres({ durable: true })
  const databaseUrl = await postgres.createDatabase("medusa-kobbopay-bench")
  const sandbox = await startSandbox({
    credentials: {
      apiKey: "sandbox-api-key",
      publicId: "sandbox-public-id",
      privateKey: "sandbox-private-key",
    },
    webhook: { url: null, secret: { docs: WEBHOOK_SECRET, invoice: WEBHOOK_SECRET } },
    retry: { delaysMs: RETRY_DELAYS_MS },
  })
  const options: MedusaOptions = {
    logFile: join(home, "medusa.log"),
    env: {
      NODE_ENV: "production",
      DATABASE_URL: databaseUrl,
      MEDUSA_ADMIN_DISABLED: "true",
      KOBBOPAY_BASE_URL: sandbox.url,
      KOBBOPAY_WEBHOOK_SECRETS: WEBHOOK_SECRET,
      OTHER_PAYMENT_PROVIDERS: JSON.stringify(OTHER_PROVIDERS),
    },
  }
  await runMedusa(["db:migrate", "--execute-safe-links", "--execute-safe-search"], options)
  const answer = join(home, "store.json")
  await runMedusa(["exec", join(__dirname, "prepare.ts"), answer], options)
  const seeded = seededStoreSchema.parse(JSON.parse(await readFile(answer, "utf8")))
  const sql = new Pool({ connectionString: databaseUrl, max: 4 })
  sql.on("error", () => undefined) // the server ends before we do

  const port = await freePort()
  const start = (env: Record<string, string>) =>
    startMedusa(port, {
      ...options,
      env: { ...options.env, ...env },
      nodeArgs: profileTo === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileTo}`],
    })
  let medusa: MedusaProcess = await start({})
  return {
    url: medusa.url,
    get pid() {
      return medusa.pid
    },
    databaseUrl,
    sql,
    sandbox,
    seeded,
    home,
    options,
    shopper: new Shopper(medusa.url, seeded),
    async restart(env) {
      await medusa.stop()
      medusa = await start(env)
    },
    async close() {
      await medusa.stop()
      await sandbox.close()
      await sql.end()
      await postgres.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}
