import {
  createProductsWorkflow,
  createPromotionsWorkflow,
  createRegionsWorkflow,
  createTaxRegionsWorkflow,
  updateStoresWorkflow,
} from "@medusajs/medusa/core-flows"
import { Modules, ProductStatus } from "@medusajs/framework/utils"
import fc from "fast-check"
import { z } from "@medusajs/framework/zod"
import { MEDDLED } from "./store-accounts"
import type { World } from "./store-suite"

/** Regions that differ in what amounts are made of: fraction digits, and whether prices hold the tax. */
const MARKETS = [
  { currency: "eur", country: "fr", rate: 7, inclusive: true },
  { currency: "usd", country: "ca", rate: 8.875, inclusive: false },
  { currency: "jpy", country: "jp", rate: 10, inclusive: true },
  { currency: "kwd", country: "kw", rate: 5, inclusive: false },
] as const
type Market = { regionId: string; country: string; currency: string }

const PROMOTIONS = [
  { code: "THIRD", type: "percentage", value: 33 },
  { code: "SEVENTH", type: "percentage", value: 14.2857 },
  { code: "ODD", type: "fixed", value: 3.33 },
] as const

/** Prices as merchants write them; Medusa keeps every digit that taxes and promotions add. */
const PRICES = ["9.90", "10.50", "0.07", "19.99", "129.95", "3.333"]

export type Shelves = { markets: Market[]; variants: string[] }

/** Stocks the store with what random carts are made of: markets, articles to download, promotions. */
export async function stockShelves({ container, store }: World): Promise<Shelves> {
  const [shop] = await container.resolve(Modules.STORE).listStores({}, {})
  await updateStoresWorkflow(container).run({
    input: {
      selector: { id: shop?.id ?? "" },
      update: {
        supported_currencies: MARKETS.map(({ currency }) => ({
          currency_code: currency,
          is_default: currency === "usd",
        })),
      },
    },
  })
  const pricing = container.resolve(Modules.PRICING)
  const known = await pricing.listPricePreferences({ attribute: "currency_code" })
  for (const { currency, inclusive } of MARKETS) {
    const { id } = known.find(({ value }) => value === currency) ?? {}
    await pricing.upsertPricePreferences({
      ...(id === undefined ? {} : { id }),
      attribute: "currency_code",
      value: currency,
      is_tax_inclusive: inclusive,
    })
  }
  const { result: regions } = await createRegionsWorkflow(container).run({
    input: {
      regions: MARKETS.map(({ currency, country }) => ({
        name: `Market ${country}`,
        currency_code: currency,
        countries: [country],
        payment_providers: [MEDDLED],
      })),
    },
  })
  await createTaxRegionsWorkflow(container).run({
    input: MARKETS.map(({ country, rate }) => ({
      country_code: country,
      provider_id: "tp_system",
      default_tax_rate: { name: "VAT", code: `vat-${country}`, rate },
    })),
  })
  await createPromotionsWorkflow(container).run({
    input: {
      promotionsData: PROMOTIONS.flatMap(({ code, type, value }) =>
        MARKETS.map(({ currency }) => ({
          code: `${code}-${currency}`.toUpperCase(),
          type: "standard" as const,
          status: "active" as const,
          application_method: {
            type,
            value,
            target_type: "items" as const,
            allocation: "each" as const,
            max_quantity: 100,
            currency_code: currency,
          },
        })),
      ),
    },
  })
  const { result: products } = await createProductsWorkflow(container).run({
    input: {
      products: [
        {
          title: "Licence",
          handle: "licence",
          status: ProductStatus.PUBLISHED,
          sales_channels: [{ id: store.salesChannelId }],
          options: [{ title: "Seats", values: PRICES }],
          variants: PRICES.map((price, index) => ({
            title: price,
            sku: `LICENCE-${index}`,
            manage_inventory: false,
            options: { Seats: price },
            prices: MARKETS.map(({ currency }) => ({
              currency_code: currency,
              // A yen has no fraction.
              amount: currency === "jpy" ? Math.ceil(Number(price) * 150) : Number(price),
            })),
          })),
        },
      ],
    },
  })
  return {
    markets: MARKETS.map(({ currency, country }, index) => ({
      currency,
      country,
      regionId: regions[index]?.id ?? "",
    })),
    variants: (products[0]?.variants ?? []).map((variant) => variant.id),
  }
}

/** A cart as chance fills it. */
type RandomCart = {
  market: number
  lines: { variant: number; quantity: number }[]
  promotion: string | null
}

export const randomCart: fc.Arbitrary<RandomCart> = fc.record({
  market: fc.nat({ max: MARKETS.length - 1 }),
  lines: fc.array(
    fc.record({
      variant: fc.nat({ max: PRICES.length - 1 }),
      quantity: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  promotion: fc.option(fc.constantFrom(...PROMOTIONS.map(({ code }) => code)), { nil: null }),
})

const idOf = <K extends string>(key: K) =>
  z.record(z.literal(key), z.object({ id: z.string() })).transform((answer) => answer[key].id)

/** Fills such a cart in the store, and returns its id. */
export async function fillCart(
  { shopper }: World,
  { markets, variants }: Shelves,
  content: RandomCart,
): Promise<string> {
  const market = markets[content.market]
  if (market === undefined) throw new Error(`there is no market ${content.market}`)
  return shopper.call("/store/carts", idOf("cart"), {
    body: {
      region_id: market.regionId,
      email: "shopper@example.com",
      items: content.lines.map(({ variant, quantity }) => ({
        variant_id: variants[variant],
        quantity,
      })),
      promo_codes:
        content.promotion === null ? [] : [`${content.promotion}-${market.currency}`.toUpperCase()],
      shipping_address: {
        first_name: "Sam",
        last_name: "Shopper",
        address_1: "12 Main Street",
        city: "Somewhere",
        postal_code: "97201",
        country_code: market.country,
      },
    },
  })
}
