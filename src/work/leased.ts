import type { CollectionId, OrderId } from "../domain/ids"
import { clearCancelling, markCancelling } from "../store/cancelling"
import {
  LEASE_MS,
  type Lease,
  LeaseLost,
  claimCollection,
  claimCollections,
  recordHanging,
  releaseLease,
  releaseUnworked,
  renewLease,
  wakeOthers,
  wasWoken,
} from "../store/collections"
import { errorText } from "../store/error-text"
import type { Deps } from "./deps"

type LeaseDeps = Pick<Deps, "sql" | "log" | "now" | "owner">

/**
 * A collection that this process has the right to work: from its claim, while its work renews it, to its
 * release. It is handed down to all that works the collection. Whatever is done under its lease is done here,
 * or by `observe`, which checks the fence inside its own transaction.
 */
export class LeasedCollection {
  readonly #deps: LeaseDeps
  readonly lease: Lease

  constructor(deps: LeaseDeps, lease: Lease) {
    this.#deps = deps
    this.lease = lease
  }

  get id(): CollectionId {
    return this.lease.collectionId
  }

  /** Does work and renews the lease for as long as it lasts. */
  async whileRenewed(work: () => Promise<void>): Promise<void> {
    const { sql, log } = this.#deps
    const heartbeat = setInterval(() => {
      renewLease(sql, this.lease, LEASE_MS).catch((cause: unknown) => {
        log.warn(`kobbopay: the lease of ${this.id} was not renewed: ${errorText(cause)}`)
      })
    }, LEASE_MS / 3)
    heartbeat.unref()
    try {
      await work()
    } finally {
      clearInterval(heartbeat)
    }
  }

  /**
   * Renews the lease now, before a step that nothing may overtake.
   *
   * @throws LeaseLost when another process took the collection over
   */
  async mustBeOurs(): Promise<void> {
    const isOurs = await renewLease(this.#deps.sql, this.lease, LEASE_MS)
    if (!isOurs) throw new LeaseLost(this.id)
  }

  /** Whether somebody has woken the collection since it was claimed. */
  wasWoken(): Promise<boolean> {
    return wasWoken(this.#deps.sql, this.lease)
  }

  /**
   * Keeps everything from settling until the mark is cleared; false when something speaks against cancelling.
   *
   * @throws LeaseLost when another process took the collection over
   */
  markCancelling(order: OrderId): Promise<boolean> {
    return markCancelling(this.#deps.sql, this.lease, order, this.#deps.now())
  }

  async clearCancelling(): Promise<void> {
    await clearCancelling(this.#deps.sql, this.lease)
  }

  /** Makes the order's other collections due. */
  async wakeOthers(order: OrderId): Promise<void> {
    await wakeOthers(this.#deps.sql, order, this.lease, this.#deps.now())
  }

  /** Records that the work does not end, and why. */
  async recordHanging(failure: string): Promise<void> {
    await recordHanging(this.#deps.sql, this.lease, failure)
  }

  /**
   * Ends the work: the collection is due again at `next`, or once somebody wakes it.
   *
   * @param failure why it must be tried again; null: it ended well
   */
  async release(next: Date | null, failure: string | null): Promise<void> {
    await releaseLease(this.#deps.sql, this.lease, { next, failure, now: this.#deps.now() })
  }

  /** Gives the collection back as it was found, with nothing worked. */
  async releaseUnworked(): Promise<void> {
    await releaseUnworked(this.#deps.sql, this.lease)
  }
}

/**
 * Claims up to `most` collections that are due and under nobody's lease: the urgent ones first, and of the
 * others at most `calm`.
 */
export async function claimDue(
  deps: LeaseDeps,
  count: { most: number; calm: number },
): Promise<LeasedCollection[]> {
  const leases = await claimCollections(
    deps.sql,
    { owner: deps.owner, leaseMs: LEASE_MS, now: deps.now() },
    count,
  )
  return leases.map((lease) => new LeasedCollection(deps, lease))
}

/** Claims one collection, due or not; null while it is under a lease. */
export async function claimOne(
  deps: LeaseDeps,
  collection: CollectionId,
): Promise<LeasedCollection | null> {
  const lease = await claimCollection(deps.sql, deps.owner, collection, LEASE_MS)
  return lease === null ? null : new LeasedCollection(deps, lease)
}
