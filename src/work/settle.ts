import { MathBN } from "@medusajs/framework/utils"
import { KobbopayError } from "../kobbopay/errors"
import type { SessionId } from "../kobbopay/ids"
import { railOf } from "../store/rail"
import { retryPause } from "../kobbopay/schedule"
import { closeCleared, openException } from "../store/exceptions"
import { clearCancelling, noteOrderCancelled, type Lease } from "../store/groups"
import { finishEvent, openEvents, retryEvent, unmetEvents, type EventRow } from "../store/inbox"
import { endAbandonedCreations } from "../store/creation"
import { markConverged, noteFailedRead, noteOrder, paymentsOf, sessionsOf } from "../store/ledger"
import { observe, type OrderFacts } from "../store/observe"
import type { PaymentRow } from "../store/payment"
import { CLAIM_PATIENCE_MS } from "../kobbopay/schedule"
import { nextStep } from "./converge"
import type { Deps } from "./deps"
import { expireOrder } from "./expire"
import { refundedOf, sameAmount, type MedusaView } from "./medusa"

export type Outcome = {
  /** When the group wants to be looked at next; null when only a call wakes it. */
  next: Date | null
  /** Why the work must be tried again, if it must. */
  failure: string | null
}

/** A mark of cancelling this old has lost its process. */
const ABANDONED_CANCELLING_MS = 2 * 60_000
/** The work comes back by itself, so one read need not try for long. */
const READ_ATTEMPTS = 2
/** A group is never due again at once: what could not be moved now is not asked about in a loop. */
const LEAST_PAUSE_MS = 1_000

/** Steps towards one want before the work pauses: completing, authorizing, capturing, and one to spare. */
const MOST_STEPS = 5

/**
 * Brings everything of one payment collection forward: reads what is due, judges it, makes Medusa show
 * what is wanted, and cancels the order when all its payments ended without money.
 */
export async function settleGroup(deps: Deps, lease: Lease): Promise<Outcome> {
  const view = await deps.medusa.view(lease.collectionId)
  const busy = await resolveMark(deps, lease, view)
  if (busy !== null) return { next: busy, failure: null }
  await endAbandonedCreations(deps.sql, lease.collectionId, deps.now())
  if (view !== null) await noteOrder(deps.sql, lease.collectionId, view.cartId, view.orderId)

  const failures: string[] = []
  const events = await openEvents(deps.sql, lease.collectionId)
  for (const payment of await paymentsOf(deps.sql, lease.collectionId)) {
    const own = events.filter((event) => event.payment_id === payment.id)
    const due = payment.next_look_at !== null && payment.next_look_at <= deps.now()
    // Held money is judged anew whenever something calls: the order may have changed under it.
    if (!due && own.length === 0 && payment.money_seen_at === null) continue
    const failure = await lookAt(deps, lease, payment, own, view)
    if (failure !== null) failures.push(failure)
  }
  for (const payment of await paymentsOf(deps.sql, lease.collectionId)) {
    const failure = await converge(deps, payment)
    if (failure !== null) failures.push(failure)
  }
  const expiry = await expireOrder(deps, lease, (payment, fresh) =>
    lookAt(deps, lease, payment, [], fresh),
  )
  if (expiry.failure !== null) failures.push(expiry.failure)
  return {
    next: await nextTime(deps, lease, expiry.next),
    failure: failures.length === 0 ? null : failures.join("; "),
  }
}

/**
 * A mark left by a process that died while cancelling is resolved by what Medusa shows: but not before it
 * is old, because that process may only have paused and its cancelling be under way. Returns until when.
 */
async function resolveMark(
  deps: Deps,
  lease: Lease,
  view: MedusaView | null,
): Promise<Date | null> {
  if (view?.order === "cancelled" && view.orderId !== null) {
    if (lease.orderCancelledAt === null) {
      await noteOrder(deps.sql, lease.collectionId, view.cartId, view.orderId)
      await noteOrderCancelled(deps.sql, view.orderId, deps.now())
    }
  } else if (lease.cancellingAt !== null) {
    const old = new Date(lease.cancellingAt.getTime() + ABANDONED_CANCELLING_MS)
    if (old > deps.now()) return old
    await clearCancelling(deps.sql, lease)
  }
  return null
}

/**
 * Reads one payment at Kobbopay, holding no connection, and commits what follows. Returns why it must
 * be tried again as failed work, or null. An outage is not failed work: it only puts the look off.
 */
async function lookAt(
  deps: Deps,
  lease: Lease,
  payment: PaymentRow,
  events: readonly EventRow[],
  view: MedusaView | null,
): Promise<string | null> {
  if (payment.kobbopay_id === null) return null
  const account = deps.accounts.get(payment.account_id)
  if (account === undefined) {
    return `payment ${payment.id} belongs to account ${payment.account_id}, which is no longer configured`
  }
  let reading
  const readAt = deps.now()
  try {
    reading = await account.client.read(payment.kobbopay_id, railOf(payment), {
      attempts: READ_ATTEMPTS,
    })
  } catch (cause) {
    if (!(cause instanceof KobbopayError)) throw cause
    return putOff(deps, payment, events, cause)
  }
  const now = deps.now()
  const unmet = await unmetEvents(deps.sql, payment.id)
  const claims = [...events, ...unmet].flatMap((event) =>
    event.claims === null
      ? []
      : [
          {
            said: event.claims,
            patient: now.getTime() - event.received_at.getTime() < CLAIM_PATIENCE_MS,
          },
        ],
  )
  const seen = await observe(deps.sql, {
    paymentId: payment.id,
    collectionId: payment.collection_id,
    lease,
    reading,
    readAt,
    claims,
    rules: account.rules,
    facts: await factsFor(deps, payment, view),
    source: events.length > 0 ? "event" : "read",
    now,
  })
  if (seen.payment.state !== payment.state || seen.opened.length > 0) {
    deps.log.info(
      `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) ${payment.state} -> ${seen.payment.state}, wants ${seen.decision.want}` +
        (seen.opened.length > 0 ? `, exceptions: ${seen.opened.join(", ")}` : "") +
        (events[0] === undefined ? "" : `, event ${events[0].id}`),
    )
  }
  for (const event of [...events, ...unmet]) {
    const isPatient = now.getTime() - event.received_at.getTime() < CLAIM_PATIENCE_MS
    if (event.claims === null || seen.met.has(event.claims)) {
      await finishEvent(deps.sql, event.id, "done", seen.payment.state, now)
    } else if (!isPatient) {
      await finishEvent(deps.sql, event.id, "dead", "ambiguous_finality", now)
    } else {
      const pause = retryPause(event.attempts, deps.random)
      await retryEvent(deps.sql, event, new Date(now.getTime() + pause))
    }
  }
  return null
}

/** Puts the look, and the events that called for it, off until Kobbopay may answer again. */
async function putOff(
  deps: Deps,
  payment: PaymentRow,
  events: readonly EventRow[],
  cause: KobbopayError,
): Promise<string | null> {
  const pause = Math.max(cause.retryAfterMs ?? 0, retryPause(payment.failures, deps.random))
  const at = new Date(deps.now().getTime() + pause)
  await noteFailedRead(deps.sql, payment.id, cause.message, at)
  for (const event of events) await retryEvent(deps.sql, event, at)
  deps.log.warn(
    `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) could not be read, again at ${at.toISOString()}: ${cause.message}`,
  )
  return cause.kind === "unavailable" ? null : cause.message
}

async function factsFor(
  deps: Deps,
  payment: PaymentRow,
  view: MedusaView | null,
): Promise<OrderFacts> {
  if (view === null) {
    return { order: "none", covered: false, superseded: true, orderChanged: false, settled: false }
  }
  const sessions = await sessionsOf(deps.sql, payment.id)
  const isMine = (id: SessionId | null | undefined) => id != null && sessions.includes(id)
  const settled = view.payments.some(
    (own) => own.captured_at !== null && isMine(own.payment_session_id),
  )
  // What this payment settled stays settled: later changes of the order are not held against it.
  if (settled) {
    return { order: view.order, covered: false, superseded: false, orderChanged: false, settled }
  }
  const shown = view.sessions.filter((session) => isMine(session.id))
  const asked = (amount: string, currency: string) =>
    sameAmount(amount, payment.store_amount) && currency === payment.currency_code
  return {
    order: view.order,
    covered: coveredBy(view, payment, isMine),
    superseded: shown.length === 0,
    orderChanged:
      !asked(view.amount, view.currencyCode) ||
      shown.some((session) => !asked(session.raw_amount, session.currency_code)),
    settled: false,
  }
}

/**
 * Whether other payments, of whatever provider, leave no room for this one: what they come to, less what
 * was paid back of them, and this one together are more than the order costs.
 */
function coveredBy(
  view: MedusaView,
  payment: PaymentRow,
  isMine: (session: SessionId | null | undefined) => boolean,
): boolean {
  const others = view.payments.filter(
    (other) => other.canceled_at === null && !isMine(other.payment_session_id),
  )
  if (others.length === 0) return false
  const paid = others.reduce(
    (sum, other) => MathBN.add(sum, MathBN.sub(other.raw_amount, refundedOf(other))),
    MathBN.convert(0),
  )
  return MathBN.gt(MathBN.add(paid, payment.store_amount), view.total)
}

/** Runs Medusa's workflows one by one, looking again between them, until it shows what is wanted. */
async function converge(deps: Deps, payment: PaymentRow): Promise<string | null> {
  if (payment.want === "order_cancelled") return null
  if (payment.want === "nothing" && payment.converged_at !== null) return null
  for (let count = 0; count < MOST_STEPS; count++) {
    const view = await deps.medusa.view(payment.collection_id)
    if (view === null) return null
    const sessions = await sessionsOf(deps.sql, payment.id)
    const step = nextStep(payment, view, sessions, deps.now())
    switch (step.do) {
      case "wait":
        return null
      case "nothing":
        if (payment.converged_at !== null) return null
        await markConverged(deps.sql, payment, deps.now())
        await closeCleared(deps.sql, payment.id, ["completion_failed"], deps.now())
        return null
      case "blocked":
        return `payment ${payment.id}: ${step.why}`
      case "complete_cart": {
        const why = await deps.medusa.completeCart(step.cart)
        if (why !== null) return completionFailed(deps, payment, why)
        const placed = await deps.medusa.view(payment.collection_id)
        await noteOrder(deps.sql, payment.collection_id, step.cart, placed?.orderId ?? null)
        break
      }
      case "authorize":
        await deps.medusa.authorize(step.session)
        break
      case "capture":
        await deps.medusa.capture(step.payment, step.rest)
        break
      case "finish_capture":
        await deps.medusa.finishCapture(step.payment)
        break
    }
  }
  return `payment ${payment.id}: Medusa does not show ${payment.want} after ${MOST_STEPS} steps`
}

/** Money is there but the order cannot be placed: visible to the merchant at once, and tried on. */
async function completionFailed(deps: Deps, payment: PaymentRow, why: string): Promise<string> {
  await openException(
    deps.sql,
    {
      class: "completion_failed",
      subjectId: payment.id,
      paymentId: payment.id,
      eventRowId: null,
      accountId: payment.account_id,
      orderId: null,
      railId: payment.rail_id,
      expected: { order: "placed", cart: payment.cart_id },
      observed: { state: payment.state, reason: why },
      fingerprint: why,
    },
    deps.now(),
  )
  return `payment ${payment.id}: the cart could not be completed: ${why}`
}

async function nextTime(deps: Deps, lease: Lease, expiry: Date | null): Promise<Date | null> {
  const times: Date[] = expiry === null ? [] : [expiry]
  for (const payment of await paymentsOf(deps.sql, lease.collectionId)) {
    if (payment.next_look_at !== null && payment.kobbopay_id !== null) {
      times.push(payment.next_look_at)
    }
  }
  for (const event of await openEvents(deps.sql, lease.collectionId)) {
    if (event.next_attempt_at !== null) times.push(event.next_attempt_at)
  }
  const soonest = deps.now().getTime() + LEAST_PAUSE_MS
  return times.length === 0
    ? null
    : new Date(Math.max(soonest, Math.min(...times.map((at) => at.getTime()))))
}
