import type { CollectionId } from "../domain/ids"
import { DEAD_AFTER_FAILURES, retryPause } from "../domain/schedule"
import { LeaseLost } from "../store/collections"
import { errorText } from "../store/error-text"
import { exceptionAbout, closeCleared, openException } from "../store/exceptions"
import { paymentsOf } from "../store/ledger"
import type { Deps } from "./deps"
import type { LeasedCollection } from "./leased"
import { timed } from "./patience"
import { settleCollection, type Outcome } from "./settle"

/** The end of work that is waited for no more, because a step of Medusa's hangs; else null. Does not reject. */
type Worked = { late: Promise<void> | null }

/**
 * Works one claimed collection to rest: renews the lease meanwhile, and releases it with the time of the
 * next check. Work that fails backs off; after enough failures in a row it is an exception, and still
 * tried.
 *
 * A step of Medusa's that does not return is an exception that names it, and is waited for no longer. Its
 * lease goes on being renewed, so that no second process runs the same workflow; what it brings at last
 * is worked to the end.
 */
export async function workCollection(deps: Deps, leased: LeasedCollection): Promise<Worked> {
  const hang = new Hang(deps, leased)
  const medusa = timed(deps.medusa, deps.patience, (failure) => {
    hang.report(failure)
  })
  const work = leased.whileRenewed(() => settleAndRelease({ ...deps, medusa }, leased, hang))
  await Promise.race([work, hang.begun])
  return { late: hang.isReported ? work.catch(() => undefined) : null }
}

async function settleAndRelease(deps: Deps, leased: LeasedCollection, hang: Hang): Promise<void> {
  try {
    const outcome = await settleCollection(deps, leased)
    await hang.recorded()
    await endWork(deps, leased, hang, outcome)
  } catch (cause) {
    if (cause instanceof LeaseLost) {
      deps.log.warn(`kobbopay: ${cause.message}; the other process goes on`)
      return
    }
    await hang.recorded()
    await endWork(deps, leased, hang, { next: null, failure: errorText(cause) })
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
    private readonly leased: LeasedCollection,
  ) {
    this.begun = new Promise((resolve) => {
      this.#begin = resolve
    })
  }

  report(failure: string): void {
    this.isReported = true
    const { deps, leased } = this
    const text = `kobbopay: work on ${leased.id} hangs and holds up nothing else: ${failure}`
    deps.log.error(text)
    this.#recording = this.#recording
      .then(async () => {
        await leased.recordHanging(failure)
        await openDead(deps, leased.id, failure, `${failure} ${leased.lease.fence}`)
      })
      .catch((cause: unknown) => {
        deps.log.error(`kobbopay: that ${leased.id} hangs was not recorded: ${errorText(cause)}`)
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
  leased: LeasedCollection,
  hang: Hang,
  { next, failure }: Outcome,
): Promise<void> {
  const { failures, lastError } = leased.lease
  if (failure === null) {
    await leased.release(next, null)
    if (lastError !== null || hang.isReported) await closeDead(deps, leased.id)
    return
  }
  const retryAt = new Date(deps.now().getTime() + retryPause(failures, deps.random))
  await leased.release(retryAt, failure)
  deps.log.warn(
    `kobbopay: work on ${leased.id} failed (try ${failures + 1}), again at ${retryAt.toISOString()}: ${failure}`,
  )
  if (failures + 1 >= DEAD_AFTER_FAILURES) await openDead(deps, leased.id, failure, failure)
  else if (hang.isReported) await closeDead(deps, leased.id)
}

/** Opens the exception of work that does not end; on the payment that holds money, if one does. */
async function openDead(
  deps: Deps,
  collection: CollectionId,
  failure: string,
  fingerprint: string,
): Promise<void> {
  const payments = await paymentsOf(deps.sql, collection)
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

async function closeDead(deps: Deps, collection: CollectionId): Promise<void> {
  for (const payment of await paymentsOf(deps.sql, collection)) {
    await closeCleared(deps.sql, payment.id, ["dead"], deps.now())
  }
}
