import { DEAD_AFTER_FAILURES, retryPause } from "../domain/schedule"
import { errorText } from "../store/error-text"
import { exceptionAbout, closeCleared, openException } from "../store/exceptions"
import {
  LEASE_MS,
  LeaseLost,
  recordHanging,
  releaseLease,
  renewLease,
  type Lease,
} from "../store/collections"
import { paymentsOf } from "../store/ledger"
import type { Deps } from "./deps"
import { timed } from "./patience"
import { settleCollection } from "./settle"

/** The end of work that is waited for no more, because a step of Medusa's hangs; else null. Does not reject. */
export type Worked = { late: Promise<void> | null }

/**
 * Works one claimed collection to rest: renews the lease meanwhile, and releases it with the time of the
 * next check. Work that fails backs off; after enough failures in a row it is an exception, and still
 * tried.
 *
 * A step of Medusa's that does not return is an exception that names it, and is waited for no longer. Its
 * lease goes on being renewed, so that no second process runs the same workflow; what it brings at last
 * is worked to the end.
 */
export async function workCollection(deps: Deps, lease: Lease): Promise<Worked> {
  const heartbeat = setInterval(() => {
    renewLease(deps.sql, lease, LEASE_MS).catch((cause: unknown) => {
      deps.log.warn(
        `kobbopay: the lease of ${lease.collectionId} was not renewed: ${errorText(cause)}`,
      )
    })
  }, LEASE_MS / 3)
  heartbeat.unref()
  const hang = new Hang(deps, lease)
  const medusa = timed(deps.medusa, deps.patience, (failure) => {
    hang.report(failure)
  })
  const work = settleAndRelease({ ...deps, medusa }, lease, hang).finally(() => {
    clearInterval(heartbeat)
  })
  await Promise.race([work, hang.begun])
  return { late: hang.isReported ? work.catch(() => undefined) : null }
}

async function settleAndRelease(deps: Deps, lease: Lease, hang: Hang): Promise<void> {
  try {
    const { next, failure } = await settleCollection(deps, lease)
    await hang.recorded()
    await endWork(deps, lease, hang, next, failure)
  } catch (cause) {
    if (cause instanceof LeaseLost) {
      deps.log.warn(`kobbopay: ${cause.message}; the other process goes on`)
      return
    }
    await hang.recorded()
    await endWork(deps, lease, hang, null, errorText(cause))
  }
}

/** That a step of Medusa's hangs, and what was made of it. */
class Hang {
  readonly begun: Promise<void>
  isReported = false
  #begin: () => void = () => undefined
  #recording: Promise<void> = Promise.resolve()

  constructor(
    private readonly deps: Deps,
    private readonly lease: Lease,
  ) {
    this.begun = new Promise((resolve) => {
      this.#begin = resolve
    })
  }

  report(failure: string): void {
    this.isReported = true
    const { deps, lease } = this
    const text = `kobbopay: work on ${lease.collectionId} hangs and holds up nothing else: ${failure}`
    deps.log.error(text)
    this.#recording = this.#recording
      .then(async () => {
        await recordHanging(deps.sql, lease, failure)
        await openDead(deps, lease, failure, `${failure} ${lease.fence}`)
      })
      .catch((cause: unknown) => {
        deps.log.error(
          `kobbopay: that ${lease.collectionId} hangs was not recorded: ${errorText(cause)}`,
        )
      })
      .finally(this.#begin)
  }

  /** Resolves once all that was reported is on the books, so that it can be closed. */
  recorded(): Promise<void> {
    return this.#recording
  }
}

async function endWork(
  deps: Deps,
  lease: Lease,
  hang: Hang,
  next: Date | null,
  failure: string | null,
): Promise<void> {
  const now = deps.now()
  if (failure === null) {
    await releaseLease(deps.sql, lease, { next, failure: null, now })
    if (lease.lastError !== null || hang.isReported) await closeDead(deps, lease, now)
    return
  }
  const retryAt = new Date(now.getTime() + retryPause(lease.failures, deps.random))
  await releaseLease(deps.sql, lease, { next: retryAt, failure, now })
  deps.log.warn(
    `kobbopay: work on ${lease.collectionId} failed (try ${lease.failures + 1}), again at ${retryAt.toISOString()}: ${failure}`,
  )
  if (lease.failures + 1 >= DEAD_AFTER_FAILURES) await openDead(deps, lease, failure, failure)
  else if (hang.isReported) await closeDead(deps, lease, now)
}

/** Opens the exception of work that does not end; on the payment that holds money, if one does. */
async function openDead(
  deps: Deps,
  lease: Lease,
  failure: string,
  fingerprint: string,
): Promise<void> {
  const payments = await paymentsOf(deps.sql, lease.collectionId)
  const payment = payments.findLast((one) => one.money_seen_at !== null) ?? payments.at(-1)
  if (payment === undefined) return
  await openException(
    deps.sql,
    exceptionAbout(payment, {
      class: "dead",
      expected: { target: payment.target },
      observed: { failure, state: payment.state },
      fingerprint,
    }),
    deps.now(),
  )
}

async function closeDead(deps: Deps, lease: Lease, now: Date): Promise<void> {
  for (const payment of await paymentsOf(deps.sql, lease.collectionId)) {
    await closeCleared(deps.sql, payment.id, ["dead"], now)
  }
}
