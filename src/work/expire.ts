import type { AccountId, CollectionId, OrderId } from "../domain/ids"
import { isMore } from "../domain/store-amount"
import { booksOf } from "../store/books"
import { recordOrderCancelled } from "../store/cancelling"
import { errorText } from "../store/error-text"
import { markConverged, paymentsOf, paymentsOfOrder, sessionsOf } from "../store/ledger"
import type { MedusaView } from "../store/medusa-view"
import type { Shown } from "../store/order-facts"
import { type PaymentRow, holdsMoney } from "../store/payment"
import { checkPayment } from "./check"
import type { Deps } from "./deps"
import type { LeasedCollection } from "./leased"
import { isEnded, isOpened } from "../domain/session-status"

type Expiry = { next: Date | null; failure: string | null }

const AT_REST: Expiry = { next: null, failure: null }

/**
 * Cancels the order, and so releases its stock, when every payment of the collection ended without money and
 * `cancelOrderAfter` has passed; never because something could not be reached. In order: a fresh read of
 * every payment, a look at Medusa for money of any provider, a mark that keeps everything else from
 * settling, and only then the cancelling.
 */
export async function expireOrder(
  deps: Deps,
  leased: LeasedCollection,
  payments: readonly PaymentRow[],
): Promise<Expiry> {
  const collection = leased.id
  if (payments.length === 0 || payments.some((one) => one.target !== "order_cancelled"))
    return AT_REST
  if (payments.every((one) => one.converged_at !== null)) return AT_REST
  const view = await deps.medusa.view(collection)
  const ours = await sessionsShowing(deps, collection, view)
  if (view === null || view.order !== "open") {
    await convergeAll(deps, payments)
    return AT_REST
  }
  const renewForMs = renewForOf(deps, payments)
  const wait = waitsForUs(view, ours, deps.now(), renewForMs)
  if (wait === "no") {
    // What ended here may be the last that another collection of the order had to wait for.
    if (view.orderId !== null) await leased.wakeOthers(view.orderId)
    await convergeAll(deps, payments)
    return AT_REST
  }
  if (wait !== "yes") return { next: wait, failure: null }
  const due = cancelDue(
    payments,
    (account) => deps.accounts.get(account)?.account.options.expiry.cancelOrderAfterMs ?? 0,
  )
  if (due > deps.now()) return { next: due, failure: null }

  const started = deps.now()
  for (const payment of payments) {
    const { failure } = await checkPayment(deps, leased, payment, { events: [], view })
    if (failure !== null) return { next: null, failure }
  }
  const fresh = await paymentsOf(deps.sql, collection)
  const unread = fresh.find(
    (one) => one.kobbopay_id !== null && (one.last_read_at === null || one.last_read_at < started),
  )
  if (unread !== undefined) return { next: unread.next_check_at, failure: null }
  if (fresh.some((one) => one.target !== "order_cancelled"))
    return { next: deps.now(), failure: null }

  const now = await deps.medusa.view(collection)
  if (now === null || now.orderId === null || now.order !== "open") return AT_REST
  const shown = await sessionsShowing(deps, collection, now)
  if (showsMoney(now, shown) || waitsForUs(now, shown, deps.now(), renewForMs) !== "yes") {
    return AT_REST
  }
  if (!(await isOverElsewhere(deps, collection, now.orderId))) return AT_REST
  if ((await booksOf(deps.sql, collection, now.orderId)).settledElsewhere) {
    await convergeAll(deps, payments)
    return AT_REST
  }
  // Refused over an unworked event or money: each has its own time at which it is looked at again.
  if (!(await leased.markCancelling(now.orderId))) return AT_REST
  // The last moment to notice that another process took over: it would clear the mark and settle.
  await leased.mustBeOurs()
  let failure: string | null = null
  try {
    await deps.medusa.cancelOrder(now.orderId)
  } catch (cause) {
    failure = `order ${now.orderId} could not be cancelled: ${errorText(cause)}`
  }
  const after = await deps.medusa.view(collection)
  if (after?.order !== "cancelled") {
    await leased.clearCancelling()
    return { next: null, failure: failure ?? `order ${now.orderId} is not cancelled yet` }
  }
  await recordOrderCancelled(deps.sql, now.orderId, deps.now())
  await convergeAll(deps, fresh)
  deps.log.info(
    `kobbopay: order ${now.orderId} cancelled, its payments ended without money: ${fresh.map((one) => one.id).join(", ")}`,
  )
  return AT_REST
}

/** For how long the longest-lived of the payments' accounts lets an order wait for its payment. */
const renewForOf = (deps: Deps, payments: readonly PaymentRow[]): number =>
  Math.max(
    0,
    ...payments.map(
      ({ account_id: id }) => deps.accounts.get(id)?.account.options.expiry.renewForMs ?? 0,
    ),
  )

/** Whether every payment of the order's other collections ended without money. Their own end wakes this one. */
const isOverElsewhere = async (
  deps: Deps,
  collection: CollectionId,
  order: OrderId,
): Promise<boolean> =>
  (await paymentsOfOrder(deps.sql, order))
    .filter((one) => one.collection_id !== collection)
    .every((one) => one.target === "order_cancelled" && !holdsMoney(one))

async function convergeAll(deps: Deps, payments: readonly PaymentRow[]): Promise<void> {
  for (const payment of payments) await markConverged(deps.sql, payment, deps.now())
}

const sessionsShowing = (
  deps: Deps,
  collection: CollectionId,
  view: MedusaView | null,
): Promise<Shown[]> => sessionsOf(deps.sql, { collection, order: view?.orderId ?? null })

/** A session of another provider that nobody has gone on with for this long was abandoned. */
const ABANDONED_SESSION_MS = 60 * 60_000

/**
 * Whether an order waits for our payments and nothing else. It does not where it is completed or archived,
 * costs nothing, was placed from another cart, or where a session of another provider is what it really
 * waits for (a bank transfer chosen after all, say). A session that was only opened may still be paid: it is
 * given time, until the moment that is returned, and holds up nothing after it; nor once the order has waited
 * for `renewForMs` and that time. Pure.
 */
export function waitsForUs(
  view: MedusaView,
  shown: readonly Shown[],
  now: Date,
  renewForMs: number,
): "yes" | "no" | Date {
  const isOrder = view.cartId !== null && view.orderId !== null && !view.isClosed
  if (!isOrder || !isMore(view.total, "0", view.currencyCode)) return "no"
  const others = [...view.sessions, ...view.elsewhere].filter(
    (session) => !shown.some((one) => one.session === session.id) && !isEnded(session.status),
  )
  if (others.some((session) => !isOpened(session.status))) return "no"
  const until = Math.max(
    0,
    ...others.map((session) => session.created_at.getTime() + ABANDONED_SESSION_MS),
  )
  // Sessions can be opened again and again, by anybody: an order does not wait for them for ever.
  const most = (view.placedAt?.getTime() ?? Infinity) + renewForMs + ABANDONED_SESSION_MS
  const end = Math.min(until, most)
  return end > now.getTime() ? new Date(end) : "yes"
}

/**
 * Medusa shows a payment, capture or transaction, of whatever provider, on any collection of the order;
 * other than an authorization of ours whose money is gone.
 */
export const showsMoney = (view: MedusaView, shown: readonly Shown[]): boolean =>
  view.transactions.length > 0 ||
  view.payments.some((payment) => {
    if (payment.canceled_at !== null) return false
    const ours = shown.find((one) => one.session === payment.payment_session_id)
    return ours === undefined || ours.settles || payment.captures.length > 0
  })

/** When a payment that got no money ended. */
export const endOf = (payment: Pick<PaymentRow, "window_ends_at" | "ended_at">): Date =>
  payment.ended_at !== null && payment.ended_at < payment.window_ends_at
    ? payment.ended_at
    : payment.window_ends_at

/**
 * When the order may be cancelled: the last of the payments' ends (by Kobbopay's word or our window,
 * whichever came first), plus the grace of its account in milliseconds. Pure.
 */
export function cancelDue(
  payments: readonly Pick<PaymentRow, "account_id" | "window_ends_at" | "ended_at">[],
  graceMs: (account: AccountId) => number,
): Date {
  const times = payments.map((payment) => endOf(payment).getTime() + graceMs(payment.account_id))
  return new Date(Math.max(...times))
}
