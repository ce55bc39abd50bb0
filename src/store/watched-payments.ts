import { z } from "@medusajs/framework/zod"
import type { AccountId, Environment, PaymentId, RailId } from "../domain/ids"
import { idColumn } from "./payment"
import { rows, type Sql } from "./sql"

const watchedRow = z.object({
  account_id: idColumn<AccountId>(),
  environment: idColumn<Environment>().nullable(),
  rail_id: idColumn<RailId>(),
  payments: z.number(),
  /** Of them, those that are not ended. */
  open: z.number(),
  first: z.array(idColumn<PaymentId>()),
  newest: idColumn<PaymentId>(),
})
type WatchedPayments = z.output<typeof watchedRow>

/** How many payments an answer names. */
const NAMED = 3

/**
 * The payments that are still read, counted by account, environment and rail, with the ids of a few: open
 * ones first. One walk of the ledger, at boot: an index for it would cost every check more.
 */
export const watchedPayments = (sql: Sql): Promise<WatchedPayments[]> =>
  rows(
    sql,
    watchedRow,
    `SELECT account_id, environment, rail_id, count(*)::int AS payments,
            count(*) FILTER (WHERE state IN ('pending', 'partial', 'paid'))::int AS open,
            max(id) AS newest,
            (array_agg(id ORDER BY state IN ('pending', 'partial', 'paid') DESC, id))[1:?] AS first
       FROM kobbopay_payment
      WHERE next_check_at IS NOT NULL AND deleted_at IS NULL
      GROUP BY account_id, environment, rail_id
      ORDER BY account_id, environment, rail_id`,
    [NAMED],
  )

const accountIdRow = z.object({ account_id: idColumn<AccountId>() })

/** Accounts about which an exception `account_changed` is open. */
export const accountsInDoubt = async (sql: Sql): Promise<AccountId[]> =>
  (
    await rows(
      sql,
      accountIdRow,
      `SELECT account_id FROM kobbopay_exception
        WHERE class = 'account_changed' AND state = 'open' AND deleted_at IS NULL`,
    )
  ).map((found) => found.account_id)
