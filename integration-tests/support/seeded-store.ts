import { z } from "@medusajs/framework/zod"

/** The payment provider's id in Medusa, of the one account that `medusa-config.ts` configures. */
export const KOBBOPAY_PROVIDER = "pp_kobbopay_kobbopay"

const seededProductSchema = z.object({
  productId: z.string(),
  variantId: z.string(),
  inventoryItemId: z.string(),
})
export type SeededProduct = z.infer<typeof seededProductSchema>

export const seededStoreSchema = z.object({
  /** Sells in usd to the United States. */
  regionId: z.string(),
  /** Sells in eur to Germany. */
  euroRegionId: z.string(),
  salesChannelId: z.string(),
  /** For the header `x-publishable-api-key`. */
  publishableKey: z.string(),
  locationId: z.string(),
  shippingOptionId: z.string(),
  /** Kobbopay shirt: shipped, 24.00 usd. */
  physical: seededProductSchema,
  /** E-book: nothing to ship, 10.50 usd. */
  digital: seededProductSchema,
})
export type SeededStore = z.infer<typeof seededStoreSchema>
