import { z } from "@medusajs/framework/zod"
import type { CollectionId, OrderId, PaymentId } from "../kobbopay/ids"
import { dueOrders } from "./entitled-orders"
import { idColumn } from "./payment"
import { execute, row, rows, type Part, type Sql } from "./sql"

/**
 * The right to work the payments of one collection. Leases end by the database's clock, so that
 * processes need not agree on the time; every write under a lease checks its fencing number.
 */
export type Lease = {
  collectionId: CollectionId
  owner: string
  fence: number
  /** The group's wake counter when it was claimed. */
  wakes: number
  failures: number
  cancellingAt: Date | null
  orderCancelledAt: Date | null
}

/** How long a lease lasts without a heartbeat; a killed process is succeeded after it. */
export const LEASE_MS = 20_000

/** Thrown by a write whose lease was taken over. The work stops; the new owner goes on. */
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
  cancelling_at: z.date().nullable(),
  order_cancelled_at: z.date().nullable(),
})

/** Claims up to `most` groups that are due at `now` and under nobody's lease. */
export const claimGroups = async (
  sql: Sql,
  owner: string,
  now: Date,
  leaseMs: number,
  most: number,
): Promise<Lease[]> =>
  (
    await rows(
      sql,
      leaseRow,
      {
        name: "kobbopay_claim_groups",
        text: `UPDATE kobbopay_group
          SET lease_owner = ?, lease_until = clock_timestamp() + ? * interval '1 millisecond',
              fence = fence + 1, updated_at = now()
        WHERE id IN (SELECT id FROM kobbopay_group
                      WHERE due_at IS NOT NULL AND due_at <= ? AND deleted_at IS NULL
                        AND (lease_until IS NULL OR lease_until < clock_timestamp())
                      ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED)
        RETURNING id, lease_owner, fence, wakes, failures, cancelling_at, order_cancelled_at`,
      },
      [owner, leaseMs, now, most],
    )
  ).map(leaseOf)

/** Claims one group, due or not; null while it is under a lease. */
export const claimGroup = async (
  sql: Sql,
  owner: string,
  collection: CollectionId,
  leaseMs: number,
): Promise<Lease | null> => {
  const found = await row(
    sql,
    leaseRow,
    `UPDATE kobbopay_group
        SET lease_owner = ?, lease_until = clock_timestamp() + ? * interval '1 millisecond',
            fence = fence + 1, updated_at = now()
      WHERE id = ? AND deleted_at IS NULL
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
      RETURNING id, lease_owner, fence, wakes, failures, cancelling_at, order_cancelled_at`,
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
  cancellingAt: found.cancelling_at,
  orderCancelledAt: found.order_cancelled_at,
})

/** Heartbeat. False when the lease was taken over. */
export const renewLease = async (sql: Sql, lease: Lease, leaseMs: number): Promise<boolean> =>
  (await execute(
    sql,
    `UPDATE kobbopay_group SET lease_until = clock_timestamp() + ? * interval '1 millisecond'
      WHERE id = ? AND fence = ? AND lease_owner = ?`,
    [leaseMs, lease.collectionId, lease.fence, lease.owner],
  )) === 1

/**
 * Gives the lease back and says when to work the group next (null: when something calls). A call that
 * came meanwhile makes it due at once.
 */
export const releaseGroup = async (
  sql: Sql,
  lease: Lease,
  next: Date | null,
  now: Date,
  failure: string | null,
): Promise<void> => {
  await execute(
    sql,
    {
      name: "kobbopay_release_group",
      text: `UPDATE kobbopay_group
        SET lease_owner = NULL, lease_until = NULL, updated_at = now(),
            due_at = CASE WHEN wakes = ? THEN ?::timestamptz ELSE LEAST(?::timestamptz, ?) END,
            failures = CASE WHEN ?::text IS NULL THEN 0 ELSE failures + 1 END, last_error = ?
      WHERE id = ? AND fence = ?`,
    },
    [lease.wakes, next, next, now, failure, failure, lease.collectionId, lease.fence],
  )
}

/** Gives a lease back under which nothing was worked: what the group waits for stays as it is. */
export const returnLease = (sql: Sql, lease: Lease): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_group SET lease_owner = NULL, lease_until = NULL, updated_at = now()
      WHERE id = ? AND fence = ?`,
    [lease.collectionId, lease.fence],
  )

const idRow = z.object({ id: z.string() })
const atRow = z.object({ at: z.date().nullable() })

/** When one of a group's payments is to be looked at next, or one of its events tried; null: never. */
export const nextWork = async (sql: Sql, collection: CollectionId): Promise<Date | null> =>
  (
    await row(
      sql,
      atRow,
      {
        name: "kobbopay_next_work",
        text: `SELECT LEAST(
         (SELECT min(next_look_at) FROM kobbopay_payment
           WHERE collection_id = ? AND kobbopay_id IS NOT NULL AND deleted_at IS NULL),
         (SELECT min(next_attempt_at) FROM kobbopay_event
           WHERE collection_id = ? AND state = 'received' AND deleted_at IS NULL)) AS at`,
      },
      [collection, collection],
    )
  )?.at ?? null

/** Whether a group has work to do at `now`. */
export const isGroupDue = async (sql: Sql, collection: CollectionId, now: Date): Promise<boolean> =>
  (await row(sql, idRow, `SELECT id FROM kobbopay_group WHERE id = ? AND due_at <= ?`, [
    collection,
    now,
  ])) !== null

/** Whether something has called for a group's work since it was claimed. */
export const wasWoken = async (sql: Sql, lease: Lease): Promise<boolean> =>
  (await row(sql, idRow, `SELECT id FROM kobbopay_group WHERE id = ? AND wakes <> ?`, [
    lease.collectionId,
    lease.wakes,
  ])) !== null

/** When the ledger was told that the order of a collection was cancelled; null: it was not. */
export const orderCancelledAt = async (sql: Sql, collection: CollectionId): Promise<Date | null> =>
  (
    await row(sql, atRow, `SELECT order_cancelled_at AS at FROM kobbopay_group WHERE id = ?`, [
      collection,
    ])
  )?.at ?? null

/** Brings the next work of the group forward to `at`, if it is later or was resting; `group` gives its id. */
export const waking = (group: string, at: Date): Part => ({
  text: `UPDATE kobbopay_group SET due_at = LEAST(due_at, ?), wakes = wakes + 1 WHERE id = ${group}`,
  bindings: [at],
})

/** Calls for work on a group; harmless when it is being worked already. */
export function wakeGroup(sql: Sql, collection: CollectionId, at: Date): Promise<number> {
  const { text, bindings } = waking("?", at)
  return execute(sql, text, [...bindings, collection])
}

/** Calls for work on a payment's group, like {@link wakeGroup}. */
export function scheduleGroupOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const { text, bindings } = waking("(SELECT collection_id FROM kobbopay_payment WHERE id = ?)", at)
  return execute(sql, text, [...bindings, payment])
}

const heldRow = z.object({
  fence: z.number(),
  cancelling_at: z.date().nullable(),
  order_cancelled_at: z.date().nullable(),
})

/**
 * Locks the group's row for the rest of a transaction and checks the fence. Without a lease (the
 * provider's own reads) it only locks.
 */
export async function holdGroup(
  trx: Sql,
  collection: CollectionId,
  lease: Lease | null,
): Promise<{ cancelling: boolean; cancelled: boolean }> {
  const held = await row(
    trx,
    heldRow,
    {
      name: "kobbopay_hold_group",
      text: `SELECT fence, cancelling_at, order_cancelled_at FROM kobbopay_group WHERE id = ? FOR UPDATE`,
    },
    [collection],
  )
  if (held === null || (lease !== null && held.fence !== lease.fence)) {
    throw new LeaseLost(collection)
  }
  return { cancelling: held.cancelling_at !== null, cancelled: held.order_cancelled_at !== null }
}

/**
 * Marks the group as cancelling, if nothing of it holds money, every payment's end asks for it, no event
 * is unworked, routed or not, and none reports money that no read bore out. From here on nothing settles until the mark is resolved. The row is locked
 * first: a statement that waited for the lock itself would judge by what was so before it waited.
 *
 * @throws LeaseLost when the lease was taken over
 */
export const markCancelling = (sql: Sql, lease: Lease, now: Date): Promise<boolean> =>
  sql.transaction(async (trx) => {
    await holdGroup(trx, lease.collectionId, lease)
    const marked = await execute(
      trx,
      `UPDATE kobbopay_group g SET cancelling_at = ?, updated_at = now()
        WHERE g.id = ? AND g.cancelling_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM kobbopay_payment p
                WHERE p.collection_id = g.id AND p.deleted_at IS NULL
                  AND (p.want <> 'order_cancelled' OR p.money_seen_at IS NOT NULL
                    AND COALESCE(p.received_minor, p.expected_minor)::numeric
                      > p.paid_back_minor::numeric + p.written_off_minor::numeric))
          AND NOT EXISTS (SELECT 1 FROM kobbopay_event e
                WHERE e.deleted_at IS NULL AND e.collection_id = g.id AND (e.state = 'received'
                  OR e.state = 'dead' AND e.outcome = 'ambiguous_finality'
                    AND e.claims IN ('partial', 'paid', 'confirmed')))
          AND NOT EXISTS (SELECT 1 FROM kobbopay_event e JOIN kobbopay_payment p
                 ON p.account_id = e.account_id
                AND (p.kobbopay_id = ANY(e.kobbopay_ids) OR p.reference = e.reference)
                WHERE e.state = 'received' AND e.deleted_at IS NULL AND e.collection_id IS NULL
                  AND p.collection_id = g.id AND p.deleted_at IS NULL)`,
      [now, lease.collectionId],
    )
    return marked === 1
  })

export const clearCancelling = (sql: Sql, lease: Lease): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_group SET cancelling_at = NULL, updated_at = now() WHERE id = ? AND fence = ?`,
    [lease.collectionId, lease.fence],
  )

/**
 * Notes that the order of these payments was cancelled, by whomever, and calls for work on them and on
 * the order's entitlements.
 */
export const noteOrderCancelled = (sql: Sql, order: OrderId, now: Date): Promise<number> =>
  execute(
    sql,
    `WITH cancelled AS (UPDATE kobbopay_group
        SET order_cancelled_at = COALESCE(order_cancelled_at, ?), cancelling_at = NULL,
            due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1, updated_at = now()
      WHERE id IN (SELECT collection_id FROM kobbopay_payment WHERE order_id = ? AND deleted_at IS NULL)
      RETURNING ?::text AS order_id) ${dueOrders("cancelled")}`,
    [now, now, now, order, order],
  )

/** Calls for work on every collection of an order: what Medusa shows of it has changed. */
export const wakeCollectionsOf = (sql: Sql, order: OrderId, at: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_group SET due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1
      WHERE id IN (SELECT collection_id FROM kobbopay_payment WHERE order_id = ? AND deleted_at IS NULL)`,
    [at, at, order],
  )

/**
 * When there is work to do next: a due group (or the end of the lease it is under), or an event not yet
 * routed. Null when everything rests.
 */
export const nextDue = async (sql: Sql): Promise<Date | null> =>
  (
    await row(
      sql,
      atRow,
      `SELECT LEAST(
         (SELECT min(at) FROM (
            SELECT GREATEST(due_at, COALESCE(lease_until, due_at)) AS at FROM kobbopay_group
             WHERE due_at IS NOT NULL AND deleted_at IS NULL ORDER BY due_at LIMIT 50) AS first),
         (SELECT min(next_attempt_at) FROM kobbopay_event
           WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL)) AS at`,
    )
  )?.at ?? null
