import type { Logger } from "@medusajs/framework/types"
import type { AccountId } from "../domain/ids"
import type { KobbopayClient } from "../kobbopay/client"
import type { Account } from "../kobbopay/options"
import type { Rules } from "../domain/rules"
import type { Sql } from "../store/sql"
import type { EntitlementSide } from "./entitlement-side"
import type { MedusaSide } from "./medusa"
import type { Patience } from "./patience"

export type WorkAccount = { account: Account; client: KobbopayClient; rules: Rules }

/** Everything the worker touches, handed in: the database, the accounts, Medusa, the clock, chance. */
export type Deps = {
  sql: Sql
  accounts: ReadonlyMap<AccountId, WorkAccount>
  medusa: MedusaSide
  entitlements: EntitlementSide
  log: Pick<Logger, "info" | "warn" | "error">
  /** Names this process in leases. */
  owner: string
  now: () => Date
  random: () => number
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** How long a step of Medusa's may take before nobody waits for it any more. */
  patience: Patience
}
