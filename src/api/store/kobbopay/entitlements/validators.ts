import { z } from "@medusajs/framework/zod"
import { createFindParams } from "@medusajs/medusa/api/utils/validators"
import { idFilter, orderBy, pageOf } from "../../../filters"
import { customerFields } from "./query-config"

export const storeEntitlementsParams = createFindParams({
  limit: 20,
  offset: 0,
  order: "-created_at",
}).merge(
  z.object({
    ...pageOf(100),
    order: orderBy(customerFields, "-created_at"),
    order_id: idFilter,
  }),
)
export type StoreEntitlementsParams = z.output<typeof storeEntitlementsParams>
