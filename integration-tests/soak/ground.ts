import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { Client } from "pg"
import { z } from "@medusajs/framework/zod"
import { startSandbox, STORM, type Sandbox, type WeatherPatch } from "../../src/sandbox"
import { type Door, openDoor } from "../support/door"
import { fillStore, migrateStore } from "../support/made-store"
import type { MedusaOptions } from "../support/medusa-process"
import { startPostgres, type Postgres } from "../support/postgres"
import { type Redis, startRedis } from "../support/redis"
import type { SeededStore } from "../support/seeded-store"
import type { Started } from "../support/started"
import { Cluster, type Mode } from "./cluster"
import type { Settings } from "./settings"

const CREDENTIALS = {
  apiKey: "sandbox-api-key",
  publicId: "sandbox-public-id",
  privateKey: "sandbox-private-key",
}
const SECRET = { invoice: "soak-invoice-secret", docs: "soak-docs-secret" }

/** The store's accounts, by the profile of the stand-in that they speak. */
export const ACCOUNTS = { invoice: "kobbopay", docs: "docs" } as const
export const providerOf = (account: string): string => `pp_kobbopay_${account}`

/** Short, so that all of it happens within the run. Milliseconds. */
export const EXPIRY = { window: 20_000, cancelOrderAfter: 5_000, closePendingAfter: 25_000 }
/** How long money may be seen without being confirmed, milliseconds. */
const STUCK_AFTER_MS = 20_000
/** How far reads stay behind the truth, milliseconds. */
const LAG_MS = 1_000

/** Like the stand-in's own storm, but what lags does so for a time: a payment in time is seen in time. */
export const SOAK_STORM: WeatherPatch = { ...STORM, laggingReads: { ms: LAG_MS } }

const RETRY_DELAYS_MS = [300, 600, 1_200, 2_500, ...Array<number>(200).fill(5_000)]
const STOCK = 1_000_000
const BOOTED_WITHIN_MS = 240_000

/** Everything that the load, the trouble and the audit act on. */
export type Ground = {
  store: SeededStore
  sandbox: Sandbox
  cluster: Cluster
  /** Null: the processes share only PostgreSQL. */
  redis: Redis | null
  /** Ends PostgreSQL as a power cut would, and starts it again after so many milliseconds. */
  crashPostgres(awayMs: number): Promise<void>
  /** Rows of a statement over the store's database, each checked. */
  rows<T>(schema: z.ZodType<T>, statement: string): Promise<T[]>
}

/** Starts all pieces, telling each; what was started is handed to `started` at once. */
export async function layGround(
  settings: Settings,
  started: Started,
  tell: (line: string) => void,
): Promise<Ground> {
  const home = await mkdtemp(join(tmpdir(), "kobbopay-soak-"))
  started.add(() => rm(home, { recursive: true, force: true }))
  await chmod(home, 0o711) // PostgreSQL may run as a user of its own, and keeps its data in here
  const redis = settings.redis ? await redisIn(join(home, "redis"), started) : null
  if (redis !== null) tell("Redis is up")

  const postgres = await durablePostgres(join(home, "postgres"), started)
  const databaseUrl = await postgres.url
  const sandbox = await startSandbox({
    credentials: CREDENTIALS,
    webhook: { url: null, secret: SECRET },
    retry: { delaysMs: RETRY_DELAYS_MS },
    webhookTimeoutMs: 10_000,
    seed: settings.seed,
  })
  started.add(() => sandbox.close())
  tell("PostgreSQL and the stand-in for Kobbopay are up; making the tables and filling the store")

  const medusa: MedusaOptions = {
    logFile: join(__dirname, "..", "..", ".cache", "soak", "medusa.log"),
    env: environment(databaseUrl, sandbox.url, redis),
  }
  await rm(medusa.logFile, { force: true })
  await migrateStore(medusa)
  const providers = Object.values(ACCOUNTS).map(providerOf)
  const store = await fillStore(medusa, { paymentProviders: providers, stock: STOCK })

  tell(`Starting ${settings.processes} Medusa processes`)
  const cluster = await Cluster.of({ modes: modesOf(settings.processes), medusa, tell })
  started.add(() => cluster.stop())
  await cluster.start(BOOTED_WITHIN_MS)
  const door: Door = await openDoor(cluster.ports)
  started.add(() => door.close())
  sandbox.control.setWebhook({ url: `${door.url}/hooks/kobbopay` })
  return {
    store,
    sandbox,
    cluster,
    redis,
    crashPostgres: (awayMs) => postgres.crash(awayMs),
    rows: (schema, statement) => rowsOf(databaseUrl, schema, statement),
  }
}

/** The first does all, the others only serve or only work: PostgreSQL is what they share. */
const modesOf = (count: number): Mode[] =>
  Array.from({ length: count }, (_, at) =>
    at === 0 ? "shared" : at % 2 === 1 ? "server" : "worker",
  )

async function redisIn(folder: string, started: Started): Promise<Redis> {
  await mkdir(folder)
  const redis = await startRedis(folder)
  started.add(() => redis.stop())
  return redis
}

/** A PostgreSQL whose data outlive its crashes, always at the same address. */
async function durablePostgres(dataDir: string, started: Started) {
  let running: Postgres = await startPostgres({ durable: true, dataDir })
  let stopping = false
  const { port } = running
  started.add(async () => {
    stopping = true
    await running.stop()
  })
  return {
    url: running.createDatabase("medusa-kobbopay-soak"),
    async crash(awayMs: number): Promise<void> {
      await running.crash()
      await pause(awayMs)
      if (!stopping) running = await startPostgres({ durable: true, dataDir, port })
    },
  }
}

async function rowsOf<T>(url: string, schema: z.ZodType<T>, statement: string): Promise<T[]> {
  const client = new Client(url)
  client.on("error", () => undefined) // a connection that breaks fails the query on it
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement)
    return z.array(schema).parse(rows)
  } finally {
    await client.end()
  }
}

function environment(
  databaseUrl: string,
  baseUrl: string,
  redis: Redis | null,
): Record<string, string> {
  const seconds = (ms: number) => `${ms / 1_000}s`
  const shared = {
    baseUrl,
    rails: [
      { id: "usdt-tron", token: "USDTTRC", decimals: 6, prices: { usd: "1", eur: "1.08" } },
      { id: "usdt-bsc", token: "USDTBSC", decimals: 18, prices: { usd: "1", eur: "1.08" } },
    ],
    expiry: {
      window: seconds(EXPIRY.window),
      cancelOrderAfter: seconds(EXPIRY.cancelOrderAfter),
      closePendingAfter: seconds(EXPIRY.closePendingAfter),
      watchFor: "30d",
    },
    stuckAfter: seconds(STUCK_AFTER_MS),
    unbackedAfter: seconds(STUCK_AFTER_MS),
    request: { timeout: "5s", attempts: 3 },
  }
  const { apiKey, publicId, privateKey } = CREDENTIALS
  const accounts = [
    {
      id: ACCOUNTS.invoice,
      options: {
        ...shared,
        profile: "invoice",
        publicId,
        privateKey,
        webhook: { secrets: [SECRET.invoice] },
      },
    },
    {
      id: ACCOUNTS.docs,
      options: {
        ...shared,
        profile: "docs",
        apiKey,
        webhook: { secrets: [SECRET.docs] },
        statuses: { Failed: "failed" },
      },
    },
  ]
  return {
    NODE_ENV: "development",
    LOG_LEVEL: process.env["LOG_LEVEL"] ?? "warn",
    DATABASE_URL: databaseUrl,
    MEDUSA_ADMIN_DISABLED: "true",
    KOBBOPAY_SWEEP: "scheduled",
    KOBBOPAY_ACCOUNTS: JSON.stringify(accounts),
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  }
}
