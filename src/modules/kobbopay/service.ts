import type { ConfigModule, Logger } from "@medusajs/framework/types"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { MedusaService } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { parseDuration } from "../../kobbopay/duration"
import type { Account } from "../../kobbopay/options"
import type { EventBatcher } from "../../store/inbox/batcher"
import { checkAccounts } from "./account-check"
import { backendUrlOf, checkCredentials } from "./credentials-check"
import { Inbox } from "./inbox"
import { checkInbox } from "./inbox-check"
import { InboxPool } from "./inbox-pool"
import { checkMedusa } from "./medusa-check"
import {
  KobbopayEntitledOrder,
  KobbopayEntitlement,
  KobbopayEntitlementChange,
  KobbopayEvent,
  KobbopayException,
  KobbopayCollection,
  KobbopayPayment,
  KobbopayPaymentSession,
  KobbopayReconciliation,
  KobbopayRefund,
  KobbopayTransfer,
  KobbopayTransition,
} from "./models"
import { readOnly } from "./read-only"

/** Kobbopay gets its 503 within this time, and sends again. */
const RECORD_WITHIN_MS = 4_000

const DAY_MS = 86_400_000

const duration = () =>
  z.string().transform((text, context) => {
    const ms = parseDuration(text)
    if (ms !== null && ms > 0) return ms
    context.addIssue({ code: "custom", message: 'is no duration; write it like "24h"' })
    return z.NEVER
  })

const moduleOptions = z
  .strictObject({
    /**
     * `scheduled`: a job sweeps what is due every few seconds. `off`: nothing runs unasked, for tests
     * that run the worker themselves.
     */
    sweep: z.enum(["scheduled", "off"]).default("scheduled"),
    /** How often ledger, Kobbopay and orders are compared, milliseconds; written as "24h". */
    reconcileEvery: duration().default(DAY_MS),
    events: z
      .strictObject({
        /**
         * How long the body of an event that is done is kept, milliseconds; written as "90d". What tells a
         * repeated webhook from a new one stays.
         */
        keepFor: duration().default(90 * DAY_MS),
      })
      .prefault({}),
  })
  .prefault({})
type ModuleOptions = z.output<typeof moduleOptions>

type Dependencies = {
  kobbopayAccounts: Account[]
  configModule: ConfigModule
  __pg_connection__: Knex
  logger: Logger
}

/**
 * The kobbopay module: the tables (readable by Query and the admin), the accounts, and the two ways to
 * the database. What happens to payments is not decided here: accepting, dismissing and refunding need
 * Kobbopay and Medusa, and are workflows.
 */
export default class KobbopayModuleService extends readOnly(
  MedusaService({
    KobbopayEntitledOrder,
    KobbopayEntitlement,
    KobbopayEntitlementChange,
    KobbopayEvent,
    KobbopayException,
    KobbopayCollection,
    KobbopayPayment,
    KobbopayPaymentSession,
    KobbopayReconciliation,
    KobbopayRefund,
    KobbopayTransfer,
    KobbopayTransition,
  }),
) {
  readonly accounts: readonly Account[]
  /** The app's own connection, for the worker. */
  readonly sql: Knex
  /** Records events through a small pool of its own, so that a busy store cannot starve the inbox. */
  readonly inbox: EventBatcher
  readonly settings: ModuleOptions
  readonly __hooks: {
    onApplicationStart: () => Promise<void>
    onApplicationShutdown: () => Promise<void>
  }

  constructor(dependencies: Dependencies, options?: Record<string, unknown>, ...rest: unknown[]) {
    super(dependencies, options, ...rest)
    this.accounts = dependencies.kobbopayAccounts
    this.sql = dependencies.__pg_connection__
    const pool = new InboxPool(this.sql)
    this.inbox = new Inbox(pool, RECORD_WITHIN_MS, dependencies.logger)
    const closing = new AbortController()
    const now = () => new Date()
    this.settings = moduleOptions.parse({
      sweep: options?.["sweep"],
      reconcileEvery: options?.["reconcileEvery"],
      events: options?.["events"],
    })
    this.__hooks = {
      onApplicationStart: () => {
        // Not awaited: what they find is logged, and the boot neither waits for it nor fails over it.
        void checkInbox({ pool, log: dependencies.logger, now })
        void checkMedusa({ sql: this.sql, log: dependencies.logger })
        void checkAccounts({
          sql: this.sql,
          accounts: this.accounts,
          log: dependencies.logger,
          now,
        })
        void checkCredentials({
          accounts: this.accounts,
          log: dependencies.logger,
          backendUrl: backendUrlOf(dependencies.configModule),
          isProduction: process.env.NODE_ENV === "production",
          signal: closing.signal,
        })
        return Promise.resolve()
      },
      onApplicationShutdown: () => {
        closing.abort()
        return pool.end()
      },
    }
  }
}
