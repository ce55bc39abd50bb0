import { medusaIntegrationTestRunner } from "@medusajs/test-utils"
import type { MedusaContainer } from "@medusajs/framework/types"
import { z } from "@medusajs/framework/zod"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { KOBBOPAY_MODULE } from "../../src/modules/kobbopay"
import type KobbopayModuleService from "../../src/modules/kobbopay/service"
import { appOf } from "../../src/work/app"
import type { Worker } from "../../src/work/worker"
import { Meddler } from "./meddler"
import { Merchant } from "./merchant"
import { seedStore } from "./seed"
import type { SeededStore } from "./seeded-store"
import {
  AFTER,
  accounts,
  BARE,
  BRIEF,
  CREDENTIALS,
  DOCS,
  INVOICE,
  LICENCES,
  MEDDLED,
  MEDDLED_DOCS,
  OTHER_PROVIDER,
  QUOTED,
  SECRETS,
} from "./store-accounts"
import { Shopper } from "./shopper"
import { Snapshot } from "./snapshot"
import { until } from "./until"

const ADMIN = { email: "admin@example.com", password: "test-password" }

/** Everything a test of the booted store touches. */
export type World = {
  url: string
  store: SeededStore
  shopper: Shopper
  merchant: Merchant
  container: MedusaContainer
  service: KobbopayModuleService
  worker: Worker
  /** Serves the accounts `kobbopay` (invoice) and `docs`. */
  sandbox: Sandbox
  /** Serves the accounts `after` (docs) and `brief` (invoice). */
  second: Sandbox
  /** Between the accounts `meddled` and `meddled-docs` and the second sandbox. */
  meddler: Meddler
  /** Rows of a statement over the store's database. */
  rows(statement: string, bindings?: (string | number)[]): Promise<Record<string, unknown>[]>
  /** Works what is due until the probe holds. */
  worked<T>(probe: () => T | Promise<T>, what: string): Promise<NonNullable<T>>
}

type Suite = { name: string; tests: (world: () => World) => void }

const suites: Suite[] = []

/** Tests of the booted store, for a file of suites that calls {@link bootStore}. */
export function storeSuite(name: string, tests: (world: () => World) => void): void {
  suites.push({ name, tests })
}

/**
 * Boots this repository as a store, once for all suites that the file imports, with PostgreSQL and two sandboxes; each test
 * starts from the seeded database. Scheduled sweeps are off: tests run the worker.
 */
export function bootStore(name: string): void {
  jest.setTimeout(180_000)
  process.env.KOBBOPAY_ACCOUNTS = JSON.stringify(
    accounts(
      addressOf("TEST_SANDBOX_PORT"),
      addressOf("TEST_SECOND_SANDBOX_PORT"),
      addressOf("TEST_MEDDLER_PORT"),
    ),
  )

  withoutItsRestore((restored) =>
    medusaIntegrationTestRunner({
      moduleName: name,
      inApp: true,
      testSuite: ({ api, getContainer, dbConfig }) => {
        restored()
        let made: World | null = null
        let snapshot: Snapshot | null = null
        const world = (): World => {
          if (made === null) throw new Error("the store is not booted yet")
          return made
        }

        beforeAll(async () => {
          made = await makeWorld(getContainer(), urlOf(api))
        })

        beforeEach(async () => {
          if (snapshot === null) snapshot = await Snapshot.take(dbConfig.clientUrl)
          else await snapshot.restore()
        })

        afterEach(async () => {
          for (const sandbox of [world().sandbox, world().second]) {
            sandbox.control.clearWeather()
            sandbox.control.setWebhook({ url: `${world().url}/hooks/kobbopay` })
            await sandbox.control.quiet()
          }
          world().meddler.rest()
          await world().worker.drain()
        })

        afterAll(async () => {
          await Promise.all([made?.sandbox.close(), made?.second.close(), made?.meddler.close()])
          await made?.worker.stop()
          await snapshot?.close()
        })

        for (const suite of suites) {
          describe(suite.name, () => {
            suite.tests(world)
          })
        }
      },
    }),
  )
}

const urlOf = (api: unknown): string =>
  z.object({ baseURL: z.string() }).parse((api as { defaults: unknown }).defaults).baseURL

const port = (key: string) => Number(process.env[key])
const addressOf = (key: string) => `http://localhost:${port(key)}`
const SELLS = [
  INVOICE,
  DOCS,
  AFTER,
  BRIEF,
  BARE,
  LICENCES,
  MEDDLED,
  MEDDLED_DOCS,
  QUOTED,
  OTHER_PROVIDER,
]

async function makeWorld(container: MedusaContainer, url: string): Promise<World> {
  const hook = `${url}/hooks/kobbopay`
  const store = await seedStore(container, { admin: ADMIN, paymentProviders: SELLS })
  const service = container.resolve<KobbopayModuleService>(KOBBOPAY_MODULE)
  const { worker } = appOf(container)
  const { invoice, docs, brief, after } = SECRETS
  const [sandbox, second] = await Promise.all([
    openSandbox(port("TEST_SANDBOX_PORT"), hook, { invoice, docs }),
    openSandbox(port("TEST_SECOND_SANDBOX_PORT"), hook, { invoice: brief, docs: after }),
  ])
  return {
    url,
    store,
    shopper: new Shopper(url, store),
    merchant: await Merchant.login(url, ADMIN),
    container,
    service,
    worker,
    sandbox,
    second,
    meddler: await Meddler.start(port("TEST_MEDDLER_PORT"), addressOf("TEST_SECOND_SANDBOX_PORT")),
    rows: async (statement, bindings = []) => {
      const result: unknown = await service.sql.raw(statement, bindings)
      return z.object({ rows: z.array(z.record(z.string(), z.unknown())) }).parse(result).rows
    },
    worked: (probe, what) =>
      until(
        async () => {
          await worker.drain()
          return probe()
        },
        { withinMs: 20_000, what },
      ),
  }
}

/** Medusa's runner copies the database before each test, and asks nobody whether: it registers that before our tests. */
function withoutItsRestore(run: (registered: () => void) => void): void {
  const { beforeEach } = globalThis
  globalThis.beforeEach = () => undefined
  const registered = () => {
    globalThis.beforeEach = beforeEach
  }
  try {
    run(registered)
  } finally {
    registered()
  }
}

const openSandbox = (
  port: number,
  url: string,
  secret: { invoice: string; docs: string },
): Promise<Sandbox> =>
  startSandbox({
    port,
    host: "localhost",
    credentials: CREDENTIALS,
    webhook: { url, secret },
    retry: { delaysMs: [100, 200, 400, 800, 1600, 3200] },
  })
