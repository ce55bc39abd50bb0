import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"

const found = z.array(z.object({ id: z.string() }))

/** Ids of a customer's placed orders as they are now; of all, or of the one asked for if it is theirs. */
export async function ordersOfCustomer(
  container: MedusaContainer,
  customer: string,
  asked?: string,
): Promise<string[]> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "order",
    fields: ["id"],
    filters: {
      customer_id: customer,
      is_draft_order: false,
      ...(asked === undefined ? {} : { id: asked }),
    },
  })
  return found.parse(data).map(({ id }) => id)
}
