import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { OrderId } from "../domain/ids"
import { wakeOrder } from "../store/entitled-orders"
import { runtime } from "../runtime"
import { wakeCollectionsOf } from "../store/collections"
import { idColumn } from "../store/payment"
import { appOf } from "../work/app"

const payments = z.array(z.object({ payment_collection_id: z.string() }))
const links = z.array(z.object({ order_id: idColumn<OrderId>() }))

/** A payment of an order, of whatever provider, was captured or refunded. */
export default async function paymentChanged({
  event,
  container,
}: SubscriberArgs<{ id: string }>): Promise<void> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data: found } = await query.graph({
    entity: "payment",
    fields: ["payment_collection_id"],
    filters: { id: event.data.id },
  })
  const { data } = await query.graph({
    entity: "order_payment_collection",
    fields: ["order_id"],
    filters: {
      payment_collection_id: payments.parse(found).map((one) => one.payment_collection_id),
    },
  })
  const { sql, worker } = appOf(container)
  for (const { order_id: order } of links.parse(data)) {
    await wakeOrder(sql, order)
    // It may be the second one that pays for the order.
    await wakeCollectionsOf(sql, order, runtime.now())
  }
  worker.wake()
}

export const config: SubscriberConfig = { event: ["payment.captured", "payment.refunded"] }
