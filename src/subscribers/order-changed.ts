import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { brandAs, type OrderId } from "../domain/ids"
import { runtime } from "../runtime"
import { wakeOrder } from "../store/entitled-orders"
import { wakeCollectionsOf } from "../store/collections"
import { kobbopay, workerOf } from "../work/worker-of"

/** An order's lines changed, or came back: what it entitles to may have changed with them. */
export default async function orderChanged({
  event,
}: SubscriberArgs<{ order_id: string }>): Promise<void> {
  const service = kobbopay()
  const order = brandAs<OrderId>(event.data.order_id)
  await wakeOrder(service.sql, order)
  // What it asks of its payments may have changed, too.
  await wakeCollectionsOf(service.sql, order, runtime.now())
  workerOf(service).wake()
}

export const config: SubscriberConfig = {
  event: [
    "order.return_received",
    "order-edit.confirmed",
    "order.claim_created",
    "order.exchange_created",
  ],
}
