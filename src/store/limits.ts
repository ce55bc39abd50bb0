import type { CollectionId } from "../kobbopay/ids"
import { countRow, execute, row, type Sql } from "./sql"

/** Locks a collection for the rest of a transaction, also one that has no row yet. */
export const holdCart = (trx: Sql, collection: CollectionId): Promise<number> =>
  execute(
    trx,
    `INSERT INTO kobbopay_group (id) VALUES (?)
     ON CONFLICT (id) DO UPDATE SET updated_at = kobbopay_group.updated_at`,
    [collection],
  )

/** How many payments were made for a collection in the last `withinMs`, by the database's clock. */
export const paymentsMade = async (
  sql: Sql,
  collection: CollectionId,
  withinMs: number,
): Promise<number> =>
  (
    await row(
      sql,
      countRow,
      `SELECT count(*)::int AS count FROM kobbopay_payment
        WHERE collection_id = ? AND deleted_at IS NULL
          AND created_at > clock_timestamp() - ? * interval '1 millisecond'`,
      [collection, withinMs],
    )
  )?.count ?? 0
