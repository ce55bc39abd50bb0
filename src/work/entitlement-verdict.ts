import { verdictOf, type Verdict } from "../domain/entitlements"
import type { AccountOptions } from "../kobbopay/options"
import type { LedgerPayment } from "../store/entitled-orders"
import type { Deps } from "./deps"
import type { EntitledOrderView } from "./entitlement-side"

/** How the ids of our providers begin in Medusa, also of an account that is no longer configured. */
const OUR_PROVIDERS = "pp_kobbopay_"

/** The account whose options rule an order: the one that its money came through, or will. */
export function optionsOf(deps: Deps, ledger: readonly LedgerPayment[]): AccountOptions | null {
  const attached = ledger.filter((payment) => payment.attached)
  const ruling =
    ledger.find((payment) => payment.money_seen_at !== null) ?? attached.at(-1) ?? ledger.at(-1)
  return ruling === undefined
    ? null
    : (deps.accounts.get(ruling.account_id)?.account.options ?? null)
}

/** What an order's entitlements are judged by: its money, as Medusa and the ledger show it. */
export function verdictFor(
  deps: Deps,
  view: EntitledOrderView,
  ledger: readonly LedgerPayment[],
  options: AccountOptions | null,
): Verdict {
  return verdictOf(
    {
      currencyCode: view.currencyCode,
      total: view.total,
      credited: view.credited,
      payments: view.payments.map((payment) => ({
        authorized: payment.authorized,
        captured: payment.captured,
        refunded: payment.refunded,
        final: isFinal(deps, payment, ledger),
      })),
    },
    {
      cancelled: view.cancelled,
      revokeOnRefund: options?.entitlements.revokeOnRefund ?? "proportional",
    },
  )
}

/**
 * Whether a capture says that the money is final. One of another provider does. One of ours does by what the
 * ledger knows of it, and not by what the options say now: where a store captures on Paid, a capture says no
 * more than that the money was seen, and an account that is gone may have been such a one.
 */
function isFinal(
  deps: Deps,
  { provider, session }: EntitledOrderView["payments"][number],
  ledger: readonly LedgerPayment[],
): boolean {
  const shown = ledger.filter(({ sessions }) => session !== null && sessions.includes(session))
  const row = shown.find((one) => one.settled_session_id === session) ?? shown.at(-1)
  if (row === undefined && !provider.startsWith(OUR_PROVIDERS)) return true
  if (row?.confirmed_at != null || row?.accepted === "finality") return true
  // Money that a person accepted for its amount was captured by what the account waits for.
  if (row !== undefined && row.accepted === null) return false
  return [...deps.accounts.values()].some(
    ({ account }) => account.providerId === provider && account.options.captureOn === "confirmed",
  )
}
