import { z } from "@medusajs/framework/zod"
import type { CollectionId, OrderId } from "../domain/ids"
import { heldBy, lockCollection, type Lease } from "./collections"
import { dueOrders } from "./entitled-orders"
import { HELD } from "./lease"
import { execute, row, type Sql } from "./sql"
import { COLLECTIONS_OF_ORDER, WOKEN } from "./wakes"

const atRow = z.object({ at: z.date().nullable() })

/** When the ledger learnt that the order of a collection was cancelled; null: it was not. */
export const orderCancelledAt = async (sql: Sql, collection: CollectionId): Promise<Date | null> =>
  (
    await row(sql, atRow, `SELECT order_cancelled_at AS at FROM kobbopay_collection WHERE id = ?`, [
      collection,
    ])
  )?.at ?? null

/** No payment of the order holds money, and every payment's end asks for the order to be cancelled. */
const NO_MONEY = `NOT EXISTS (SELECT 1 FROM kobbopay_payment p
    WHERE p.id IN (SELECT id FROM ours) AND p.deleted_at IS NULL
      AND (p.target <> 'order_cancelled' OR p.money_seen_at IS NOT NULL
        AND COALESCE(p.received_minor, p.expected_minor)::numeric
          > p.refunded_minor::numeric + p.written_off_minor::numeric))`

/** No event of the order's collections is unworked, and none reports money that no read bore out. */
const NO_ROUTED_EVENT = `NOT EXISTS (SELECT 1 FROM kobbopay_event e
    WHERE e.deleted_at IS NULL AND e.collection_id IN (SELECT collection_id FROM ours)
      AND (e.state = 'received'
      OR e.state = 'dead' AND e.outcome = 'ambiguous_finality'
        AND (e.reported_state IN ('partial', 'paid', 'confirmed')
          OR e.reported_amount::numeric > 0)))`

/** No event that is not routed yet names one of the order's payments. */
const NO_UNROUTED_EVENT = `NOT EXISTS (SELECT 1 FROM kobbopay_event e JOIN kobbopay_payment p
     ON p.account_id = e.account_id
    AND (p.kobbopay_id = ANY(e.kobbopay_ids) OR p.reference = e.reference)
    WHERE e.state = 'received' AND e.deleted_at IS NULL AND e.collection_id IS NULL
      AND p.id IN (SELECT id FROM ours) AND p.deleted_at IS NULL)`

/**
 * Marks the collection as cancelling, if no payment of the order holds money, every payment's end asks for it,
 * no event is unworked, routed or not, and none reports money that no read bore out. From here on nothing settles
 * until the mark is resolved. The row is locked first: a statement that waited for the lock itself would judge
 * by what was so before it waited.
 *
 * @throws LeaseLost when the lease was taken over
 */
export const markCancelling = (
  sql: Sql,
  lease: Lease,
  order: OrderId,
  now: Date,
): Promise<boolean> =>
  sql.transaction(async (trx) => {
    await lockCollection(trx, lease.collectionId, lease)
    const marked = await execute(
      trx,
      `WITH ours AS (SELECT id, collection_id FROM kobbopay_payment
          WHERE deleted_at IS NULL AND (collection_id = :collection_id OR order_id = :order_id))
      UPDATE kobbopay_collection kc SET cancelling_at = :now, updated_at = now()
        WHERE kc.id = :collection_id AND kc.cancelling_at IS NULL
          AND ${NO_MONEY} AND ${NO_ROUTED_EVENT} AND ${NO_UNROUTED_EVENT}`,
      { collection_id: lease.collectionId, order_id: order, now },
    )
    return marked === 1
  })

export const clearCancelling = (sql: Sql, lease: Lease): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET cancelling_at = NULL, updated_at = now() WHERE ${HELD}`,
    heldBy(lease),
  )

/**
 * Records that the order of these payments was cancelled, by whoever did it, and wakes them and
 * the order's entitlements.
 */
export const recordOrderCancelled = (sql: Sql, order: OrderId, now: Date): Promise<number> =>
  execute(
    sql,
    `WITH cancelled AS (UPDATE kobbopay_collection
        SET order_cancelled_at = COALESCE(order_cancelled_at, :now), cancelling_at = NULL,
            ${WOKEN}, updated_at = now()
      WHERE id IN ${COLLECTIONS_OF_ORDER}
      RETURNING :order_id::text AS order_id) ${dueOrders("cancelled")}`,
    { now, wake_at: now, order_id: order },
  )
