import type { CollectionId } from "../domain/ids"
import { repeatedAt } from "../domain/schedule"
import { recordOrderCancelled } from "../store/cancelling"
import { nextWork, wakeCollection } from "../store/collections"
import { endExpiredCreations } from "../store/creation"
import { closeCleared, exceptionAbout, openException } from "../store/exceptions"
import { type EventRow, openEvents } from "../store/inbox/queue"
import { linkOrder, markConverged, paymentsOf, sessionsOf } from "../store/ledger"
import type { MedusaView } from "../store/medusa-view"
import { type PaymentRow, isMoneyGone, settlesOrder } from "../store/payment"
import { attachSession } from "../store/sessions"
import { auditAtRest } from "./contradictions"
import { nextStep } from "./converge"
import type { Deps } from "./deps"
import { dueReads } from "./due"
import { expireOrder } from "./expire"
import { learnIds } from "./learn"
import { checkPayment, type Checked } from "./check"
import type { LeasedCollection } from "./leased"
import { bookRefunds } from "./refund"

export type Outcome = {
  /** When the collection is worked next; null: not before somebody wakes it. */
  next: Date | null
  /** Why the work must be tried again, if it must. */
  failure: string | null
}

/** A mark of cancelling this old has lost its process. */
const STALE_CANCELLING_MS = 2 * 60_000
/** A collection is never due again at once: what could not be moved now is not asked about in a loop. */
const LEAST_PAUSE_MS = 1_000

/** Steps towards one target before the worker pauses: showing, completing, authorizing, capturing, and two to spare. */
const MOST_STEPS = 6

/**
 * Brings everything of one payment collection forward: reads what is due, judges it, makes Medusa show
 * each payment's target, and cancels the order when all its payments ended without money.
 */
export async function settleCollection(deps: Deps, leased: LeasedCollection): Promise<Outcome> {
  const collection = leased.id
  const started = deps.now()
  const [view, found, events] = await Promise.all([
    deps.medusa.view(collection),
    paymentsOf(deps.sql, collection),
    openEvents(deps.sql, collection),
  ])
  const busy = await resolveMark(deps, leased, view)
  if (busy !== null) return { next: busy, failure: null }
  const known = found.some((payment) => payment.state === "creating")
    ? await withoutExpiredCreations(deps, collection)
    : found
  if (view !== null && known.some((payment) => isNews(payment, view))) {
    await linkOrder(deps.sql, collection, { cart: view.cartId, order: view.orderId }, deps.now())
  }

  const failures: string[] = []
  const payments: PaymentRow[] = []
  const hasEvent = ({ id }: PaymentRow) => events.some((event) => event.payment_id === id)
  const isReadable = ({ kobbopay_id: id, account_id: account }: PaymentRow) =>
    id !== null && deps.accounts.has(account)
  const reads = dueReads(known.filter(isReadable), hasEvent, deps.now())
  for (const payment of known) {
    const checked = await checkIfDue(deps, leased, payment, { events, view, reads })
    payments.push(checked.payment)
    if (checked.failure !== null) failures.push(checked.failure)
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
    if (isMoved && others) await wakeCollection(deps.sql, collection, deps.now())
  }
  const unbooked = await bookRefunds(deps, collection)
  if (unbooked !== null) failures.push(unbooked)
  const expiry = await expireOrder(deps, leased, payments)
  if (expiry.failure !== null) failures.push(expiry.failure)
  if (failures.length === 0 && !again && !(await leased.wasWoken())) {
    await auditAtRest(deps, collection, payments)
  }
  return {
    next: await nextTime(deps, collection, again ? deps.now() : expiry.next),
    failure: failures.length === 0 ? null : failures.join("; "),
  }
}

/** A collection's payments, of which those whose creation was given up are ended first. */
async function withoutExpiredCreations(
  deps: Deps,
  collection: CollectionId,
): Promise<PaymentRow[]> {
  await endExpiredCreations(deps.sql, collection, deps.now())
  return paymentsOf(deps.sql, collection)
}

/** The ledger does not know the payment's cart or order yet, or one that Medusa undid. */
const isNews = (payment: PaymentRow, view: MedusaView): boolean =>
  (view.cartId !== null && view.cartId !== payment.cart_id) ||
  (view.orderId !== null && view.orderId !== payment.order_id)

/** What one pass over a collection goes by: its events, what Medusa shows, and which payments it reads. */
type Pass = {
  events: readonly EventRow[]
  view: MedusaView | null
  reads: ReadonlySet<PaymentRow>
}

/** Checks a payment whose time has come, or that an event asks for. */
async function checkIfDue(
  deps: Deps,
  leased: LeasedCollection,
  payment: PaymentRow,
  { events, view, reads }: Pass,
): Promise<Checked> {
  const now = deps.now()
  const named = events.filter((event) => event.payment_id === payment.id)
  const isDue = reads.has(payment)
  const isAsked = named.some(({ next_attempt_at: at }) => at === null || at <= now)
  // Events that only repeat what was just read wait together: a flood of them is one read.
  const from = repeatedAt(payment.last_read_at, now)
  const isFlooded = from > now && named.some(({ next_attempt_at: at }) => at !== null && at <= from)
  // Held money is judged again at every chance: the order may have changed under it.
  const isNeeded = isDue || isAsked || (payment.money_seen_at !== null && !isFlooded)
  if (!isNeeded) return { payment, failure: null }
  const own = await learnIds(deps, payment, named)
  return checkPayment(deps, leased, payment, { events: own, view })
}

/**
 * A mark left by a process that died while cancelling is resolved by what Medusa shows: but not before it
 * is old, because that process may only have paused and its cancelling be under way. Returns until when.
 */
async function resolveMark(
  deps: Deps,
  leased: LeasedCollection,
  view: MedusaView | null,
): Promise<Date | null> {
  const { orderCancelledAt, cancellingAt } = leased.lease
  if (view?.order === "cancelled" && view.orderId !== null) {
    if (orderCancelledAt === null) {
      await linkOrder(deps.sql, leased.id, { cart: view.cartId, order: view.orderId }, deps.now())
      await recordOrderCancelled(deps.sql, view.orderId, deps.now())
    }
  } else if (cancellingAt !== null) {
    const old = new Date(cancellingAt.getTime() + STALE_CANCELLING_MS)
    if (old > deps.now()) return old
    await leased.clearCancelling()
  }
  return null
}

/** `again`: the payment has to be judged once more, after the least pause or when it can be read. */
type Converged = { failure: string | null; moved: boolean; again?: boolean }

/** Runs Medusa's workflows one by one, with a read of Medusa between them, until it shows the payment's target. */
async function converge(deps: Deps, payment: PaymentRow): Promise<Converged> {
  const unmoved = { failure: null, moved: false }
  const settles = settlesOrder(payment)
  // The order's end is another's to bring about, and to record.
  const rests = () =>
    payment.converged_at !== null || payment.target === "order_cancelled"
      ? Promise.resolve()
      : atRest(deps, payment)
  if (!settles && (payment.converged_at !== null || !isMoneyGone(payment))) {
    await rests()
    return unmoved
  }
  const provider = deps.accounts.get(payment.account_id)?.account.providerId
  if (provider === undefined) return unmoved
  for (let count = 0; count < MOST_STEPS; count++) {
    const view = await deps.medusa.view(payment.collection_id)
    if (view === null) return unmoved
    const shown = await sessionsOf(deps.sql, {
      collection: payment.collection_id,
      order: view.orderId,
    })
    const step = nextStep(payment, { provider, view, shown, now: deps.now() })
    switch (step.do) {
      case "wait":
        return unmoved
      case "judge":
        return { ...unmoved, again: true }
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
        await linkOrder(
          deps.sql,
          payment.collection_id,
          { cart: step.cart, order: placed?.orderId ?? null },
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
    failure: `payment ${payment.id}: Medusa does not show ${payment.target} after ${MOST_STEPS} steps`,
    moved: true,
  }
}

/** Medusa shows the target: nothing is left to be tried. */
async function atRest(deps: Deps, payment: PaymentRow): Promise<void> {
  await markConverged(deps.sql, payment, deps.now())
  await closeCleared(deps.sql, payment.id, ["completion_failed"], deps.now())
}

/** Money is there but the order cannot be placed: visible to the merchant at once, and tried on. */
async function completionFailed(deps: Deps, payment: PaymentRow, why: string): Promise<string> {
  await openException(
    deps.sql,
    exceptionAbout(payment, {
      class: "completion_failed",
      expected: { order: "placed", cart: payment.cart_id },
      observed: { state: payment.state, reason: why },
      fingerprint: why,
    }),
    deps.now(),
  )
  return `payment ${payment.id}: the cart could not be completed: ${why}`
}

async function nextTime(
  deps: Deps,
  collection: CollectionId,
  expiry: Date | null,
): Promise<Date | null> {
  const work = await nextWork(deps.sql, collection, [...deps.accounts.keys()])
  const times = [expiry, work].flatMap((at) => (at === null ? [] : [at.getTime()]))
  const soonest = deps.now().getTime() + LEAST_PAUSE_MS
  return times.length === 0 ? null : new Date(Math.max(soonest, Math.min(...times)))
}
