import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { brandAs, type OrderId } from "../domain/ids"
import { runtime } from "../runtime"
import { recordOrderCancelled } from "../store/cancelling"
import { kobbopay, workerOf } from "../work/worker-of"

/**
 * An order that awaits its payment has no Payment in Medusa, so the provider never learns that it was
 * cancelled. Money that is, or will be, on its way becomes an exception instead of a capture.
 */
export default async function orderCanceled({
  event,
}: SubscriberArgs<{ id: string }>): Promise<void> {
  const service = kobbopay()
  await recordOrderCancelled(service.sql, brandAs<OrderId>(event.data.id), runtime.now())
  workerOf(service).wake()
}

export const config: SubscriberConfig = { event: "order.canceled" }
