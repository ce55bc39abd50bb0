import { DEAD_AFTER_FAILURES, retryPause } from "../kobbopay/schedule"
import { closeCleared, openException } from "../store/exceptions"
import { LEASE_MS, LeaseLost, releaseGroup, renewLease, type Lease } from "../store/groups"
import { paymentsOf } from "../store/ledger"
import type { Deps } from "./deps"
import { settleGroup } from "./settle"
import { errorText } from "../store/error-text"

/**
 * Works one claimed group to rest: renews the lease meanwhile, and gives it back with the time of the
 * next look. Work that fails backs off; after enough failures in a row it is an exception, and still
 * tried.
 */
export async function workGroup(deps: Deps, lease: Lease): Promise<void> {
  const heartbeat = setInterval(() => {
    renewLease(deps.sql, lease, LEASE_MS).catch((cause: unknown) => {
      deps.log.warn(
        `kobbopay: the lease of ${lease.collectionId} was not renewed: ${errorText(cause)}`,
      )
    })
  }, LEASE_MS / 3)
  try {
    const { next, failure } = await settleGroup(deps, lease)
    await release(deps, lease, next, failure)
  } catch (cause) {
    if (cause instanceof LeaseLost) {
      deps.log.warn(`kobbopay: ${cause.message}; the other process goes on`)
      return
    }
    await release(deps, lease, null, errorText(cause))
  } finally {
    clearInterval(heartbeat)
  }
}

async function release(
  deps: Deps,
  lease: Lease,
  next: Date | null,
  failure: string | null,
): Promise<void> {
  const now = deps.now()
  if (failure === null) {
    await releaseGroup(deps.sql, lease, next, now, null)
    if (lease.failures >= DEAD_AFTER_FAILURES) await reviveGroup(deps, lease, now)
    return
  }
  const retryAt = new Date(now.getTime() + retryPause(lease.failures, deps.random))
  await releaseGroup(deps.sql, lease, retryAt, now, failure)
  deps.log.warn(
    `kobbopay: work on ${lease.collectionId} failed (try ${lease.failures + 1}), again at ${retryAt.toISOString()}: ${failure}`,
  )
  if (lease.failures + 1 >= DEAD_AFTER_FAILURES) await callDead(deps, lease, failure, now)
}

async function callDead(deps: Deps, lease: Lease, failure: string, now: Date): Promise<void> {
  const [payment] = (await paymentsOf(deps.sql, lease.collectionId)).reverse()
  if (payment === undefined) return
  await openException(
    deps.sql,
    {
      class: "dead",
      subjectId: payment.id,
      paymentId: payment.id,
      eventRowId: null,
      accountId: payment.account_id,
      orderId: payment.order_id,
      railId: payment.rail_id,
      expected: { want: payment.want },
      observed: { failure, state: payment.state },
      fingerprint: failure,
    },
    now,
  )
}

async function reviveGroup(deps: Deps, lease: Lease, now: Date): Promise<void> {
  for (const payment of await paymentsOf(deps.sql, lease.collectionId)) {
    await closeCleared(deps.sql, payment.id, ["dead"], now)
  }
}
