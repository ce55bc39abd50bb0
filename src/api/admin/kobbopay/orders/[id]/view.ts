import { formatAmount } from "../../../../../kobbopay/money"
import type { PaymentHistory } from "../../../../../store/history"
import { payerView } from "../../../../../store/payer-view"
import type { OrderPayment } from "../../../../../types/order-payments"

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

/**
 * A payment as a merchant sees it: what its payer may see, without the token that lets a payer look,
 * and what happened to it. No credential, no webhook body.
 */
export function merchantView(history: PaymentHistory, now: Date): OrderPayment {
  const { payment, transitions, exceptions, group } = history
  const seen = payerView(payment, now)
  const amount = (minor: bigint) => formatAmount(minor, payment.decimals)
  return {
    id: payment.id,
    account: seen.account,
    state: seen.state,
    want: payment.want,
    converged: payment.converged_at !== null,
    rail: seen.rail,
    rail_label: seen.label,
    asset: seen.asset,
    network: seen.network,
    amount: seen.amount,
    amount_received: seen.amount_received,
    store_amount: payment.store_amount,
    currency_code: payment.currency_code,
    address: seen.address,
    memo: seen.memo,
    reference: seen.reference,
    kobbopay_id: seen.kobbopay_id,
    transfers: payment.transfers.map((transfer) => ({
      hash: transfer.hash,
      amount: amount(transfer.amountMinor),
    })),
    created_at: payment.created_at.toISOString(),
    window_ends_at: seen.expires_at,
    ended: seen.ended,
    last_read_at: iso(payment.last_read_at),
    next_look_at: iso(payment.next_look_at),
    last_error: payment.last_error,
    transitions: transitions.map((change) => ({
      from: change.from_state,
      to: change.to_state,
      at: change.at.toISOString(),
      source: change.source,
      amount_received: change.received_minor === null ? null : amount(change.received_minor),
    })),
    exceptions: exceptions.map((found) => ({
      class: found.class,
      state: found.state,
      expected: found.expected,
      observed: found.observed,
      opened_at: found.opened_at.toISOString(),
      closed_at: iso(found.closed_at),
      resolution: found.resolution,
    })),
    group: {
      failures: group?.failures ?? 0,
      last_error: group?.last_error ?? null,
      due_at: iso(group?.due_at ?? null),
    },
  }
}
