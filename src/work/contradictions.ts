import { brandAs, type CollectionId, type PaymentId, type ProviderId } from "../domain/ids"
import { booksOf } from "../store/books"
import { orderCancelledAt } from "../store/cancelling"
import { closeCleared, exceptionAbout, openException } from "../store/exceptions"
import { paymentsOf, sessionsOf } from "../store/ledger"
import type { PaymentRow } from "../store/payment"
import { audit, type ReadResult } from "./audit"
import type { Contradiction } from "./contradiction-kinds"
import type { Deps } from "./deps"

/** Payments as they stand, each with what contradicts it. */
export type Compared = Map<PaymentId, { payment: PaymentRow; found: Contradiction[] }>

/** How long an account's orders wait where it is not configured any more: nothing is due then. */
const NEVER_DUE_MS = Number.MAX_SAFE_INTEGER / 4

/** Compares every payment of a collection, as they are now, with what Medusa and Kobbopay say. */
export async function compare(
  deps: Deps,
  collection: CollectionId,
  readResults: ReadonlyMap<PaymentId, ReadResult>,
): Promise<Compared> {
  const [payments, view, cancelledAt] = await Promise.all([
    paymentsOf(deps.sql, collection),
    deps.medusa.view(collection),
    orderCancelledAt(deps.sql, collection),
  ])
  const order = view?.orderId ?? null
  const [shown, books] = await Promise.all([
    sessionsOf(deps.sql, { collection, order }),
    booksOf(deps.sql, collection, order),
  ])
  return new Map(
    payments.map((payment) => {
      const account = deps.accounts.get(payment.account_id)?.account
      const found = audit({
        payment,
        payments,
        view,
        shown,
        books,
        orderCancelledAt: cancelledAt,
        readResult: readResults.get(payment.id) ?? null,
        provider: account?.providerId ?? brandAs<ProviderId>(`pp_kobbopay_${payment.account_id}`),
        captureOn: account?.options.captureOn ?? "confirmed",
        renewForMs: account?.options.expiry.renewForMs ?? NEVER_DUE_MS,
        cancelOrderAfterMs: account?.options.expiry.cancelOrderAfterMs ?? NEVER_DUE_MS,
        now: deps.now(),
      })
      return [payment.id, { payment, found }]
    }),
  )
}

/** Opens, refreshes or closes a payment's exception `drift`: one for all that contradicts it. */
export async function keepContradictions(
  deps: Deps,
  { payment, found }: { payment: PaymentRow; found: readonly Contradiction[] },
): Promise<void> {
  const [gravest] = found
  if (gravest === undefined) {
    await closeCleared(deps.sql, payment.id, ["drift"], deps.now())
    return
  }
  const kinds = found.map(({ kind }) => kind).join(", ")
  const observed = { ...gravest.observed, kind: kinds }
  const isNew = await openException(
    deps.sql,
    exceptionAbout(payment, {
      class: "drift",
      expected: { ...gravest.expected },
      observed,
      fingerprint: JSON.stringify(observed),
    }),
    deps.now(),
  )
  if (isNew) {
    deps.log.warn(
      `kobbopay: payment ${payment.id} (${payment.kobbopay_id}): ${kinds}, order ${payment.order_id ?? "none"}`,
    )
  }
}

/**
 * Audits a collection that has come to rest. One of which nothing but waiting payments is known has nothing
 * that could contradict it.
 */
export async function auditAtRest(
  deps: Deps,
  collection: CollectionId,
  payments: readonly PaymentRow[],
): Promise<void> {
  const isWaiting = (one: PaymentRow) =>
    one.money_seen_at === null && one.current && one.state === "pending"
  if (payments.every(isWaiting)) return
  for (const one of (await compare(deps, collection, new Map())).values()) {
    await keepContradictions(deps, one)
  }
}
