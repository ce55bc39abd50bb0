import type { ConfigModule } from "@medusajs/framework/types"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { MedusaService } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { Account } from "../../kobbopay/options"
import { EventRecorder } from "../../store/recorder"
import { InboxPool } from "./inbox-pool"
import {
  KobbopayEvent,
  KobbopayException,
  KobbopayGroup,
  KobbopayPayment,
  KobbopayPaymentSession,
  KobbopayRefund,
  KobbopayTransition,
} from "./models"

/** Kobbopay gets its 503 within this time, and sends again. */
const RECORD_WITHIN_MS = 4_000

const moduleOptions = z
  .strictObject({
    /**
     * `scheduled`: a job sweeps what is due every few seconds. `off`: nothing runs unasked, for tests
     * that call the work themselves.
     */
    sweep: z.enum(["scheduled", "off"]).default("scheduled"),
  })
  .prefault({})
export type ModuleOptions = z.output<typeof moduleOptions>

type Dependencies = {
  kobbopayAccounts: Account[]
  configModule: ConfigModule
  __pg_connection__: Knex
}

/**
 * The kobbopay module: the tables (readable by Query and the admin), the accounts, and the two ways to
 * the database. What happens to payments is not decided here.
 */
export default class KobbopayModuleService extends MedusaService({
  KobbopayEvent,
  KobbopayException,
  KobbopayGroup,
  KobbopayPayment,
  KobbopayPaymentSession,
  KobbopayRefund,
  KobbopayTransition,
}) {
  readonly accounts: readonly Account[]
  /** The app's own connection, for the work. */
  readonly sql: Knex
  /** Records events through a small pool of its own, so that a busy store cannot starve the inbox. */
  readonly inbox: EventRecorder
  readonly settings: ModuleOptions
  readonly __hooks: { onApplicationShutdown: () => Promise<void> }

  constructor(dependencies: Dependencies, options?: Record<string, unknown>, ...rest: unknown[]) {
    super(dependencies, options, ...rest)
    this.accounts = dependencies.kobbopayAccounts
    this.sql = dependencies.__pg_connection__
    const pool = new InboxPool(dependencies.configModule.projectConfig)
    this.inbox = new EventRecorder(pool, RECORD_WITHIN_MS)
    this.settings = moduleOptions.parse({ sweep: options?.["sweep"] })
    this.__hooks = { onApplicationShutdown: () => pool.end() }
  }
}
