import { z } from "@medusajs/framework/zod"
import type { CollectionId, OrderId } from "../domain/ids"
import { dueOrders } from "./entitled-orders"
import { idColumn } from "./payment"
import { execute, row, rows, type Sql } from "./sql"

export { isCollectionDue, nextDue, nextWork, wasWoken } from "./due-times"
export { wakeCollectionOf, waking, scheduleCollectionOf, wakeCollection, scheduling } from "./wakes"

/**
 * The right to work the payments of one collection. Leases end by the database's clock, so that
 * processes need not agree on the time; every write under a lease checks its fencing number.
 */
export type Lease = {
  collectionId: CollectionId
  owner: string
  fence: number
  /** The collection's wake counter when it was claimed. */
  wakes: number
  failures: number
  /** Money, an event or a person waits for the worker. */
  urgent: boolean
  /** Why the work before this one failed or hung; null: it did neither. */
  lastError: string | null
  cancellingAt: Date | null
  orderCancelledAt: Date | null
}

/** How long a lease lasts without a heartbeat; a killed process is succeeded after it. */
export const LEASE_MS = 20_000

/** Thrown by a write whose lease was taken over. The worker stops; the new owner goes on. */
export class LeaseLost extends Error {
  constructor(collection: CollectionId) {
    super(`the lease of ${collection} was taken over`)
    this.name = "LeaseLost"
  }
}

const leaseRow = z.object({
  id: idColumn<CollectionId>(),
  lease_owner: z.string(),
  fence: z.number(),
  wakes: z.number(),
  failures: z.number(),
  urgent: z.boolean(),
  last_error: z.string().nullable(),
  cancelling_at: z.date().nullable(),
  order_cancelled_at: z.date().nullable(),
})
const LEASE = Object.keys(leaseRow.shape).join(", ")

/** Due and under nobody's lease. */
const CLAIMABLE = `due_at IS NOT NULL AND due_at <= ? AND deleted_at IS NULL
  AND (lease_until IS NULL OR lease_until < clock_timestamp())`

/**
 * Claims up to `most` collections that are due at `now` and under nobody's lease: the urgent ones first, and
 * of the others at most `calm`.
 */
export const claimCollections = async (
  sql: Sql,
  owner: string,
  now: Date,
  leaseMs: number,
  { most, calm }: { most: number; calm: number },
): Promise<Lease[]> =>
  (
    await rows(
      sql,
      leaseRow,
      {
        name: "kobbopay_claim_collections",
        text: `WITH first AS MATERIALIZED (SELECT id FROM kobbopay_collection
            WHERE ${CLAIMABLE} AND urgent ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED),
          rest AS MATERIALIZED (SELECT id FROM kobbopay_collection
            WHERE ${CLAIMABLE} AND NOT urgent ORDER BY due_at
            LIMIT (SELECT LEAST(?::bigint, ?::bigint - count(*)) FROM first) FOR UPDATE SKIP LOCKED)
        UPDATE kobbopay_collection
          SET lease_owner = ?, lease_until = clock_timestamp() + ? * interval '1 millisecond',
              fence = fence + 1, updated_at = now()
        WHERE id IN (SELECT id FROM first UNION ALL SELECT id FROM rest)
        RETURNING ${LEASE}`,
      },
      [now, most, now, calm, most, owner, leaseMs],
    )
  ).map(leaseOf)

/** Claims one collection, due or not; null while it is under a lease. */
export const claimCollection = async (
  sql: Sql,
  owner: string,
  collection: CollectionId,
  leaseMs: number,
): Promise<Lease | null> => {
  const found = await row(
    sql,
    leaseRow,
    `UPDATE kobbopay_collection
        SET lease_owner = ?, lease_until = clock_timestamp() + ? * interval '1 millisecond',
            fence = fence + 1, updated_at = now()
      WHERE id = ? AND deleted_at IS NULL
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
      RETURNING ${LEASE}`,
    [owner, leaseMs, collection],
  )
  return found === null ? null : leaseOf(found)
}

const leaseOf = (found: z.output<typeof leaseRow>): Lease => ({
  collectionId: found.id,
  owner: found.lease_owner,
  fence: found.fence,
  wakes: found.wakes,
  failures: found.failures,
  urgent: found.urgent,
  lastError: found.last_error,
  cancellingAt: found.cancelling_at,
  orderCancelledAt: found.order_cancelled_at,
})

/** Heartbeat. False when the lease was taken over. */
export const renewLease = async (sql: Sql, lease: Lease, leaseMs: number): Promise<boolean> =>
  (await execute(
    sql,
    `UPDATE kobbopay_collection SET lease_until = clock_timestamp() + ? * interval '1 millisecond'
      WHERE id = ? AND fence = ? AND lease_owner = ?`,
    [leaseMs, lease.collectionId, lease.fence, lease.owner],
  )) === 1

/** Something of the collection waits that is more than a read which is due: an event, or money not settled. */
const WAITS = `EXISTS (SELECT 1 FROM kobbopay_event e
    WHERE e.collection_id = kc.id AND e.state = 'received' AND e.deleted_at IS NULL)
  OR EXISTS (SELECT 1 FROM kobbopay_payment p
    WHERE p.collection_id = kc.id AND p.money_seen_at IS NOT NULL AND p.converged_at IS NULL
      AND p.target <> 'nothing' AND p.deleted_at IS NULL)`

/**
 * Releases the lease and says when to work the collection next (null: not before somebody wakes it). A wake that
 * came meanwhile makes it due at once. It stays urgent for as long as something of it waits.
 */
export const releaseLease = async (
  sql: Sql,
  lease: Lease,
  next: Date | null,
  now: Date,
  failure: string | null,
): Promise<void> => {
  await execute(
    sql,
    {
      name: "kobbopay_release_lease",
      text: `UPDATE kobbopay_collection kc
        SET lease_owner = NULL, lease_until = NULL, updated_at = now(),
            due_at = CASE WHEN wakes = ? THEN ?::timestamptz ELSE LEAST(?::timestamptz, ?) END,
            urgent = urgent AND wakes <> ? OR ${WAITS},
            failures = CASE WHEN ?::text IS NULL THEN 0 ELSE failures + 1 END, last_error = ?
      WHERE id = ? AND fence = ?`,
    },
    [lease.wakes, next, next, now, lease.wakes, failure, failure, lease.collectionId, lease.fence],
  )
}

/** Records why the work on a collection does not end; the next end of it clears that. */
export const recordHanging = (sql: Sql, lease: Lease, failure: string): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET last_error = ?, updated_at = now() WHERE id = ? AND fence = ?`,
    [failure, lease.collectionId, lease.fence],
  )

/** Releases a lease under which nothing was worked: what the collection waits for stays as it is. */
export const releaseUnworked = (sql: Sql, lease: Lease): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET lease_owner = NULL, lease_until = NULL, updated_at = now()
      WHERE id = ? AND fence = ?`,
    [lease.collectionId, lease.fence],
  )

const atRow = z.object({ at: z.date().nullable() })

/** When the ledger learnt that the order of a collection was cancelled; null: it was not. */
export const orderCancelledAt = async (sql: Sql, collection: CollectionId): Promise<Date | null> =>
  (
    await row(sql, atRow, `SELECT order_cancelled_at AS at FROM kobbopay_collection WHERE id = ?`, [
      collection,
    ])
  )?.at ?? null

const lockedCollectionRow = z.object({
  fence: z.number(),
  cancelling_at: z.date().nullable(),
  order_cancelled_at: z.date().nullable(),
})

/**
 * Locks the collection's row for the rest of a transaction and checks the fence. Without a lease (the
 * provider's own reads) it only locks.
 */
export async function lockCollection(
  trx: Sql,
  collection: CollectionId,
  lease: Lease | null,
): Promise<{ cancelling: boolean; cancelled: boolean }> {
  const locked = await row(
    trx,
    lockedCollectionRow,
    {
      name: "kobbopay_lock_collection",
      text: `SELECT fence, cancelling_at, order_cancelled_at FROM kobbopay_collection WHERE id = ? FOR UPDATE`,
    },
    [collection],
  )
  if (locked === null || (lease !== null && locked.fence !== lease.fence)) {
    throw new LeaseLost(collection)
  }
  return {
    cancelling: locked.cancelling_at !== null,
    cancelled: locked.order_cancelled_at !== null,
  }
}

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
          WHERE deleted_at IS NULL AND (collection_id = ? OR order_id = ?))
      UPDATE kobbopay_collection kc SET cancelling_at = ?, updated_at = now()
        WHERE kc.id = ? AND kc.cancelling_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM kobbopay_payment p
                WHERE p.id IN (SELECT id FROM ours) AND p.deleted_at IS NULL
                  AND (p.target <> 'order_cancelled' OR p.money_seen_at IS NOT NULL
                    AND COALESCE(p.received_minor, p.expected_minor)::numeric
                      > p.refunded_minor::numeric + p.written_off_minor::numeric))
          AND NOT EXISTS (SELECT 1 FROM kobbopay_event e
                WHERE e.deleted_at IS NULL AND e.collection_id IN (SELECT collection_id FROM ours)
                  AND (e.state = 'received'
                  OR e.state = 'dead' AND e.outcome = 'ambiguous_finality'
                    AND (e.reported_state IN ('partial', 'paid', 'confirmed')
                      OR e.reported_amount::numeric > 0)))
          AND NOT EXISTS (SELECT 1 FROM kobbopay_event e JOIN kobbopay_payment p
                 ON p.account_id = e.account_id
                AND (p.kobbopay_id = ANY(e.kobbopay_ids) OR p.reference = e.reference)
                WHERE e.state = 'received' AND e.deleted_at IS NULL AND e.collection_id IS NULL
                  AND p.id IN (SELECT id FROM ours) AND p.deleted_at IS NULL)`,
      [lease.collectionId, order, now, lease.collectionId],
    )
    return marked === 1
  })

export const clearCancelling = (sql: Sql, lease: Lease): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET cancelling_at = NULL, updated_at = now() WHERE id = ? AND fence = ?`,
    [lease.collectionId, lease.fence],
  )

/**
 * Records that the order of these payments was cancelled, by whoever did it, and wakes them and
 * the order's entitlements.
 */
export const recordOrderCancelled = (sql: Sql, order: OrderId, now: Date): Promise<number> =>
  execute(
    sql,
    `WITH cancelled AS (UPDATE kobbopay_collection
        SET order_cancelled_at = COALESCE(order_cancelled_at, ?), cancelling_at = NULL,
            due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1, urgent = true, updated_at = now()
      WHERE id IN (SELECT collection_id FROM kobbopay_payment WHERE order_id = ? AND deleted_at IS NULL)
      RETURNING ?::text AS order_id) ${dueOrders("cancelled")}`,
    [now, now, now, order, order],
  )

/** Wakes the other collections of an order than the one under this lease. */
export const wakeOthers = (sql: Sql, order: OrderId, lease: Lease, at: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1, urgent = true
      WHERE id <> ? AND id IN (SELECT collection_id FROM kobbopay_payment
        WHERE order_id = ? AND deleted_at IS NULL)`,
    [at, at, lease.collectionId, order],
  )

/** Wakes every collection of an order: what Medusa shows of it has changed. */
export const wakeCollectionsOf = (sql: Sql, order: OrderId, at: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1, urgent = true
      WHERE id IN (SELECT collection_id FROM kobbopay_payment WHERE order_id = ? AND deleted_at IS NULL)`,
    [at, at, order],
  )
