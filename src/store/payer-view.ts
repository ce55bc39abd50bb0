import { formatAmount } from "../kobbopay/money"
import type { Rail } from "../kobbopay/rails"
import type { PaymentState } from "../kobbopay/reading"
import type { PaymentRow } from "./payment"
import { labelOf } from "./rail"

/** What the payer of a payment may see: the session's data and the status route say this and no more. */
export type PayerView = {
  token: string
  account: string
  rail: string
  asset: string
  network: string
  label: string
  /** Decimal string, units of the asset. */
  amount: string
  /** Decimal string, units of the asset; null when nothing is known to have arrived. */
  amount_received: string | null
  decimals: number
  address: string | null
  memo: string | null
  /** Our reference at Kobbopay, for a question to the merchant. */
  reference: string
  kobbopay_id: string | null
  state: PaymentState
  /** When the offer ends, ISO 8601. */
  expires_at: string
  /** Nothing is to be paid, or to be waited for, any more: confirmed, expired, failed, or outside its window without money. */
  ended: boolean
}

/** @param rails those of the payment's account, as its options have them */
export function payerView(
  payment: PaymentRow,
  now: Date,
  rails: readonly Pick<Rail, "id" | "token" | "label">[],
): PayerView {
  const unpaid = payment.state === "pending" || payment.state === "creating"
  return {
    token: payment.public_token,
    account: payment.account_id,
    rail: payment.rail_id,
    asset: payment.asset,
    network: payment.network,
    label: labelOf(payment, rails),
    amount: formatAmount(payment.expected_minor, payment.decimals),
    amount_received:
      payment.received_minor === null
        ? null
        : formatAmount(payment.received_minor, payment.decimals),
    decimals: payment.decimals,
    address: payment.address,
    memo: payment.memo,
    reference: payment.reference,
    kobbopay_id: payment.kobbopay_id,
    state: payment.state,
    expires_at: payment.window_ends_at.toISOString(),
    ended:
      payment.state === "confirmed" ||
      payment.state === "expired" ||
      payment.state === "failed" ||
      (unpaid && payment.window_ends_at <= now),
  }
}
