import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { currenciesOf, type Rail } from "../../../../kobbopay/rails"
import type { RailsAnswer } from "../../../../types/storefront"
import { appOf } from "../../../../work/app"
import { placesOf, type Place } from "./place"
import type { StoreRailsParams } from "./validators"

/**
 * What a shopper can pay with: the rails of all accounts. By choice those of one account, those with a price
 * for a currency, or those that can be chosen in a region or for a cart.
 */
export async function GET(
  req: MedusaRequest<unknown, StoreRailsParams>,
  res: MedusaResponse,
): Promise<void> {
  const { currency_code, provider_id, region_id, cart_id } = req.validatedQuery
  const places = await placesOf(req.scope, { regionId: region_id, cartId: cart_id })
  const isOffered = (providerId: string, rail: Rail) =>
    (currency_code === undefined || hasPrice(rail, currency_code)) &&
    places.every((place) => isOfferedAt(place, providerId, rail))
  const rails = appOf(req.scope)
    .accounts.filter((account) => provider_id === undefined || account.providerId === provider_id)
    .flatMap((account) =>
      account.options.rails
        .filter((rail) => isOffered(account.providerId, rail))
        .map((rail) => ({
          id: rail.id,
          provider_id: account.providerId,
          asset: rail.asset,
          network: rail.network,
          label: rail.label,
          decimals: rail.decimals,
        })),
    )
  const answer: RailsAnswer = { rails }
  res.json(answer)
}

function hasPrice(rail: Rail, currencyCode: string): boolean {
  const currencies = currenciesOf(rail)
  return currencies === null || currencies.includes(currencyCode)
}

const isOfferedAt = (place: Place, providerId: string, rail: Rail): boolean =>
  place.owesSomething && place.providers.has(providerId) && hasPrice(rail, place.currencyCode)
