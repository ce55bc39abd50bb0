import type { Logger } from "@medusajs/framework/types"
import type { KobbopayClient } from "../../kobbopay/client"
import type { Account } from "../../kobbopay/options"
import type { Sql } from "../../store/sql"

/** What a checkout touches, handed in: the ledger, the account and its API, the log, the clock. */
export type Checkout = {
  sql: Sql
  account: Account
  client: KobbopayClient
  log: Pick<Logger, "warn" | "error">
  now: () => Date
  sleep: (ms: number) => Promise<void>
}
