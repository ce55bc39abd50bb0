import { repeatedAt } from "../kobbopay/schedule"
import { aboutPayment, openException, closeCleared } from "../store/exceptions"
import {
  clearCancelling,
  nextWork,
  noteOrderCancelled,
  wakeGroup,
  wasWoken,
  type Lease,
} from "../store/groups"
import { openEvents, type EventRow } from "../store/inbox"
import { endAbandonedCreations } from "../store/creation"
import { markConverged, noteOrder, paymentsOf, sessionsOf } from "../store/ledger"
import { isFreed, type PaymentRow } from "../store/payment"
import { attachSession } from "../store/sessions"
import { auditAtRest } from "./contradictions"
import { nextStep } from "./converge"
import type { Deps } from "./deps"
import { dueReads } from "./due"
import { expireOrder } from "./expire"
import { learnIds } from "./learn"
import { lookAt, type Looked } from "./look"
import type { MedusaView } from "../store/medusa-view"
import { bookPayBacks } from "./refund"

export type Outcome = {
  /** When the group wants to be looked at next; null when only a call wakes it. */
  next: Date | null
  /** Why the work must be tried again, if it must. */
  failure: string | null
}

/** A mark of cancelling this old has lost its process. */
const ABANDONED_CANCELLING_MS = 2 * 60_000
/** A group is never due again at once: what could not be moved now is not asked about in a loop. */
const LEAST_PAUSE_MS = 1_000

/** Steps towards one want before the work pauses: showing, completing, authorizing, capturing, and two to spare. */
const MOST_STEPS = 6

/**
 * Brings everything of one payment collection forward: reads what is due, judges it, makes Medusa show
 * what is wanted, and cancels the order when all its payments ended without money.
 */
export async function settleGroup(deps: Deps, lease: Lease): Promise<Outcome> {
  const started = deps.now()
  const [view, found, events] = await Promise.all([
    deps.medusa.view(lease.collectionId),
    paymentsOf(deps.sql, lease.collectionId),
    openEvents(deps.sql, lease.collectionId),
  ])
  const busy = await resolveMark(deps, lease, view)
  if (busy !== null) return { next: busy, failure: null }
  const known = found.some((payment) => payment.state === "creating")
    ? await withoutAbandoned(deps, lease)
    : found
  if (view !== null && known.some((payment) => isNews(payment, view))) {
    await noteOrder(deps.sql, lease.collectionId, view.cartId, view.orderId, deps.now())
  }

  const failures: string[] = []
  const payments: PaymentRow[] = []
  const isCalled = ({ id }: PaymentRow) => events.some((event) => event.payment_id === id)
  const isReadable = ({ kobbopay_id: id, account_id: account }: PaymentRow) =>
    id !== null && deps.accounts.has(account)
  const reads = dueReads(known.filter(isReadable), isCalled, deps.now())
  for (const payment of known) {
    const looked = await lookIfDue(deps, lease, payment, events, view, reads)
    payments.push(looked.payment)
    if (looked.failure !== null) failures.push(looked.failure)
  }
  let again = false
  for (const payment of payments) {
    const converged = await converge(deps, payment)
    if (converged.failure !== null) failures.push(converged.failure)
    // What could not be read now has its own time at which it is read, and judged, again.
    again ||=
      converged.again === true && payment.last_read_at !== null && payment.last_read_at >= started
    // What Medusa shows now may change what another payment's money means: judged again at once.
    const others = payments.some((one) => one.id !== payment.id && one.money_seen_at !== null)
    const isMoved = converged.moved && converged.failure === null
    if (isMoved && others) await wakeGroup(deps.sql, lease.collectionId, deps.now())
  }
  const unbooked = await bookPayBacks(deps, lease)
  if (unbooked !== null) failures.push(unbooked)
  const expiry = await expireOrder(deps, lease, payments, (payment, fresh) =>
    lookAt(deps, lease, payment, [], fresh),
  )
  if (expiry.failure !== null) failures.push(expiry.failure)
  if (failures.length === 0 && !again && !(await wasWoken(deps.sql, lease))) {
    await auditAtRest(deps, lease.collectionId, payments)
  }
  return {
    next: await nextTime(deps, lease, again ? deps.now() : expiry.next),
    failure: failures.length === 0 ? null : failures.join("; "),
  }
}

/** A group's payments, of which those whose creation was given up are ended first. */
async function withoutAbandoned(deps: Deps, lease: Lease): Promise<PaymentRow[]> {
  await endAbandonedCreations(deps.sql, lease.collectionId, deps.now())
  return paymentsOf(deps.sql, lease.collectionId)
}

/** The ledger does not know the payment's cart or order yet, or one that Medusa undid. */
const isNews = (payment: PaymentRow, view: MedusaView): boolean =>
  (view.cartId !== null && view.cartId !== payment.cart_id) ||
  (view.orderId !== null && view.orderId !== payment.order_id)

/** Looks at a payment whose time has come, or for which something calls. */
async function lookIfDue(
  deps: Deps,
  lease: Lease,
  payment: PaymentRow,
  events: readonly EventRow[],
  view: MedusaView | null,
  reads: ReadonlySet<PaymentRow>,
): Promise<Looked> {
  const now = deps.now()
  const named = events.filter((event) => event.payment_id === payment.id)
  const isDue = reads.has(payment)
  const calls = named.some(({ next_attempt_at: at }) => at === null || at <= now)
  // Events that only repeat what was just read wait together: a flood of them is one read.
  const free = repeatedAt(payment.last_read_at, now)
  const isFlooded = free > now && named.some(({ next_attempt_at: at }) => at !== null && at <= free)
  // Held money is judged anew whenever something calls: the order may have changed under it.
  const looks = isDue || calls || (payment.money_seen_at !== null && !isFlooded)
  if (!looks) return { payment, failure: null }
  return lookAt(deps, lease, payment, await learnIds(deps, payment, named), view)
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
      await noteOrder(deps.sql, lease.collectionId, view.cartId, view.orderId, deps.now())
      await noteOrderCancelled(deps.sql, view.orderId, deps.now())
    }
  } else if (lease.cancellingAt !== null) {
    const old = new Date(lease.cancellingAt.getTime() + ABANDONED_CANCELLING_MS)
    if (old > deps.now()) return old
    await clearCancelling(deps.sql, lease)
  }
  return null
}

/** `again`: the payment has to be judged once more, after the least pause or when it can be read. */
type Converged = { failure: string | null; moved: boolean; again?: boolean }

/** Runs Medusa's workflows one by one, looking again between them, until it shows what is wanted. */
async function converge(deps: Deps, payment: PaymentRow): Promise<Converged> {
  const resting = { failure: null, moved: false }
  const settles = payment.want === "authorized" || payment.want === "captured"
  // The order's end is another's to bring about, and to note.
  const rests = () =>
    payment.converged_at !== null || payment.want === "order_cancelled"
      ? Promise.resolve()
      : atRest(deps, payment)
  if (!settles && (payment.converged_at !== null || !isFreed(payment))) {
    await rests()
    return resting
  }
  const provider = deps.accounts.get(payment.account_id)?.account.providerId
  if (provider === undefined) return resting
  for (let count = 0; count < MOST_STEPS; count++) {
    const view = await deps.medusa.view(payment.collection_id)
    if (view === null) return resting
    const shown = await sessionsOf(deps.sql, {
      collection: payment.collection_id,
      order: view.orderId,
    })
    const step = nextStep(payment, provider, view, shown, deps.now())
    switch (step.do) {
      case "wait":
        return resting
      case "judge":
        return { ...resting, again: true }
      case "nothing":
        await rests()
        return { failure: null, moved: count > 0 }
      case "blocked":
        return { failure: `payment ${payment.id}: ${step.why}`, moved: false }
      case "attach":
        await attachSession(deps.sql, step.session, payment.id, deps.now())
        break
      case "create_session":
        await deps.medusa.createSession(payment.collection_id, {
          provider,
          amount: step.amount,
          currencyCode: payment.currency_code,
        })
        break
      case "resize":
        await deps.medusa.resizeSession(step.session, {
          amount: step.amount,
          currencyCode: payment.currency_code,
        })
        break
      case "correct_collection":
        await deps.medusa.correctCollection(payment.collection_id, step.amount)
        break
      case "complete_cart": {
        for (const other of step.others) await deps.medusa.deleteSession(other)
        const why = await deps.medusa.completeCart(step.cart)
        if (why !== null) {
          return { failure: await completionFailed(deps, payment, why), moved: false }
        }
        const placed = await deps.medusa.view(payment.collection_id)
        await noteOrder(
          deps.sql,
          payment.collection_id,
          step.cart,
          placed?.orderId ?? null,
          deps.now(),
        )
        break
      }
      case "authorize":
        await deps.medusa.authorize(step.session)
        break
      case "capture":
        await deps.medusa.capture(step.payment, step.rest)
        break
      case "book_captures":
        await deps.medusa.bookCaptures(view, step.captures)
        break
      case "cancel_payment":
        await deps.medusa.cancelPayment(step.payment)
        break
      case "finish_capture":
        await deps.medusa.finishCapture(step.payment)
        break
    }
  }
  return {
    failure: `payment ${payment.id}: Medusa does not show ${payment.want} after ${MOST_STEPS} steps`,
    moved: true,
  }
}

/** Medusa shows what is wanted: nothing is left to be tried. */
async function atRest(deps: Deps, payment: PaymentRow): Promise<void> {
  await markConverged(deps.sql, payment, deps.now())
  await closeCleared(deps.sql, payment.id, ["completion_failed"], deps.now())
}

/** Money is there but the order cannot be placed: visible to the merchant at once, and tried on. */
async function completionFailed(deps: Deps, payment: PaymentRow, why: string): Promise<string> {
  await openException(
    deps.sql,
    {
      ...aboutPayment(payment),
      class: "completion_failed",
      expected: { order: "placed", cart: payment.cart_id },
      observed: { state: payment.state, reason: why },
      fingerprint: why,
    },
    deps.now(),
  )
  return `payment ${payment.id}: the cart could not be completed: ${why}`
}

async function nextTime(deps: Deps, lease: Lease, expiry: Date | null): Promise<Date | null> {
  const work = await nextWork(deps.sql, lease.collectionId, [...deps.accounts.keys()])
  const times = [expiry, work].flatMap((at) => (at === null ? [] : [at.getTime()]))
  const soonest = deps.now().getTime() + LEAST_PAUSE_MS
  return times.length === 0 ? null : new Date(Math.max(soonest, Math.min(...times)))
}
