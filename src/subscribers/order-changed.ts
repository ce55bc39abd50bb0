import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { brandAs, type OrderId } from "../kobbopay/ids"
import { callOrder } from "../store/entitled-orders"
import { kobbopay, workerOf } from "../work/worker-of"

/** An order's lines changed, or came back: what it entitles to may have changed with them. */
export default async function orderChanged({
  event,
}: SubscriberArgs<{ order_id: string }>): Promise<void> {
  const service = kobbopay()
  await callOrder(service.sql, brandAs<OrderId>(event.data.order_id))
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
