import { z } from "@medusajs/framework/zod"
import { idFilter } from "../../../filters"

export const storeRailsParams = z.object({
  currency_code: idFilter.transform((code) => code?.toLowerCase()),
  provider_id: idFilter,
  region_id: idFilter,
  cart_id: idFilter,
})
export type StoreRailsParams = z.output<typeof storeRailsParams>
