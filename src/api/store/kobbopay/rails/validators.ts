import { z } from "@medusajs/framework/zod"
import { idFilter } from "../../../filters"

/** A storefront may send parameters of its own with it: Medusa refuses what a plain object does not name. */
export const storeRailsParams = z
  .object({
    currency_code: idFilter.transform((code) => code?.toLowerCase()),
    provider_id: idFilter,
    region_id: idFilter,
    cart_id: idFilter,
  })
  .transform((filters) => filters)
export type StoreRailsParams = z.output<typeof storeRailsParams>
