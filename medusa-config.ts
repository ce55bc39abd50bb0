import { defineConfig } from "@medusajs/framework/utils"
import type { InputConfig, InputConfigModules } from "@medusajs/framework/types"

// Boots this repository as a store, for tests, demo and bench. The defaults talk to the sandbox on this machine; the credentials
// are placeholders that only it knows. A merchant's own configuration is described in the README.

const env = process.env

const list = (value: string | undefined, fallback: string[]): string[] =>
  value
    ?.split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "") ?? fallback

/** Only the keys that the environment names, so that the plugin's own defaults stand for the others. */
const given = (settings: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )

const profile = env.KOBBOPAY_PROFILE ?? "invoice"

const credentials =
  profile === "docs"
    ? { apiKey: env.KOBBOPAY_API_KEY ?? "sandbox-api-key" }
    : {
        publicId: env.KOBBOPAY_PUBLIC_ID ?? "sandbox-public-id",
        privateKey: env.KOBBOPAY_PRIVATE_KEY ?? "sandbox-private-key",
      }

const kobbopay = {
  profile,
  baseUrl: env.KOBBOPAY_BASE_URL ?? "http://localhost:4500",
  ...credentials,
  webhook: { secrets: list(env.KOBBOPAY_WEBHOOK_SECRETS, ["sandbox-webhook-secret"]) },
  rails: [
    { id: "usdt-tron", token: "USDTTRC", decimals: 6, prices: { usd: "1", eur: "1.08" } },
    { id: "usdt-bsc", token: "USDTBSC", decimals: 18, prices: { usd: "1", eur: "1.08" } },
  ],
  expiry: given({
    window: env.KOBBOPAY_EXPIRY_WINDOW,
    cancelOrderAfter: env.KOBBOPAY_CANCEL_ORDER_AFTER,
    closePendingAfter: env.KOBBOPAY_CLOSE_PENDING_AFTER,
    watchFor: env.KOBBOPAY_WATCH_FOR,
  }),
  ...given({
    placeOrder: env.KOBBOPAY_PLACE_ORDER,
    latePayments: env.KOBBOPAY_LATE_PAYMENTS,
    stuckAfter: env.KOBBOPAY_STUCK_AFTER,
  }),
}

/** One account, unless `KOBBOPAY_ACCOUNTS` lists several as JSON: [{ "id", "options" }]. */
const accounts: { id: string; options: Record<string, unknown> }[] =
  env.KOBBOPAY_ACCOUNTS === undefined
    ? [{ id: "kobbopay", options: kobbopay }]
    : (JSON.parse(env.KOBBOPAY_ACCOUNTS) as { id: string; options: Record<string, unknown> }[])

/** Providers beside ours, as JSON: [{ "resolve", "id", "options" }]. */
const otherProviders = JSON.parse(env.OTHER_PAYMENT_PROVIDERS ?? "[]") as {
  resolve: string
  id: string
}[]

const redisModules = (redisUrl: string): InputConfigModules => [
  {
    resolve: "@medusajs/medusa/caching",
    options: {
      providers: [
        {
          resolve: "@medusajs/caching-redis",
          id: "caching-redis",
          is_default: true,
          options: { redisUrl },
        },
      ],
    },
  },
  { resolve: "@medusajs/medusa/event-bus-redis", options: { redisUrl } },
  { resolve: "@medusajs/medusa/workflow-engine-redis", options: { redis: { redisUrl } } },
  {
    resolve: "@medusajs/medusa/locking",
    options: {
      providers: [
        {
          resolve: "@medusajs/medusa/locking-redis",
          id: "locking-redis",
          is_default: true,
          options: { redisUrl },
        },
      ],
    },
  },
]

const config: InputConfig = {
  projectConfig: {
    databaseUrl: env.DATABASE_URL ?? "postgres://postgres@localhost:5432/medusa-kobbopay",
    ...given({ redisUrl: env.REDIS_URL }),
    workerMode: workerMode(env.MEDUSA_WORKER_MODE),
    http: {
      storeCors: env.STORE_CORS ?? "http://localhost:8000",
      adminCors: env.ADMIN_CORS ?? "http://localhost:9000",
      authCors: env.AUTH_CORS ?? "http://localhost:8000,http://localhost:9000",
      jwtSecret: env.JWT_SECRET ?? "local-only-jwt-secret",
      cookieSecret: env.COOKIE_SECRET ?? "local-only-cookie-secret",
    },
    // A started Medusa counts as production and would keep the admin's cookie for https; this store is only ever local.
    cookieOptions: { secure: false, sameSite: "lax" },
  },
  admin: {
    disable: env.MEDUSA_ADMIN_DISABLED === "true",
    // What Vite would only meet while it serves the first page, and then start over.
    vite: () => ({
      optimizeDeps: { include: ["@medusajs/admin-shared", "@medusajs/draft-order/admin"] },
    }),
  },
  modules: [
    {
      resolve: "./src/modules/kobbopay",
      options: given({ sweep: env.KOBBOPAY_SWEEP, reconcileEvery: env.KOBBOPAY_RECONCILE_EVERY }),
    },
    {
      resolve: "@medusajs/medusa/payment",
      options: {
        providers: [
          ...accounts.map((account) => ({ resolve: "./src/providers/kobbopay", ...account })),
          ...otherProviders,
        ],
      },
    },
    {
      // What is mailed is kept, and only told in the log.
      resolve: "@medusajs/medusa/notification",
      options: {
        providers: [
          {
            resolve: "@medusajs/medusa/notification-local",
            id: "local",
            options: { channels: ["feed", "email"] },
          },
        ],
      },
    },
    ...(env.REDIS_URL ? redisModules(env.REDIS_URL) : []),
  ],
}

function workerMode(value: string | undefined): "shared" | "worker" | "server" {
  return value === "worker" || value === "server" ? value : "shared"
}

module.exports = defineConfig(config)
