import { brandAs, type RailId } from "../kobbopay/ids"
import type { Rail } from "../kobbopay/rails"
import type { PaymentRow } from "./payment"

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
  label: `${payment.asset} (${payment.network})`,
  decimals: payment.decimals,
  quoteDecimals: payment.decimals,
  memo: payment.memo !== null,
  prices: {},
})
