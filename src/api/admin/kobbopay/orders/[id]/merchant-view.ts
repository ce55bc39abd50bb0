import type { AccountId, CollectionId } from "../../../../../domain/ids"
import { formatAmount } from "../../../../../domain/money"
import type { Rail } from "../../../../../kobbopay/rails"
import { acceptanceOf, actionsFor, isAboutWaiting } from "../../../../../domain/exception-actions"
import type { PaymentHistory } from "../../../../../store/history"
import { payerView } from "../../../../../store/payer-view"
import { leftToRefund } from "../../../../../store/payment"
import type { OrderPayment, Person } from "../../../../../types/order-payments"

/** What Medusa knows that a view of payments tells as well. */
export type Surroundings = {
  isCancelled: boolean
  /** What each collection of the order asks for now: decimal, store currency. */
  asks: ReadonlyMap<CollectionId, string>
  /** Names of the people who did something, by id. */
  names: ReadonlyMap<string, string>
  /** The rails of each account that is configured. */
  rails: ReadonlyMap<AccountId, readonly Rail[]>
}

/** Everyone who did something about the payments: ids of users, of API keys, or what a workflow was given. */
export const actorsOf = (histories: readonly PaymentHistory[]): string[] => {
  const all = histories.flatMap(({ payment, transitions, exceptions, refunds }) => [
    payment.accepted_by,
    ...[...transitions, ...exceptions, ...refunds].map((one) => one.actor),
  ])
  return [...new Set(all.filter((actor) => actor !== null))]
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

/**
 * A payment as a merchant sees it: what its payer may see, without the token that lets a payer look,
 * and what happened to it. No credential, no webhook body.
 */
export function merchantView(
  history: PaymentHistory,
  { isCancelled, asks, names, rails }: Surroundings,
  now: Date,
): OrderPayment {
  const { payment, transitions, exceptions, refunds, collection } = history
  const seen = payerView(payment, now, rails.get(payment.account_id) ?? [])
  const amount = (minor: bigint) => formatAmount(minor, payment.decimals)
  const named = (id: string): Person => ({ id, name: names.get(id) ?? id })
  const person = (id: string | null): Person | null => (id === null ? null : named(id))
  const leftMinor = leftToRefund(payment)
  const excessMinor =
    (payment.received_minor ?? 0n) - payment.expected_minor - payment.refunded_minor
  return {
    id: payment.id,
    account: seen.account,
    state: seen.state,
    target: payment.target,
    converged: payment.converged_at !== null,
    rail: seen.rail,
    rail_label: seen.label,
    asset: seen.asset,
    network: seen.network,
    amount: seen.amount,
    amount_received: seen.amount_received,
    store_amount: payment.store_amount,
    currency_code: payment.currency_code,
    order_asks: asks.get(payment.collection_id) ?? payment.store_amount,
    captured_at: iso(payment.captured_at),
    accepted_amount: payment.accepted_amount,
    accepted_by: person(payment.accepted_by),
    accepted_at: iso(payment.accepted_at),
    refunded: amount(payment.refunded_minor),
    left_to_refund: amount(leftMinor),
    excess: amount(excessMinor > 0n ? excessMinor : 0n),
    refunds: refunds.map((refund) => ({
      id: refund.id,
      amount: amount(refund.amount_minor),
      hash: refund.hash,
      actor: named(refund.actor),
      note: refund.note,
      at: refund.recorded_at.toISOString(),
      booked_amount: refund.store_amount,
      state: refund.state,
    })),
    address: seen.address,
    memo: seen.memo,
    reference: seen.reference,
    kobbopay_id: seen.kobbopay_id,
    transfers: payment.transfers.map((transfer) => ({
      hash: transfer.hash === "" ? (transfer.trackerId ?? "") : transfer.hash,
      amount: amount(transfer.amountMinor),
    })),
    created_at: payment.created_at.toISOString(),
    window_ends_at: seen.expires_at,
    ended: seen.ended,
    last_read_at: iso(payment.last_read_at),
    next_check_at: iso(payment.next_check_at),
    last_error: payment.last_error,
    transitions: transitions.map((change) => ({
      from: change.from_state,
      to: change.to_state,
      at: change.at.toISOString(),
      source: change.source,
      actor: person(change.actor),
      note: change.note,
      amount_received: change.received_minor === null ? null : amount(change.received_minor),
    })),
    exceptions: exceptions.map((found) => ({
      id: found.id,
      class: found.class,
      state: found.state,
      expected: found.expected,
      observed: found.observed,
      opened_at: found.opened_at.toISOString(),
      closed_at: iso(found.closed_at),
      actor: person(found.actor),
      resolution: found.resolution,
      note: found.note,
      actions: actionsFor({ ...found, payment: { orderIsOver: isCancelled, leftMinor } }),
      accepts: acceptanceOf(found.class),
      waited_for: isAboutWaiting(found.class),
    })),
    collection: {
      failures: collection?.failures ?? 0,
      last_error: collection?.last_error ?? null,
      due_at: iso(collection?.due_at ?? null),
    },
  }
}
