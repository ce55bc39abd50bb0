import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type OrderId } from "../domain/ids"
import { linkOrder } from "../store/ledger"
import { idColumn } from "../store/payment"
import type { CollectionId } from "../domain/ids"
import { runtime } from "../runtime"
import { appOf } from "../work/app"

const links = z.array(z.object({ payment_collection_id: idColumn<CollectionId>() }))

/**
 * Writes a placed order's id on the payments of its collection, so that they are found by it, and works
 * its entitlements.
 */
export default async function orderPlaced({
  event,
  container,
}: SubscriberArgs<{ id: string }>): Promise<void> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "order_payment_collection",
    fields: ["payment_collection_id"],
    filters: { order_id: event.data.id },
  })
  const { sql, worker } = appOf(container)
  for (const link of links.parse(data)) {
    await linkOrder(
      sql,
      link.payment_collection_id,
      { cart: null, order: brandAs<OrderId>(event.data.id) },
      runtime.now(),
    )
  }
  worker.wake()
}

export const config: SubscriberConfig = { event: "order.placed" }
