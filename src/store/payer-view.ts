import { formatAmount } from "../domain/money"
import type { Rail } from "../kobbopay/rails"
import type { PayerView } from "../types/storefront"
import type { PaymentRow } from "./payment"
import { labelOf } from "./rail"

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
