import { rm } from "node:fs/promises"
import { join } from "node:path"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { checkDatabase } from "../support/database"
import { freePort } from "../support/free-port"
import { fillStore, migrateStore } from "../support/made-store"
import { type MedusaOptions, type MedusaProcess, startMedusa } from "../support/medusa-process"
import { startPostgres } from "../support/postgres"
import { KOBBOPAY_PROVIDER, type SeededStore } from "../support/seeded-store"
import { type Started } from "../support/started"
import { startFront, type Front } from "./front"
import { type Settings, UsageError } from "./settings"
import { warmAdmin } from "./warm-admin"

const LOG_FILE = join(__dirname, "..", "..", ".cache", "demo", "medusa.log")
const CREDENTIALS = {
  apiKey: "sandbox-api-key",
  publicId: "sandbox-public-id",
  privateKey: "sandbox-private-key",
}
/** Waits before a webhook is sent again, in milliseconds: short ones, because somebody is watching. */
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000, ...Array<number>(30).fill(30_000)]

export type Stack = {
  shop: string
  sandbox: string
  /** Where Kobbopay delivers events. */
  webhookUrl: string
  store: SeededStore
  logFile: string
  /** Settles only when the store cannot be kept running, with the reason. */
  failed: Promise<Error>
}

/**
 * Starts the demo piece by piece, telling each; what was started is handed to `started` at once, so that it can be stopped halfway.
 *
 * @throws UsageError when a port is taken or the given database cannot be reached; Error when a piece does not start.
 */
export async function startStack(
  settings: Settings,
  started: Started,
  tell: (line: string) => void,
): Promise<Stack> {
  const front = await startFront(settings.port)
  started.add(() => front.close())
  const webhookUrl = `${front.url}/hooks/kobbopay`
  const sandbox = await sandboxFor(settings, webhookUrl)
  started.add(() => sandbox.close())
  tell(`Sandbox is up: a stand-in for Kobbopay, profile ${settings.profile}`)
  const databaseUrl = await databaseFor(settings, started, tell)
  const medusa: MedusaOptions = {
    logFile: LOG_FILE,
    env: environmentFor(settings, databaseUrl, sandbox.url),
  }
  await rm(LOG_FILE, { force: true })
  tell("Making the tables (about 15 s)")
  await migrateStore(medusa)
  tell("Filling the store: products, stock, shipping, admin user")
  const store = await fillStore(medusa)
  tell(settings.scripted ? "Starting Medusa" : "Starting Medusa and its admin")
  const port = await freePort()
  const { failed } = await keepRunning(port, medusa, started, tell)
  open(front, { medusaPort: port, profile: settings.profile, store, sandbox: sandbox.url })
  if (!settings.scripted) {
    void warmAdmin(`http://127.0.0.1:${port}`)
      .catch(() => undefined) // then it may come slowly, and that is all
      .finally(() => front.openAdmin())
  }
  return { shop: front.url, sandbox: sandbox.url, webhookUrl, store, logFile: LOG_FILE, failed }
}

function open(
  front: Front,
  shop: { medusaPort: number; profile: Settings["profile"]; store: SeededStore; sandbox: string },
): void {
  const { store, sandbox, profile } = shop
  front.open(shop.medusaPort, {
    publishableKey: store.publishableKey,
    regionId: store.regionId,
    currencyCode: "usd",
    providerId: KOBBOPAY_PROVIDER,
    shippingOptionId: store.shippingOptionId,
    sandbox,
    profile,
  })
}

async function sandboxFor(settings: Settings, webhookUrl: string): Promise<Sandbox> {
  const [secret] = settings.webhookSecrets
  return startSandbox({
    port: settings.sandboxPort,
    credentials: CREDENTIALS,
    webhook: { url: webhookUrl, secret: { docs: secret, invoice: secret } },
    retry: { delaysMs: RETRY_DELAYS_MS },
    expireAfterMs: settings.windowMs,
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE"
      ? new UsageError(`port ${settings.sandboxPort} is taken: set SANDBOX_PORT to another one`)
      : error
  })
}

async function databaseFor(
  { databaseUrl }: Settings,
  started: Started,
  tell: (line: string) => void,
): Promise<string> {
  if (databaseUrl !== null) {
    await checkDatabase(databaseUrl).catch((error: Error) => {
      throw new UsageError(`${error.message}\nStart it, correct DATABASE_URL, or leave it out.`)
    })
    tell("PostgreSQL of DATABASE_URL answers")
    return databaseUrl
  }
  tell("Starting PostgreSQL, from npm")
  const postgres = await startPostgres({ durable: true })
  started.add(() => postgres.stop())
  return postgres.createDatabase("medusa-kobbopay-demo")
}

function environmentFor(
  { profile, webhookSecrets, placeOrder, expiry, scripted }: Settings,
  databaseUrl: string,
  sandboxUrl: string,
): Record<string, string> {
  return {
    // The admin comes from Vite then: there after seconds, where a production build takes a minute.
    NODE_ENV: "development",
    DATABASE_URL: databaseUrl,
    MEDUSA_ADMIN_DISABLED: String(scripted),
    KOBBOPAY_PROFILE: profile,
    KOBBOPAY_BASE_URL: sandboxUrl,
    KOBBOPAY_API_KEY: CREDENTIALS.apiKey,
    KOBBOPAY_PUBLIC_ID: CREDENTIALS.publicId,
    KOBBOPAY_PRIVATE_KEY: CREDENTIALS.privateKey,
    KOBBOPAY_WEBHOOK_SECRETS: webhookSecrets.join(","),
    KOBBOPAY_PLACE_ORDER: placeOrder,
    KOBBOPAY_EXPIRY_WINDOW: expiry.window,
    KOBBOPAY_CANCEL_ORDER_AFTER: expiry.cancelOrderAfter,
    KOBBOPAY_CLOSE_PENDING_AFTER: expiry.closePendingAfter,
  }
}

/** Starts Medusa, and starts it again whenever it is ended from outside; what was promised to Kobbopay is in the database. */
async function keepRunning(
  port: number,
  options: MedusaOptions,
  started: Started,
  tell: (line: string) => void,
): Promise<{ failed: Promise<Error> }> {
  let running: MedusaProcess = await startMedusa(port, options)
  started.add(() => running.stop())
  const watch = async (): Promise<Error> => {
    for (;;) {
      await running.ended
      if (started.stopping) {
        return new Promise(() => undefined) // it was us: nothing failed
      }
      tell("Medusa was ended; starting it again")
      running = await startMedusa(port, options)
    }
  }
  return { failed: watch().catch((error: Error) => error) }
}
