import { environmentOf } from "./environment"
import type { AccountId, Environment, PaymentId, RailId } from "../domain/ids"
import type { Account } from "./options"

/** Payments of one account, environment and rail that are still read. */
export type Watched = {
  accountId: AccountId
  /** Null where it is unknown. */
  environment: Environment | null
  railId: RailId
  payments: number
  open: number
  first: readonly PaymentId[]
  newest: PaymentId
}

export type OrphanedReason = "account_removed" | "environment_changed" | "rail_removed"

/** Payments that a change of the options left behind, of one account and for one reason. */
export type Orphaned = {
  accountId: AccountId
  reason: OrphanedReason
  payments: number
  open: number
  first: PaymentId[]
  /** The one made last; ids rise with time. */
  newest: PaymentId
}

/**
 * Compares the payments that are still read with the accounts as they are configured now. An account that
 * is gone cannot be read at all; one that speaks to another environment reads something else; a rail that
 * is gone is only not offered any more. Pure.
 */
export function orphanedBy(accounts: readonly Account[], watched: readonly Watched[]): Orphaned[] {
  const configured = new Map(accounts.map((account) => [account.id, account]))
  const found = new Map<string, Orphaned>()
  for (const watch of watched) {
    const reason = reasonFor(configured.get(watch.accountId), watch)
    if (reason === null) continue
    const key = `${watch.accountId} ${reason}`
    const known = found.get(key)
    found.set(key, {
      accountId: watch.accountId,
      reason,
      payments: (known?.payments ?? 0) + watch.payments,
      open: (known?.open ?? 0) + watch.open,
      first: [...(known?.first ?? []), ...watch.first],
      newest: known !== undefined && known.newest > watch.newest ? known.newest : watch.newest,
    })
  }
  return [...found.values()]
}

function reasonFor(account: Account | undefined, watch: Watched): OrphanedReason | null {
  if (account === undefined) return "account_removed"
  const { environment, railId } = watch
  if (environment !== null && environment !== environmentOf(account)) return "environment_changed"
  return account.options.rails.some((rail) => rail.id === railId) ? null : "rail_removed"
}
