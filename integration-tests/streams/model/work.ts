import { DEAD_AFTER_FAILURES, retryPause } from "../../../src/domain/schedule"
import type { MedusaView } from "../../../src/store/medusa-view"
import { orderFacts } from "../../../src/store/order-facts"
import { holdsMoney } from "../../../src/store/payment"
import { dueReads } from "../../../src/work/due"
import { cancelDue, showsMoney, waitsForUs } from "../../../src/work/expire"
import { LeaseLost, type Ledger } from "./ledger"
import { PROVIDER, type Steps } from "./medusa"
import type { EventRow, Lease, Row } from "./rows"
import { GRACE_MS, RENEW_FOR_MS, type Shop } from "./shop"

const STALE_CANCELLING_MS = 2 * 60_000
const LEAST_PAUSE_MS = 1_000
const MOST_STEPS = 6

/**
 * `workCollection` and `settleCollection` over the model: the same effects in the same order, with a place to be
 * overtaken or to die between any two of them. The rules themselves are the real ones.
 */
export function* work(shop: Shop, lease: Lease): Steps<void> {
  try {
    const { next, failure } = yield* settle(shop, lease)
    yield
    giveBack(shop, lease, next, failure)
  } catch (cause) {
    if (!(cause instanceof LeaseLost)) throw cause
  }
}

function giveBack(shop: Shop, lease: Lease, next: number | null, failure: string | null): void {
  const { ledger } = shop
  const [first] = ledger.rows
  if (failure === null) {
    ledger.release(lease, next, null)
    if (lease.failures >= DEAD_AFTER_FAILURES) {
      for (const row of ledger.rows) ledger.open.delete(`${row.number} dead`)
    }
    return
  }
  ledger.release(lease, shop.now() + retryPause(lease.failures, shop.random), failure)
  if (lease.failures + 1 >= DEAD_AFTER_FAILURES && first !== undefined) {
    ledger.open.add(`${first.number} dead`)
  }
}

function* settle(shop: Shop, lease: Lease): Steps<{ next: number | null; failure: string | null }> {
  const { ledger, medusa, now } = shop
  const view = medusa.view()
  yield
  const busy = resolveMark(shop, lease, view)
  if (busy !== null) return { next: busy, failure: null }
  yield
  const failures: string[] = []
  const events = ledger.events.filter((event) => event.state === "received").map(seen)
  const payments: Snapshot[] = []
  const known = ledger.rows.map(snapshotOf)
  const hasEvent = ({ number }: Row) => events.some(({ event }) => event.payment === number)
  const reads = dueReads(known, hasEvent, new Date(now()))
  for (const before of known) {
    const { row } = before
    const own = events.filter(({ event }) => event.payment === row.number)
    const isChecked = reads.has(before) || own.length > 0 || before.money_seen_at !== null
    if (isChecked) yield* check(shop, lease, { row, events: own, view })
    payments.push(isChecked ? snapshotOf(row) : before)
  }
  for (const payment of payments) {
    const { failure, moved } = yield* converge(shop, payment)
    if (failure !== null) failures.push(failure)
    const others = payments.some(
      (one) => one.number !== payment.number && one.money_seen_at !== null,
    )
    if (moved && others) ledger.wake()
    yield
  }
  const expiry = yield* expire(shop, lease, payments)
  if (expiry.failure !== null) failures.push(expiry.failure)
  return {
    next: nextTime(shop, expiry.next),
    failure: failures.length === 0 ? null : failures.join("; "),
  }
}

/** A payment as it was read, and the row that goes on living. */
type Snapshot = Row & { row: Row }
const snapshotOf = (row: Row): Snapshot => ({ ...row, row })

type Seen = { event: EventRow; nextAttemptAt: number | null }
const seen = (event: EventRow): Seen => ({ event, nextAttemptAt: event.nextAttemptAt })

function resolveMark({ ledger, now }: Shop, lease: Lease, view: MedusaView): number | null {
  const { collection } = ledger
  if (view.order === "cancelled") {
    if (collection.orderCancelledAt === null) ledger.recordOrderCancelled()
  } else if (collection.cancellingAt !== null) {
    const old = collection.cancellingAt + STALE_CANCELLING_MS
    if (old > now()) return old
    ledger.clearCancelling(lease)
  }
  return null
}

function* check(
  shop: Shop,
  lease: Lease,
  { row, events, view }: { row: Row; events: readonly Seen[]; view: MedusaView },
): Steps<void> {
  const { ledger, kobbopay, now } = shop
  const readAt = now()
  yield
  const reading = kobbopay.read(row.number, shop.dice)
  yield
  if (reading === null) {
    const at = now() + retryPause(row.failures, shop.random)
    row.failures += 1
    row.next_check_at = new Date(at)
    for (const { event, nextAttemptAt } of events) ledger.retryEvent(event, nextAttemptAt, at)
    return
  }
  const at = now()
  const isPatient = (event: EventRow) => at - event.receivedAt < shop.rules.patienceMs
  const unmet = ledger.events
    .filter((event) => event.payment === row.number && event.state === "dead")
    .map(seen)
  const all = [...events, ...unmet]
  const reports = all.flatMap(({ event }) =>
    event.reportedState === null
      ? []
      : [
          {
            id: event.id,
            state: event.reportedState,
            amountMinor: null,
            patient: isPatient(event),
            receivedAt: new Date(event.receivedAt),
          },
        ],
  )
  const facts = orderFacts(row, ledger.shown(), view)
  yield
  const met = ledger.observe({ number: row.number, lease, reading, readAt, reports, facts })
  for (const { event, nextAttemptAt } of all) {
    yield
    if (event.reportedState === null || met.has(event.id)) ledger.finishEvent(event, "done")
    else if (!isPatient(event)) ledger.finishEvent(event, "dead")
    else {
      const pause = retryPause(event.attempts, shop.random)
      ledger.retryEvent(event, nextAttemptAt, at + pause)
    }
  }
}

function* converge(
  shop: Shop,
  payment: Snapshot,
): Steps<{ failure: string | null; moved: boolean }> {
  const { ledger, medusa } = shop
  const unmoved = { failure: null, moved: false }
  if (payment.target === "order_cancelled") return unmoved
  const isMoneyGone = payment.money_seen_at !== null && !holdsMoney(payment)
  if (payment.target === "nothing" && (payment.converged_at !== null || !isMoneyGone)) {
    if (payment.converged_at === null) atRest(ledger, payment)
    return unmoved
  }
  for (let count = 0; count < MOST_STEPS; count++) {
    const view = medusa.view()
    yield
    const step = shop.nextStep(payment, {
      provider: PROVIDER,
      view,
      shown: ledger.shown(),
      now: new Date(shop.now()),
    })
    yield
    switch (step.do) {
      case "wait":
        return unmoved
      case "judge":
        ledger.wake()
        return unmoved
      case "nothing":
        if (payment.converged_at === null) atRest(ledger, payment)
        return { failure: null, moved: count > 0 }
      case "blocked":
        return { failure: step.why, moved: false }
      case "attach":
        ledger.attachSession(step.session, payment.row)
        break
      case "create_session":
        yield* medusa.createSession()
        break
      case "resize":
      case "correct_collection":
      case "book_captures":
      case "cancel_payment":
        throw new Error("nobody accepts, captures or pays back anything by hand here")
      case "complete_cart": {
        const why = yield* medusa.completeCart()
        if (why === null) break
        ledger.open.add(`${payment.number} completion_failed`)
        return { failure: why, moved: false }
      }
      case "authorize":
        yield* medusa.authorize(step.session)
        break
      case "capture": {
        const refused = yield* medusa.capture(step.payment, step.rest)
        if (refused !== null) return { failure: refused, moved: false }
        break
      }
      case "finish_capture":
        yield* medusa.finishCapture(step.payment)
        break
    }
    yield
  }
  return { failure: `Medusa does not show ${payment.target}`, moved: true }
}

function atRest(ledger: Ledger, payment: Snapshot): void {
  ledger.markConverged(payment.row, payment.target)
  ledger.open.delete(`${payment.number} completion_failed`)
}

function* expire(
  shop: Shop,
  lease: Lease,
  payments: readonly Snapshot[],
): Steps<{ next: number | null; failure: string | null }> {
  const { ledger, medusa, now } = shop
  const atRest = { next: null, failure: null }
  const convergeAll = () => {
    for (const row of ledger.rows) ledger.markConverged(row, "order_cancelled")
  }
  if (payments.some((one) => one.target !== "order_cancelled")) return atRest
  if (payments.every((one) => one.converged_at !== null)) return atRest
  const view = medusa.view()
  yield
  const wait = waitsForUs(view, ledger.shown(), new Date(now()), RENEW_FOR_MS)
  if (view.order !== "open" || wait === "no") {
    convergeAll()
    return atRest
  }
  if (wait !== "yes") return { next: wait.getTime(), failure: null }
  const due = cancelDue(payments, () => GRACE_MS).getTime()
  if (due > now()) return { next: due, failure: null }
  const started = now()
  for (const row of ledger.rows) yield* check(shop, lease, { row, events: [], view })
  const unread = ledger.rows.find(
    (row) => row.last_read_at === null || row.last_read_at.getTime() < started,
  )
  if (unread !== undefined) return { next: unread.next_check_at?.getTime() ?? null, failure: null }
  if (ledger.rows.some((row) => row.target !== "order_cancelled")) {
    return { next: now(), failure: null }
  }
  const fresh = medusa.view()
  yield
  if (fresh.order !== "open" || showsMoney(fresh, ledger.shown())) return atRest
  if (waitsForUs(fresh, ledger.shown(), new Date(now()), RENEW_FOR_MS) !== "yes") return atRest
  if (!ledger.markCancelling(lease)) return atRest
  yield
  if (!ledger.renew(lease)) throw new LeaseLost("taken over")
  yield
  yield* medusa.cancelOrder()
  yield
  if (medusa.view().order !== "cancelled") {
    ledger.clearCancelling(lease)
    return { next: null, failure: "the order is not cancelled yet" }
  }
  ledger.recordOrderCancelled()
  yield
  convergeAll()
  return atRest
}

function nextTime({ ledger, now }: Shop, expiry: number | null): number | null {
  const times = expiry === null ? [] : [expiry]
  for (const row of ledger.rows) {
    if (row.next_check_at !== null) times.push(row.next_check_at.getTime())
  }
  for (const event of ledger.events) {
    if (event.state === "received" && event.nextAttemptAt !== null) times.push(event.nextAttemptAt)
  }
  return times.length === 0 ? null : Math.max(now() + LEAST_PAUSE_MS, Math.min(...times))
}
