import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { createOrderFulfillmentWorkflow } from "@medusajs/medusa/core-flows"
import type { Line } from "../domain/entitlements"
import type { CollectionId, LineItemId, OrderId, ProviderId, SessionId } from "../domain/ids"
import { idColumn } from "../store/payment"
import type { EntitlementEventData } from "../types/storefront"
import { dropCutOff } from "./cut-off"

const amount = z.object({ value: z.string() }).transform((raw) => raw.value)
/** A part of a unit counts as one. */
const units = amount.transform((value) => Math.ceil(Number(value)))

const paymentShape = z.object({
  payment_session_id: idColumn<SessionId>().nullish(),
  provider_id: idColumn<ProviderId>(),
  raw_amount: amount,
  canceled_at: z.coerce.date().nullable(),
  captures: z.array(z.object({ raw_amount: amount })).default([]),
  refunds: z.array(z.object({ raw_amount: amount })).default([]),
})
const lineShape = z.object({
  id: idColumn<LineItemId>(),
  title: z.string(),
  product_title: z.string().nullish(),
  variant_title: z.string().nullish(),
  product_id: z.string().nullish(),
  variant_id: z.string().nullish(),
  requires_shipping: z.boolean(),
  detail: z.object({
    raw_quantity: units,
    raw_fulfilled_quantity: units,
    raw_return_received_quantity: units,
  }),
})
const orderShape = z.object({
  id: idColumn<OrderId>(),
  status: z.string(),
  currency_code: z.string(),
  created_at: z.coerce.date(),
  summary: z.object({ raw_current_order_total: amount }),
  credit_lines: z.array(z.object({ raw_amount: amount })).nullish(),
  items: z.array(lineShape).default([]),
  payment_collections: z
    .array(
      z.object({
        id: idColumn<CollectionId>(),
        payments: z.array(paymentShape).default([]),
      }),
    )
    .default([]),
})
const productShape = z.object({
  id: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
})

/** A line of an order with all that its entitlement says of it. */
export type SoldLine = Line & {
  title: string
  variantTitle: string | null
  productId: string | null
  variantId: string | null
  fulfilled: number
}

/** An order as its entitlements see it. Amounts: decimal strings, store currency. */
export type EntitledOrderView = {
  cancelled: boolean
  placedAt: Date
  currencyCode: string
  total: string
  /** What credit lines took off the total. */
  credited: string[]
  lines: SoldLine[]
  collections: CollectionId[]
  /** Of whatever provider. */
  payments: {
    session: SessionId | null
    provider: ProviderId
    authorized: string
    captured: string[]
    refunded: string[]
  }[]
}

export type EntitlementEvent = { name: string; data: EntitlementEventData }

/** Medusa as the entitlements see it: a look at an order, its event bus, and its fulfilments. */
export type EntitlementSide = {
  /** Null when there is no such order. */
  order(id: OrderId): Promise<EntitledOrderView | null>
  emit(events: readonly EntitlementEvent[]): Promise<void>
  fulfil(order: OrderId, items: { id: LineItemId; quantity: number }[]): Promise<void>
}

const FIELDS = [
  "id",
  "status",
  "currency_code",
  "created_at",
  "summary.*",
  "credit_lines.*",
  "items.*",
  "items.detail.*",
  "payment_collections.id",
  "payment_collections.payments.*",
  "payment_collections.payments.captures.*",
  "payment_collections.payments.refunds.*",
]

export function entitlementSide(container: MedusaContainer, now: () => Date): EntitlementSide {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const bus = container.resolve(Modules.EVENT_BUS)

  const metadataOf = async (products: readonly string[]) => {
    if (products.length === 0) return new Map<string, Line["productMetadata"]>()
    const { data } = await query.graph({
      entity: "product",
      fields: ["id", "metadata"],
      filters: { id: [...new Set(products)] },
    })
    return new Map(
      z
        .array(productShape)
        .parse(data)
        .map(({ id, metadata }) => [id, metadata]),
    )
  }

  return {
    async order(id) {
      const { data } = await query.graph({ entity: "order", fields: FIELDS, filters: { id } })
      if (data[0] === undefined) return null
      const order = orderShape.parse(data[0])
      const metadata = await metadataOf(order.items.flatMap((line) => line.product_id ?? []))
      return {
        cancelled: order.status === "canceled",
        placedAt: order.created_at,
        currencyCode: order.currency_code,
        total: order.summary.raw_current_order_total,
        credited: (order.credit_lines ?? []).map((one) => one.raw_amount),
        lines: order.items.map((line) => ({
          id: line.id,
          quantity: line.detail.raw_quantity,
          returned: line.detail.raw_return_received_quantity,
          fulfilled: line.detail.raw_fulfilled_quantity,
          requiresShipping: line.requires_shipping,
          productMetadata: metadata.get(line.product_id ?? "") ?? null,
          title: line.product_title ?? line.title,
          variantTitle: line.variant_title ?? null,
          productId: line.product_id ?? null,
          variantId: line.variant_id ?? null,
        })),
        collections: order.payment_collections.map((one) => one.id),
        payments: order.payment_collections.flatMap(({ payments }) =>
          payments.map((one) => ({
            session: one.payment_session_id ?? null,
            provider: one.provider_id,
            authorized: one.canceled_at === null ? one.raw_amount : "0",
            captured: one.captures.map((capture) => capture.raw_amount),
            refunded: one.refunds.map((refund) => refund.raw_amount),
          })),
        ),
      }
    },

    async emit(events) {
      await bus.emit(events.map(({ name, data }) => ({ name, data })))
    },

    async fulfil(order, items) {
      await dropCutOff(container, order, now())
      await createOrderFulfillmentWorkflow(container).run({
        input: { order_id: order, items, created_by: "kobbopay" },
      })
    },
  }
}
