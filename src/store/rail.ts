import { brandAs, type RailId } from "../domain/ids"
import { KNOWN_TOKENS, type Rail } from "../kobbopay/rails"
import type { PaymentRow } from "./payment"

/**
 * What a rail is called, wherever somebody reads of a payment: as its account's options say today, or, where
 * the rail is no longer there, as its token or asset is known.
 * @param rails those of the payment's account; none where the account is gone
 */
export function labelOf(
  payment: Pick<PaymentRow, "rail_id" | "token" | "asset" | "network">,
  rails: readonly Pick<Rail, "id" | "token" | "label">[],
): string {
  const { rail_id: id, token, asset, network } = payment
  const rail = rails.find((one) => one.id === id && one.token === token)
  return rail?.label ?? KNOWN_TOKENS.get(token)?.label ?? `${asset} on ${network}`
}

/**
 * The rail a payment was made on, as the ledger remembers it: reads must go on when the merchant has
 * since taken the rail out of the options.
 */
export const railOf = (
  payment: Pick<PaymentRow, "rail_id" | "token" | "asset" | "network" | "decimals" | "memo">,
): Rail => ({
  id: brandAs<RailId>(payment.rail_id),
  token: payment.token,
  asset: payment.asset,
  network: payment.network,
  label: labelOf(payment, []),
  decimals: payment.decimals,
  quoteDecimals: payment.decimals,
  memo: payment.memo !== null,
  prices: {},
})
