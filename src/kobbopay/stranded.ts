import { environmentOf } from "./environment"
import type { AccountId, Environment, PaymentId, RailId } from "./ids"
import type { Account } from "./options"

/** Payments of one account, environment and rail that are still read. */
export type Watched = {
  accountId: AccountId
  /** Null where it was not noted. */
  environment: Environment | null
  railId: RailId
  payments: number
  open: number
  first: readonly PaymentId[]
  newest: PaymentId
}

export type StrandedReason = "account_removed" | "environment_changed" | "rail_removed"

/** Payments that a change of the options left behind, of one account and for one reason. */
export type Stranded = {
  accountId: AccountId
  reason: StrandedReason
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
export function strandedBy(accounts: readonly Account[], watched: readonly Watched[]): Stranded[] {
  const configured = new Map(accounts.map((account) => [account.id, account]))
  const found = new Map<string, Stranded>()
  for (const group of watched) {
    const reason = reasonFor(configured.get(group.accountId), group)
    if (reason === null) continue
    const key = `${group.accountId} ${reason}`
    const known = found.get(key)
    found.set(key, {
      accountId: group.accountId,
      reason,
      payments: (known?.payments ?? 0) + group.payments,
      open: (known?.open ?? 0) + group.open,
      first: [...(known?.first ?? []), ...group.first],
      newest: known !== undefined && known.newest > group.newest ? known.newest : group.newest,
    })
  }
  return [...found.values()]
}

function reasonFor(account: Account | undefined, group: Watched): StrandedReason | null {
  if (account === undefined) return "account_removed"
  const { environment, railId } = group
  if (environment !== null && environment !== environmentOf(account)) return "environment_changed"
  return account.options.rails.some((rail) => rail.id === railId) ? null : "rail_removed"
}
