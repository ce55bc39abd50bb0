import type { CollectionId, PaymentId } from "../domain/ids"
import { LEASE_MS, isCollectionDue } from "../store/collections"
import { makeDue, postponeCheck } from "../store/next-checks"
import type { PaymentRow } from "../store/payment"
import type { Deps } from "./deps"
import type { ReadResult } from "./audit"
import type { Contradiction } from "./contradiction-kinds"
import { compare, keepContradictions, type Compared } from "./contradictions"
import { workCollection } from "./collection"
import { claimOne, type LeasedCollection } from "./leased"
import type { Listener } from "./listen"

/** How long a collection that somebody else works is waited for. */
const WAIT_MS = LEASE_MS + 10_000
const WAIT_STEP_MS = 100
/** A collection that is woken again and again is left to the worker. */
const MOST_ROUNDS = 3

/** What a run learnt of one payment. */
export type Finding = {
  payment: PaymentRow
  outcome: "read" | "failed" | "put_off"
  /** Its reading was under our own reference: the account, as it is now, is the one it was made with. */
  proven: boolean
  moved: boolean
  /** What contradicted it before, and does not any more; and what does. */
  mended: readonly Contradiction[]
  drift: readonly Contradiction[]
}

/**
 * Makes the payments of one collection due, works them the way everything is worked, and compares what
 * ledger, Kobbopay and Medusa show afterwards. What still stands apart while the collection rests becomes an
 * exception; what does not any more closes its own.
 */
export async function reconcileCollection(
  deps: Deps,
  listener: Listener,
  payments: readonly PaymentRow[],
): Promise<Finding[]> {
  const paused = payments.filter((one) => listener.pausedUntil(one.account_id) !== null)
  for (const payment of paused) await putOff(deps, listener, payment)
  const asked = payments.filter((one) => !paused.includes(one))
  const [first] = asked
  return [
    ...paused.map((payment) => unread(payment, "put_off")),
    ...(first === undefined
      ? []
      : await checkCollection(deps, listener, first.collection_id, asked)),
  ]
}

const putOff = async (deps: Deps, listener: Listener, payment: PaymentRow): Promise<void> => {
  const until = listener.pausedUntil(payment.account_id)
  if (until !== null) await postponeCheck(deps.sql, payment.id, until)
}

/** A payment of which nothing was learnt. */
export const unread = (payment: PaymentRow, outcome: "failed" | "put_off"): Finding => ({
  payment,
  outcome,
  proven: false,
  moved: false,
  mended: [],
  drift: [],
})

async function checkCollection(
  deps: Deps,
  listener: Listener,
  collection: CollectionId,
  asked: readonly PaymentRow[],
): Promise<Finding[]> {
  const results = new Map<PaymentId, ReadResult>()
  const leased = await claim(deps, collection)
  if (leased === null) return asked.map((payment) => unread(payment, "failed"))
  let before: Compared
  try {
    // First, so that what fails from here on is found overdue by the next run.
    await makeDue(
      deps.sql,
      asked.map((one) => one.id),
      deps.now(),
    )
    before = await compare(deps, collection, results)
  } catch (cause) {
    await leased.releaseUnworked()
    throw cause
  }
  await workCollection({ ...deps, accounts: listener.accounts }, leased)
  for (const one of asked) results.set(one.id, listener.take(one.account_id, one.kobbopay_id))
  const after = await auditWhileLeased(deps, listener, collection, { asked, results })
  return asked.map((payment) => {
    const result = results.get(payment.id) ?? null
    if (result === null) {
      const isPaused = listener.pausedUntil(payment.account_id) !== null
      return unread(payment, isPaused ? "put_off" : "failed")
    }
    const stood = before.get(payment.id)
    const found = after?.get(payment.id)?.found ?? []
    const is = after?.get(payment.id)?.payment ?? payment
    return {
      payment,
      outcome: result === "unknown" ? "failed" : "read",
      proven: result !== "unknown" && result.reference === payment.reference,
      moved: is.state !== (stood?.payment ?? payment).state,
      mended: after !== null && found.length === 0 ? (stood?.found ?? []) : [],
      drift: found,
    }
  })
}

/**
 * Judges what the check left behind, while nobody works the collection: what looks like drift may be work that
 * was woken meanwhile. Null when the collection does not come to rest; the next run sees it.
 */
async function auditWhileLeased(
  deps: Deps,
  listener: Listener,
  collection: CollectionId,
  { asked, results }: { asked: readonly PaymentRow[]; results: ReadonlyMap<PaymentId, ReadResult> },
): Promise<Compared | null> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const leased = await claim(deps, collection)
    if (leased === null) return null
    if (await isCollectionDue(deps.sql, collection, deps.now())) {
      await workCollection({ ...deps, accounts: listener.accounts }, leased)
      continue
    }
    try {
      const found = await compare(deps, collection, results)
      for (const { id } of asked) {
        const seen = found.get(id)
        if (seen !== undefined && (results.get(id) ?? null) !== null)
          await keepContradictions(deps, seen)
      }
      return found
    } finally {
      await leased.releaseUnworked()
    }
  }
  return null
}

/** Claims a collection for the run; what works it already is waited for. */
async function claim(deps: Deps, collection: CollectionId): Promise<LeasedCollection | null> {
  const deadline = deps.now().getTime() + WAIT_MS
  for (;;) {
    const leased = await claimOne(deps, collection)
    if (leased !== null || deps.now().getTime() >= deadline) return leased
    await deps.sleep(WAIT_STEP_MS)
  }
}
