import { z } from "@medusajs/framework/zod"
import type { CollectionId } from "../domain/ids"
import { DUE, FREE, HELD, RELEASE, renewFenced, TAKE } from "./lease"
import { idColumn } from "./payment"
import { execute, row, rows, type Sql } from "./sql"

export { isCollectionDue, nextDue, nextWork, wasWoken } from "./due-times"
export {
  scheduleCollectionOf,
  wakeCollection,
  wakeCollectionOf,
  wakeCollectionsOf,
  wakeOthers,
} from "./wakes"

/** The right to work the payments of one collection: a fenced lease. */
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

/**
 * Claims up to `most` collections that are due at `now` and under nobody's lease: the urgent ones first, and
 * of the others at most `calm`.
 */
export const claimCollections = async (
  sql: Sql,
  by: { owner: string; leaseMs: number; now: Date },
  { most, calm }: { most: number; calm: number },
): Promise<Lease[]> =>
  (
    await rows(
      sql,
      leaseRow,
      {
        name: "kobbopay_claim_collections",
        text: `WITH first AS MATERIALIZED (SELECT id FROM kobbopay_collection
            WHERE ${DUE} AND ${FREE} AND urgent ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED),
          rest AS MATERIALIZED (SELECT id FROM kobbopay_collection
            WHERE ${DUE} AND ${FREE} AND NOT urgent ORDER BY due_at
            LIMIT (SELECT LEAST(:calm::bigint, :most::bigint - count(*)) FROM first)
            FOR UPDATE SKIP LOCKED)
        UPDATE kobbopay_collection SET ${TAKE}
        WHERE id IN (SELECT id FROM first UNION ALL SELECT id FROM rest)
        RETURNING ${LEASE}`,
      },
      { now: by.now, most, calm, owner: by.owner, lease_ms: by.leaseMs },
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
    `UPDATE kobbopay_collection SET ${TAKE}
      WHERE id = :id AND deleted_at IS NULL AND ${FREE} RETURNING ${LEASE}`,
    { owner, lease_ms: leaseMs, id: collection },
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

/** What {@link HELD} binds. */
export const heldBy = ({ collectionId, fence }: Lease) => ({ id: collectionId, fence })

/** Heartbeat. False when the lease was taken over. */
export const renewLease = (sql: Sql, lease: Lease, leaseMs: number): Promise<boolean> =>
  renewFenced(sql, "kobbopay_collection", { ...heldBy(lease), owner: lease.owner }, leaseMs)

/** Something of the collection waits that is more than a read which is due: an event, or money not settled. */
const WAITS = `EXISTS (SELECT 1 FROM kobbopay_event e
    WHERE e.collection_id = kc.id AND e.state = 'received' AND e.deleted_at IS NULL)
  OR EXISTS (SELECT 1 FROM kobbopay_payment p
    WHERE p.collection_id = kc.id AND p.money_seen_at IS NOT NULL AND p.converged_at IS NULL
      AND p.target <> 'nothing' AND p.deleted_at IS NULL)`

/**
 * Releases the lease and says when to work the collection next (null: not before somebody wakes it), and why the
 * work failed, if it did. A wake that came meanwhile makes it due at once. It stays urgent for as long as
 * something of it waits.
 */
export const releaseLease = async (
  sql: Sql,
  lease: Lease,
  { next, failure, now }: { next: Date | null; failure: string | null; now: Date },
): Promise<void> => {
  await execute(
    sql,
    {
      name: "kobbopay_release_lease",
      text: `UPDATE kobbopay_collection kc
        SET ${RELEASE},
            due_at = CASE WHEN wakes = :wakes THEN :next::timestamptz
                          ELSE LEAST(:next::timestamptz, :now) END,
            urgent = urgent AND wakes <> :wakes OR ${WAITS},
            failures = CASE WHEN :failure::text IS NULL THEN 0 ELSE failures + 1 END,
            last_error = :failure
      WHERE ${HELD}`,
    },
    { ...heldBy(lease), wakes: lease.wakes, next, now, failure },
  )
}

/** Records why the work on a collection does not end; the next end of it clears that. */
export const recordHanging = (sql: Sql, lease: Lease, failure: string): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET last_error = :failure, updated_at = now() WHERE ${HELD}`,
    { ...heldBy(lease), failure },
  )

/** Releases a lease under which nothing was worked: what the collection waits for stays as it is. */
export const releaseUnworked = (sql: Sql, lease: Lease): Promise<number> =>
  execute(sql, `UPDATE kobbopay_collection SET ${RELEASE} WHERE ${HELD}`, heldBy(lease))

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
