import { z } from "@medusajs/framework/zod"
import type { AccountId, CollectionId } from "../domain/ids"
import { row, type Sql } from "./sql"

const idRow = z.object({ id: z.string() })
const atRow = z.object({ at: z.date().nullable() })

/**
 * When one of a collection's payments is checked next, or one of its events tried; null: never. Payments
 * of other accounts than these cannot be read, so they are not waited for.
 */
export const nextWork = async (
  sql: Sql,
  collection: CollectionId,
  accounts: readonly AccountId[],
): Promise<Date | null> =>
  (
    await row(
      sql,
      atRow,
      {
        name: "kobbopay_next_work",
        text: `SELECT LEAST(
         (SELECT min(next_check_at) FROM kobbopay_payment
           WHERE collection_id = ? AND kobbopay_id IS NOT NULL AND account_id = ANY(?::text[])
             AND deleted_at IS NULL),
         (SELECT min(next_attempt_at) FROM kobbopay_event
           WHERE collection_id = ? AND state = 'received' AND deleted_at IS NULL)) AS at`,
      },
      [collection, [...accounts], collection],
    )
  )?.at ?? null

/** Whether a collection has work to do at `now`. */
export const isCollectionDue = async (
  sql: Sql,
  collection: CollectionId,
  now: Date,
): Promise<boolean> =>
  (await row(sql, idRow, `SELECT id FROM kobbopay_collection WHERE id = ? AND due_at <= ?`, [
    collection,
    now,
  ])) !== null

/** Whether somebody has woken a collection since it was claimed. */
export const wasWoken = async (
  sql: Sql,
  lease: { collectionId: CollectionId; wakes: number },
): Promise<boolean> =>
  (await row(sql, idRow, `SELECT id FROM kobbopay_collection WHERE id = ? AND wakes <> ?`, [
    lease.collectionId,
    lease.wakes,
  ])) !== null

/**
 * When there is work to do next: a due collection (or the end of the lease it is under), or an event not yet
 * routed. Null when everything rests.
 */
export const nextDue = async (sql: Sql): Promise<Date | null> =>
  (
    await row(
      sql,
      atRow,
      `SELECT LEAST(
         (SELECT min(at) FROM (
            SELECT GREATEST(due_at, COALESCE(lease_until, due_at)) AS at FROM kobbopay_collection
             WHERE due_at IS NOT NULL AND deleted_at IS NULL ORDER BY due_at LIMIT 50) AS first),
         (SELECT min(next_attempt_at) FROM kobbopay_event
           WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL)) AS at`,
    )
  )?.at ?? null
