import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { brandAs, type OrderId } from "../domain/ids"
import { runtime } from "../runtime"
import { wakeOrder } from "../store/entitled-orders"
import { wakeCollectionsOf } from "../store/collections"
import { appOf } from "../work/app"

/** An order's lines changed, or came back: what it entitles to may have changed with them. */
export default async function orderChanged({
  event,
  container,
}: SubscriberArgs<{ order_id: string }>): Promise<void> {
  const { sql, worker } = appOf(container)
  const order = brandAs<OrderId>(event.data.order_id)
  await wakeOrder(sql, order)
  // What it asks of its payments may have changed, too.
  await wakeCollectionsOf(sql, order, runtime.now())
  worker.wake()
}

export const config: SubscriberConfig = {
  event: [
    "order.return_received",
    "order-edit.confirmed",
    "order.claim_created",
    "order.exchange_created",
  ],
}
