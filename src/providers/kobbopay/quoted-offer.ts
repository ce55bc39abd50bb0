import { environmentOf } from "../../kobbopay/environment"
import { AmountError } from "../../domain/money"
import { newPublicToken, newReference } from "../../domain/reference"
import { NoPriceError, PriceSourceError, quote, type Rail } from "../../kobbopay/rails"
import type { Offer } from "../../store/creation"
import type { Checkout } from "./checkout-deps"
import type { OfferKey } from "./choice"
import { noPriceNow, logPriceFailure } from "./prices"
import { invalid } from "./refusals"

type Quoting = Pick<Checkout, "account" | "log" | "now">

/**
 * A new offer on a rail: what the store's amount comes to there, under a reference of its own, until its window ends.
 *
 * @throws MedusaError, in words for the shopper, where the rail has no price for it
 */
export async function offerOf(checkout: Quoting, rail: Rail, asked: OfferKey): Promise<Offer> {
  const { amountMinor, price } = await quoteOrRefuse(checkout, rail, asked)
  return {
    ...asked,
    environment: environmentOf(checkout.account),
    reference: newReference(),
    publicToken: newPublicToken(),
    token: rail.token,
    asset: rail.asset,
    network: rail.network,
    decimals: rail.decimals,
    expectedMinor: amountMinor,
    price,
    windowEndsAt: new Date(checkout.now().getTime() + checkout.account.options.expiry.windowMs),
  }
}

const NOTHING_TO_PAY =
  "There is nothing to pay for this order, so it cannot be paid with crypto. Place it without a payment, or choose another way."

async function quoteOrRefuse(
  checkout: Quoting,
  rail: Rail,
  requested: Pick<OfferKey, "storeAmount" | "currencyCode">,
) {
  try {
    return await quote(rail, requested)
  } catch (cause) {
    if (cause instanceof PriceSourceError) {
      logPriceFailure(checkout, rail, requested.currencyCode, cause)
      throw noPriceNow(rail)
    }
    if (cause instanceof AmountError) throw invalid(NOTHING_TO_PAY)
    if (!(cause instanceof NoPriceError)) throw cause
    const others = checkout.account.options.rails.filter((other) => other.id !== rail.id)
    const hint =
      others.length === 0 ? "" : `. Other rails: ${others.map((one) => one.id).join(", ")}`
    throw invalid(`${cause.message}${hint}`)
  }
}
