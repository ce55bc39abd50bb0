import { medusaIntegrationTestRunner } from "@medusajs/test-utils"
import type { MedusaContainer } from "@medusajs/framework/types"
import { z } from "@medusajs/framework/zod"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import type KobbopayModuleService from "../../src/modules/kobbopay/service"
import { kobbopay, workerOf } from "../../src/work/worker-of"
import type { Worker } from "../../src/work/worker"
import { Meddler } from "./meddler"
import { Merchant } from "./merchant"
import { seedStore } from "./seed"
import type { SeededStore } from "./seeded-store"
import { Shopper } from "./shopper"
import { until } from "./until"

/** Provider ids of the accounts every suite boots with. */
export const INVOICE = "pp_kobbopay_kobbopay"
export const DOCS = "pp_kobbopay_docs"
/** Medusa's own provider, which authorizes whatever it is asked. */
export const OTHER_PROVIDER = "pp_system_default"
/** `placeOrder: "after-payment"`, late payments accepted; its payments live in the second sandbox. */
export const AFTER = "pp_kobbopay_after"
/** A window of one second; in the second sandbox. */
export const BRIEF = "pp_kobbopay_brief"
/**
 * Sells licences with everything: all lines, taken back whole on any refund, fulfilled on release. In
 * the second sandbox, which sends it no webhooks.
 */
export const LICENCES = "pp_kobbopay_licences"
/** A docs contract whose reads state no amounts; in the second sandbox, which sends it no webhooks. */
export const BARE = "pp_kobbopay_bare"

/** Of the invoice profile, in the second sandbox, whose answers to it tests may change; no webhooks come. */
export const MEDDLED = "pp_kobbopay_meddled"
/** The same of the docs profile; its reads state no sums. */
export const MEDDLED_DOCS = "pp_kobbopay_meddled-docs"
/** What the rails of {@link BARE} are called, with their ids behind it. */
export const BARE_LABEL = "Tether, by"

export const SECRETS = {
  invoice: "test-invoice-secret",
  invoiceNext: "test-invoice-secret-next",
  docs: "test-docs-secret",
  after: "test-after-secret",
  brief: "test-brief-secret",
  bare: "test-bare-secret",
  licences: "test-licences-secret",
  guarded: "test-guarded-secret",
  meddled: "test-meddled-secret",
  meddledDocs: "test-meddled-docs-secret",
}
const ADMIN = { email: "admin@example.com", password: "test-password" }
export const CREDENTIALS = {
  apiKey: "test-api-key",
  publicId: "test-public-id",
  privateKey: "test-private-key",
}

const rails = [
  { id: "usdt-tron", token: "USDTTRC", decimals: 6, prices: { usd: "1", eur: "1.08" } },
  { id: "usdt-bsc", token: "USDTBSC", decimals: 18, prices: { usd: "1" } },
]
/** Of currencies with no, two and three fraction digits. */
const worldly = rails.map((rail) => ({
  ...rail,
  prices: { usd: "1", eur: "1.08", jpy: "0.0067", kwd: "3.25" },
}))
const expiry = { window: "30m", cancelOrderAfter: "0s" }
const request = { attempts: 2, timeout: "2s" }

function accounts(first: string, second: string, meddler: string) {
  const { apiKey, publicId, privateKey } = CREDENTIALS
  const shared = { rails, expiry, request }
  return [
    {
      id: "kobbopay",
      options: {
        ...shared,
        profile: "invoice",
        baseUrl: first,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.invoice, SECRETS.invoiceNext] },
      },
    },
    {
      id: "docs",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: first,
        apiKey,
        webhook: { secrets: [SECRETS.docs] },
      },
    },
    {
      id: "after",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.after] },
        placeOrder: "after-payment",
        latePayments: "accept",
      },
    },
    {
      id: "brief",
      options: {
        ...shared,
        profile: "invoice",
        baseUrl: second,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.brief] },
        expiry: { window: "1s", cancelOrderAfter: "0s", closePendingAfter: "1s" },
      },
    },
    {
      id: "bare",
      options: {
        ...shared,
        rails: rails.map((rail) => ({ ...rail, label: `${BARE_LABEL} ${rail.id}` })),
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.bare] },
        fields: { amount: null, received: null, transactions: null },
      },
    },
    {
      id: "licences",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: second,
        apiKey,
        webhook: { secrets: [SECRETS.licences] },
        entitlements: { appliesTo: "all", revokeOnRefund: "all", fulfil: true },
      },
    },
    {
      id: "meddled",
      options: {
        ...shared,
        rails: worldly,
        profile: "invoice",
        baseUrl: meddler,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.meddled] },
      },
    },
    {
      id: "meddled-docs",
      options: {
        ...shared,
        profile: "docs",
        baseUrl: meddler,
        apiKey,
        webhook: { secrets: [SECRETS.meddledDocs] },
        fields: { received: null },
      },
    },
    // Takes webhooks from one address only; nothing is sold through it.
    {
      id: "guarded",
      options: {
        ...shared,
        profile: "invoice",
        baseUrl: second,
        publicId,
        privateKey,
        webhook: { secrets: [SECRETS.guarded], allowedIps: ["203.0.113.7"] },
      },
    },
  ]
}

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

/**
 * Boots this repository as a store, once for the suite, with PostgreSQL and two sandboxes; each test
 * starts from the seeded database. Scheduled sweeps are off: tests run the worker.
 */
export function storeSuite(name: string, tests: (world: () => World) => void): void {
  jest.setTimeout(180_000)
  const port = (key: string) => Number(process.env[key])
  const first = `http://localhost:${port("TEST_SANDBOX_PORT")}`
  const second = `http://localhost:${port("TEST_SECOND_SANDBOX_PORT")}`
  const third = `http://localhost:${port("TEST_MEDDLER_PORT")}`
  process.env.KOBBOPAY_ACCOUNTS = JSON.stringify(accounts(first, second, third))

  medusaIntegrationTestRunner({
    moduleName: name,
    inApp: true,
    testSuite: ({ api, getContainer }) => {
      let made: World | null = null
      const world = (): World => {
        if (made === null) throw new Error("the store is not booted yet")
        return made
      }

      beforeAll(async () => {
        const container = getContainer()
        const { baseURL: url } = z
          .object({ baseURL: z.string() })
          .parse((api as { defaults: unknown }).defaults)
        const hook = `${url}/hooks/kobbopay`
        const store = await seedStore(container, {
          admin: ADMIN,
          paymentProviders: [
            INVOICE,
            DOCS,
            AFTER,
            BRIEF,
            BARE,
            LICENCES,
            MEDDLED,
            MEDDLED_DOCS,
            OTHER_PROVIDER,
          ],
        })
        const service = kobbopay()
        const worker = workerOf(service)
        const sandboxes = await Promise.all([
          openSandbox(port("TEST_SANDBOX_PORT"), hook, {
            invoice: SECRETS.invoice,
            docs: SECRETS.docs,
          }),
          openSandbox(port("TEST_SECOND_SANDBOX_PORT"), hook, {
            invoice: SECRETS.brief,
            docs: SECRETS.after,
          }),
        ])
        made = {
          url,
          store,
          shopper: new Shopper(url, store),
          merchant: await Merchant.login(url, ADMIN),
          container,
          service,
          worker,
          sandbox: sandboxes[0],
          second: sandboxes[1],
          meddler: await Meddler.start(port("TEST_MEDDLER_PORT"), second),
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
      })

      afterEach(async () => {
        for (const sandbox of [world().sandbox, world().second]) {
          sandbox.control.clearWeather()
          await sandbox.control.quiet()
        }
        world().meddler.rest()
        await world().worker.drain()
      })

      afterAll(async () => {
        await Promise.all([made?.sandbox.close(), made?.second.close(), made?.meddler.close()])
        await made?.worker.stop()
      })

      describe(name, () => {
        tests(world)
      })
    },
  })
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
