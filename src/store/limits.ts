import type { CollectionId } from "../domain/ids"
import { countRow, execute, row, type Sql } from "./sql"

/**
 * Lets one payment at a time be made for a collection, for the rest of a transaction. By a lock of its own, and
 * not that of the collection's row: who records what Kobbopay answered locks the payment first and that row
 * afterwards.
 */
export const lockCart = (trx: Sql, collection: CollectionId): Promise<number> =>
  execute(trx, `SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, [`kobbopay:${collection}`])

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
