import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { currenciesOf, type Rail } from "../../../../kobbopay/rails"
import type { RailsAnswer } from "../../../../types/storefront"
import { appOf } from "../../../../work/app"
import { parseInput } from "../../../../workflows/input"
import { idFilter } from "../../../filters"
import { placesOf, type Place } from "./place"

const query = z.object({
  currency_code: idFilter.transform((code) => code?.toLowerCase()),
  provider_id: idFilter,
  region_id: idFilter,
  cart_id: idFilter,
})

/**
 * What a shopper can pay with: the rails of all accounts. By choice those of one account, those with a price
 * for a currency, or those that can be chosen in a region or for a cart.
 */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const { currency_code, provider_id, region_id, cart_id } = parseInput(query, req.query)
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
