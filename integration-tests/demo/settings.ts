import { parseArgs } from "node:util"
import { z } from "@medusajs/framework/zod"
import { parseDuration } from "../../src/kobbopay/duration"

export const HELP = `Usage: npm run demo [-- options]

Starts a store that takes Kobbopay: PostgreSQL, a stand-in for Kobbopay, Medusa with its admin, and
a small shop. Nothing outside this machine is needed. Ctrl-C stops everything it started.

Options
  --scripted   buy by itself: one order paid and confirmed, one left to expire; prints one line of
               JSON and exits 0, or tells the reason and exits 1
  --help       this text

Environment
  PORT                         the shop, and behind it Medusa           9000 (--scripted: any free one)
  SANDBOX_PORT                 the stand-in for Kobbopay                4500 (--scripted: any free one)
  DATABASE_URL                 a PostgreSQL of yours                    one from npm, empty each time
  REDIS_URL                    Medusa's events, workflows and locks     in memory
  KOBBOPAY_PROFILE             the wire contract: invoice or docs       invoice
  KOBBOPAY_WEBHOOK_SECRETS     comma-separated; the first one signs     sandbox-webhook-secret
  KOBBOPAY_PLACE_ORDER         before-payment or after-payment          before-payment
  KOBBOPAY_EXPIRY_WINDOW       how long a payment is offered            10m (--scripted: 8s)
  KOBBOPAY_CANCEL_ORDER_AFTER  and then until its order is cancelled    1m  (--scripted: 1s)
`

/** A command line or environment that cannot be used; the message says what to write instead. */
export class UsageError extends Error {}

export type Settings = {
  scripted: boolean
  port: number
  sandboxPort: number
  /** Null: a PostgreSQL of our own. */
  databaseUrl: string | null
  profile: "invoice" | "docs"
  webhookSecrets: [string, ...string[]]
  placeOrder: string
  expiry: { window: string; cancelOrderAfter: string; closePendingAfter: string }
  /** How long the stand-in waits for money: the same as `expiry.window`. */
  windowMs: number
}

const port = (fallback: number) =>
  z.coerce
    .number({ error: "is no port" })
    .int()
    .min(0)
    .max(65_535, { error: "is no port; use 0 (any free one) to 65535" })
    .default(fallback)

const duration = () =>
  z.string().refine((text) => parseDuration(text) !== null, {
    error: 'is no duration; write "90s" or "10m"',
  })

const environment = (scripted: boolean) =>
  z.object({
    PORT: port(scripted ? 0 : 9000),
    SANDBOX_PORT: port(scripted ? 0 : 4500),
    DATABASE_URL: z
      .url({ protocol: /^postgres(ql)?$/, error: "is no postgres:// address" })
      .optional(),
    KOBBOPAY_PROFILE: z
      .enum(["invoice", "docs"], { error: 'is not known; use "invoice" or "docs"' })
      .default("invoice"),
    KOBBOPAY_WEBHOOK_SECRETS: z.string().default("sandbox-webhook-secret"),
    KOBBOPAY_PLACE_ORDER: z.string().default("before-payment"),
    KOBBOPAY_EXPIRY_WINDOW: duration().default(scripted ? "8s" : "10m"),
    KOBBOPAY_CANCEL_ORDER_AFTER: duration().default(scripted ? "1s" : "1m"),
    KOBBOPAY_CLOSE_PENDING_AFTER: duration().optional(),
  })

/**
 * Reads arguments and environment; `null` when only the help is asked for.
 *
 * @throws UsageError naming each variable at fault, never its value.
 */
export function readSettings(
  args: string[],
  env: Record<string, string | undefined>,
): Settings | null {
  const { scripted, help } = readFlags(args)
  if (help) {
    return null
  }
  // An empty variable is one that was not set, as in most shells' scripts.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""))
  const read = environment(scripted).safeParse(set)
  if (!read.success) {
    const faults = read.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`)
    throw new UsageError(faults.join("\n"))
  }
  const given = read.data
  const [first, ...others] = given.KOBBOPAY_WEBHOOK_SECRETS.split(",")
    .map((secret) => secret.trim())
    .filter((secret) => secret !== "")
  if (first === undefined) {
    throw new UsageError("KOBBOPAY_WEBHOOK_SECRETS holds no secret; leave it out, or name one")
  }
  return {
    scripted,
    port: given.PORT,
    sandboxPort: given.SANDBOX_PORT,
    databaseUrl: given.DATABASE_URL ?? null,
    profile: given.KOBBOPAY_PROFILE,
    webhookSecrets: [first, ...others],
    placeOrder: given.KOBBOPAY_PLACE_ORDER,
    expiry: {
      window: given.KOBBOPAY_EXPIRY_WINDOW,
      cancelOrderAfter: given.KOBBOPAY_CANCEL_ORDER_AFTER,
      closePendingAfter: given.KOBBOPAY_CLOSE_PENDING_AFTER ?? given.KOBBOPAY_EXPIRY_WINDOW,
    },
    windowMs: parseDuration(given.KOBBOPAY_EXPIRY_WINDOW) ?? 0,
  }
}

function readFlags(args: string[]): { scripted: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        scripted: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    })
    return values
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}
