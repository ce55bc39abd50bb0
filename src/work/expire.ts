import { MathBN } from "@medusajs/framework/utils"
import type { AccountId, SessionId } from "../kobbopay/ids"
import {
  clearCancelling,
  LEASE_MS,
  LeaseLost,
  markCancelling,
  noteOrderCancelled,
  renewLease,
  type Lease,
} from "../store/groups"
import { markConverged, paymentsOf, sessionsOf } from "../store/ledger"
import type { PaymentRow } from "../store/payment"
import type { Deps } from "./deps"
import type { Looked } from "./look"
import type { MedusaView } from "../store/medusa-view"
import { errorText } from "../store/error-text"

type Expiry = { next: Date | null; failure: string | null }

const AT_REST: Expiry = { next: null, failure: null }

/** Reads one payment afresh. */
export type LookAgain = (payment: PaymentRow, view: MedusaView) => Promise<Looked>

/**
 * Cancels the order, and so releases its stock, when every payment of the group ended without money and
 * `cancelOrderAfter` has passed; never because something could not be reached. In order: a fresh read of
 * every payment, a look at Medusa for money of any provider, a mark that keeps everything else from
 * settling, and only then the cancelling.
 */
export async function expireOrder(
  deps: Deps,
  lease: Lease,
  payments: readonly PaymentRow[],
  look: LookAgain,
): Promise<Expiry> {
  if (payments.length === 0 || payments.some((one) => one.want !== "order_cancelled"))
    return AT_REST
  if (payments.every((one) => one.converged_at !== null)) return AT_REST
  const view = await deps.medusa.view(lease.collectionId)
  const ours = await sessionsShowing(deps, payments)
  if (view === null || view.order !== "open" || !waitsForUs(view, ours)) {
    await convergeAll(deps, payments)
    return AT_REST
  }
  const due = cancelDue(
    payments,
    (account) => deps.accounts.get(account)?.account.options.expiry.cancelOrderAfterMs ?? 0,
  )
  if (due > deps.now()) return { next: due, failure: null }

  const started = deps.now()
  for (const payment of payments) {
    const { failure } = await look(payment, view)
    if (failure !== null) return { next: null, failure }
  }
  const fresh = await paymentsOf(deps.sql, lease.collectionId)
  const unread = fresh.find(
    (one) => one.kobbopay_id !== null && (one.last_read_at === null || one.last_read_at < started),
  )
  if (unread !== undefined) return { next: unread.next_look_at, failure: null }
  if (fresh.some((one) => one.want !== "order_cancelled"))
    return { next: deps.now(), failure: null }

  const now = await deps.medusa.view(lease.collectionId)
  if (now === null || now.orderId === null || now.order !== "open") return AT_REST
  if (showsMoney(now) || !waitsForUs(now, await sessionsShowing(deps, payments))) return AT_REST
  // Refused over an unworked event or money: each has its own time at which it is looked at again.
  if (!(await markCancelling(deps.sql, lease, deps.now()))) return AT_REST
  // The last moment to notice that another process took over: it would clear the mark and settle.
  if (!(await renewLease(deps.sql, lease, LEASE_MS))) throw new LeaseLost(lease.collectionId)
  let failure: string | null = null
  try {
    await deps.medusa.cancelOrder(now.orderId)
  } catch (cause) {
    failure = `order ${now.orderId} could not be cancelled: ${errorText(cause)}`
  }
  const after = await deps.medusa.view(lease.collectionId)
  if (after?.order !== "cancelled") {
    await clearCancelling(deps.sql, lease)
    return { next: null, failure: failure ?? `order ${now.orderId} is not cancelled yet` }
  }
  await noteOrderCancelled(deps.sql, now.orderId, deps.now())
  await convergeAll(deps, fresh)
  deps.log.info(
    `kobbopay: order ${now.orderId} cancelled, its payments ended without money: ${fresh.map((one) => one.id).join(", ")}`,
  )
  return AT_REST
}

async function convergeAll(deps: Deps, payments: readonly PaymentRow[]): Promise<void> {
  for (const payment of payments) await markConverged(deps.sql, payment, deps.now())
}

async function sessionsShowing(
  deps: Deps,
  payments: readonly PaymentRow[],
): Promise<ReadonlySet<SessionId>> {
  const ours = new Set<SessionId>()
  for (const payment of payments) {
    for (const session of await sessionsOf(deps.sql, payment.id)) ours.add(session)
  }
  return ours
}

/**
 * The order is the one placed from our payments' cart, it costs something, and no session of another
 * provider is what it really waits for (a bank transfer chosen after all, say). Pure.
 */
export const waitsForUs = (view: MedusaView, ours: ReadonlySet<SessionId>): boolean =>
  view.cartId !== null &&
  view.orderId !== null &&
  MathBN.gt(view.amount, 0) &&
  view.sessions.every(
    (session) =>
      ours.has(session.id) || session.status === "error" || session.status === "canceled",
  )

/** Medusa shows a payment, capture or transaction, of whatever provider, on any collection of the order. */
export const showsMoney = (view: MedusaView): boolean =>
  view.transactions.length > 0 || view.payments.some((payment) => payment.canceled_at === null)

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
