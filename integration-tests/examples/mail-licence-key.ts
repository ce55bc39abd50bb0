import { createHmac } from "node:crypto"
import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"

type Released = { id: string; order_id: string; quantity: number; key: string }

const sold = z.tuple([z.object({ title: z.string(), order: z.object({ email: z.string() }) })])

/** Mails a licence key for each unit that was released. */
export default async function mailLicenceKey({ event, container }: SubscriberArgs<Released>) {
  const { id, quantity, key } = event.data
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "kobbopay_entitlement",
    fields: ["title", "order.email"],
    filters: { id },
  })
  const [{ title, order }] = sold.parse(data)
  await container.resolve(Modules.NOTIFICATION).createNotifications({
    to: order.email,
    channel: "email",
    template: "licence-key",
    // The event may come more than once, always under the same key: it is mailed once.
    idempotency_key: key,
    data: { title, keys: Array.from({ length: quantity }, (_, unit) => licenceKey(key, unit)) },
  })
}

/** The same for the same unit, however often it is asked for. */
const licenceKey = (key: string, unit: number): string =>
  createHmac("sha256", process.env.LICENCE_SECRET ?? "only for this example")
    .update(`${key}:${unit}`)
    .digest("hex")

export const config: SubscriberConfig = { event: "kobbopay.entitlement.released" }
