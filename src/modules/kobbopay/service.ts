import type { ConfigModule, Logger } from "@medusajs/framework/types"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { MedusaService } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { parseDuration } from "../../kobbopay/duration"
import type { Account } from "../../kobbopay/options"
import { checkAccounts } from "./account-check"
import { InboxPool } from "./inbox-pool"
import {
  KobbopayEntitledOrder,
  KobbopayEntitlement,
  KobbopayEntitlementChange,
  KobbopayEvent,
  KobbopayException,
  KobbopayGroup,
  KobbopayPayment,
  KobbopayPaymentSession,
  KobbopayReconciliation,
  KobbopayRefund,
  KobbopayTransition,
} from "./models"

const moduleOptions = z
  .strictObject({
    /**
     * `scheduled`: a job sweeps what is due every few seconds. `off`: nothing runs unasked, for tests
     * that call the work themselves.
     */
    sweep: z.enum(["scheduled", "off"]).default("scheduled"),
    /** How often ledger, Kobbopay and orders are compared, milliseconds; written as "24h". */
    reconcileEvery: z
      .string()
      .default("24h")
      .transform((text, context) => {
        const ms = parseDuration(text)
        if (ms !== null && ms > 0) return ms
        context.addIssue({ code: "custom", message: 'is no duration; write it like "24h"' })
        return z.NEVER
      }),
  })
  .prefault({})
export type ModuleOptions = z.output<typeof moduleOptions>

type Dependencies = {
  kobbopayAccounts: Account[]
  configModule: ConfigModule
  __pg_connection__: Knex
  logger: Logger
}

/**
 * The kobbopay module: the tables (readable by Query and the admin), the accounts, and the two ways to
 * the database. What happens to payments is not decided here.
 */
export default class KobbopayModuleService extends MedusaService({
  KobbopayEntitledOrder,
  KobbopayEntitlement,
  KobbopayEntitlementChange,
  KobbopayEvent,
  KobbopayException,
  KobbopayGroup,
  KobbopayPayment,
  KobbopayPaymentSession,
  KobbopayReconciliation,
  KobbopayRefund,
  KobbopayTransition,
}) {
  readonly accounts: readonly Account[]
  /** The app's own connection, for the work. */
  readonly sql: Knex
  /** A small pool of its own for recording events, so that a busy store cannot starve the inbox. */
  readonly inbox: InboxPool
  readonly settings: ModuleOptions
  readonly __hooks: {
    onApplicationStart: () => Promise<void>
    onApplicationShutdown: () => Promise<void>
  }

  constructor(dependencies: Dependencies, options?: Record<string, unknown>, ...rest: unknown[]) {
    super(dependencies, options, ...rest)
    this.accounts = dependencies.kobbopayAccounts
    this.sql = dependencies.__pg_connection__
    this.inbox = new InboxPool(dependencies.configModule.projectConfig)
    this.settings = moduleOptions.parse({
      sweep: options?.["sweep"],
      reconcileEvery: options?.["reconcileEvery"],
    })
    this.__hooks = {
      onApplicationStart: () => {
        // Not awaited: what it finds is told, and the boot neither waits for it nor fails over it.
        void checkAccounts({
          sql: this.sql,
          accounts: this.accounts,
          log: dependencies.logger,
          now: () => new Date(),
        })
        return Promise.resolve()
      },
      onApplicationShutdown: () => this.inbox.end(),
    }
  }
}
