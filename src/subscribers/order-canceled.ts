import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { brandAs, type OrderId } from "../domain/ids"
import { runtime } from "../runtime"
import { recordOrderCancelled } from "../store/cancelling"
import { appOf } from "../work/app"

/**
 * An order that awaits its payment has no Payment in Medusa, so the provider never learns that it was
 * cancelled. Money that is, or will be, on its way becomes an exception instead of a capture.
 */
export default async function orderCanceled({
  event,
  container,
}: SubscriberArgs<{ id: string }>): Promise<void> {
  const { sql, worker } = appOf(container)
  await recordOrderCancelled(sql, brandAs<OrderId>(event.data.id), runtime.now())
  worker.wake()
}

export const config: SubscriberConfig = { event: "order.canceled" }
