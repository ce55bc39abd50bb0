import type { Logger } from "@medusajs/framework/types"
import type { Account } from "../../kobbopay/options"
import { orphanedBy, type Orphaned, type OrphanedReason } from "../../kobbopay/orphaned"
import { errorText } from "../../store/error-text"
import { closeCleared, openException } from "../../store/exceptions"
import type { Sql } from "../../store/sql"
import { accountsInDoubt, watchedPayments } from "../../store/watched-payments"

const NAMED = 3

const WHY: Record<OrphanedReason, string> = {
  account_removed:
    "the account is not in the options any more, so they cannot be read; put its provider entry back until they have ended",
  environment_changed:
    "profile, baseUrl or credentials of the account are not those they were made with; if it is the same merchant account, a reconciliation that reads them settles it, else put the old options back under an id of their own",
  rail_removed: "their rail is not offered any more; they are read all the same",
}

/**
 * Tells of payments that a change of the accounts' options left behind: a log line for each account and
 * reason, and an exception `account_changed` where they cannot be read as they should. It closes by itself
 * once the options are right again. Never throws: a store boots also while this cannot be found out.
 */
export async function checkAccounts(deps: {
  sql: Sql
  accounts: readonly Account[]
  log: Pick<Logger, "warn">
  now: () => Date
}): Promise<void> {
  try {
    const watched = await watchedPayments(deps.sql)
    const orphaned = orphanedBy(
      deps.accounts,
      watched.map(({ account_id, rail_id, ...rest }) => ({
        ...rest,
        accountId: account_id,
        railId: rail_id,
      })),
    )
    for (const one of orphaned) deps.log.warn(inWords(one))
    const now = deps.now()
    const grave = orphaned.filter(({ reason }) => reason !== "rail_removed")
    for (const one of grave) await reportOrphaned(deps.sql, one, now)
    for (const account of await accountsInDoubt(deps.sql)) {
      if (grave.some(({ accountId }) => accountId === account)) continue
      await closeCleared(deps.sql, account, ["account_changed"], now)
    }
  } catch (cause) {
    deps.log.warn(
      `kobbopay: the accounts could not be compared with the ledger: ${errorText(cause)}`,
    )
  }
}

const named = ({ first, payments }: Orphaned): string =>
  first.slice(0, NAMED).join(", ") + (payments > NAMED ? ", …" : "")

const inWords = (one: Orphaned): string =>
  `kobbopay: account ${one.accountId}: ${one.payments} payments that are still watched (${one.open} open: ` +
  `${named(one)}): ${WHY[one.reason]}`

const reportOrphaned = (sql: Sql, one: Orphaned, now: Date): Promise<boolean> =>
  openException(
    sql,
    {
      class: "account_changed",
      subjectId: one.accountId,
      paymentId: null,
      eventRowId: null,
      accountId: one.accountId,
      orderId: null,
      railId: null,
      expected: {},
      observed: {
        reason: one.reason,
        payments: String(one.payments),
        open: String(one.open),
        first: named(one),
      },
      // The same once more, over payments made since, is told again.
      fingerprint: [one.reason, one.newest].join(" "),
    },
    now,
  )
