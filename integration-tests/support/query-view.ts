import { ContainerRegistrationKeys, promiseAll } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type CollectionId } from "../../src/domain/ids"
import { viewOf } from "../../src/store/medusa-view"
import type { World } from "./store-suite"

const amount = z.object({ value: z.string() }).transform((raw) => raw.value)
const date = z.coerce.date().nullable()
const booked = z.object({ id: z.string(), raw_amount: amount })
const payment = z.object({
  id: z.string(),
  payment_session_id: z.string().nullish(),
  provider_id: z.string(),
  raw_amount: amount,
  captured_at: date,
  canceled_at: date,
  captures: z.array(booked.extend({ created_at: z.coerce.date() })).default([]),
  refunds: z
    .array(booked.extend({ metadata: z.unknown(), created_at: z.coerce.date() }))
    .default([]),
})
const session = z.object({
  id: z.string(),
  status: z.string(),
  provider_id: z.string(),
  raw_amount: amount,
  currency_code: z.string(),
  created_at: z.coerce.date(),
})
const collectionShape = z.object({
  raw_amount: amount,
  currency_code: z.string(),
  payment_sessions: z.array(session).default([]),
  payments: z.array(payment).default([]),
})
const orderShape = z.object({
  id: z.string(),
  status: z.string(),
  created_at: z.coerce.date(),
  summary: z.object({ raw_current_order_total: amount, raw_pending_difference: amount.nullish() }),
  transactions: z
    .array(z.object({ reference: z.string().nullish(), reference_id: z.string().nullish() }))
    .default([]),
  credit_lines: z.array(z.object({ reference_id: z.string().nullish() })).default([]),
  payment_collections: z
    .array(
      z.object({
        id: z.string(),
        payments: z.array(payment).default([]),
        payment_sessions: z.array(session).default([]),
      }),
    )
    .default([]),
})

/** A collection as Medusa's own Query shows it, in the shape of our view; lists in the order of ids. */
async function queryView({ container }: World, collectionId: string) {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const first = async <S extends z.ZodType>(
    shape: S,
    entity: string,
    fields: string[],
    filters: Record<string, string>,
  ): Promise<z.output<S> | null> => {
    const { data } = await query.graph({ entity, fields, filters })
    return data[0] === undefined ? null : shape.parse(data[0])
  }
  const ofPayments = (of: string) =>
    ["", ".captures", ".refunds"].map((below) => `${of}payments${below}.*`)
  const [collection, cart, orderLink] = await promiseAll([
    first(collectionShape, "payment_collection", ["*", "payment_sessions.*", ...ofPayments("")], {
      id: collectionId,
    }),
    first(z.object({ cart_id: z.string() }), "cart_payment_collection", ["cart_id"], {
      payment_collection_id: collectionId,
    }),
    first(z.object({ order_id: z.string() }), "order_payment_collection", ["order_id"], {
      payment_collection_id: collectionId,
    }),
  ])
  if (collection === null) return null
  const fields = [
    "id",
    "status",
    "created_at",
    "transactions.*",
    "credit_lines.*",
    "summary.*",
    "payment_collections.id",
    "payment_collections.payment_sessions.*",
  ]
  const order =
    orderLink === null
      ? null
      : await first(orderShape, "order", [...fields, ...ofPayments("payment_collections.")], {
          id: orderLink.order_id,
        })
  const plain = <T extends { raw_amount: string }>({ raw_amount, ...rest }: T) => ({
    ...rest,
    amount: raw_amount,
  })
  const payments = order?.payment_collections.flatMap((one) => one.payments)
  return {
    cartId: cart?.cart_id ?? null,
    orderId: order?.id ?? null,
    order: order === null ? "none" : order.status === "canceled" ? "cancelled" : "open",
    isClosed: order?.status === "completed" || order?.status === "archived",
    placedAt: order?.created_at ?? null,
    collections: order?.payment_collections.length ?? 1,
    amount: collection.raw_amount,
    currencyCode: collection.currency_code,
    total: order?.summary.raw_current_order_total ?? collection.raw_amount,
    pending: order?.summary.raw_pending_difference ?? null,
    sessions: byId(collection.payment_sessions).map(plain),
    elsewhere: byId(
      (order?.payment_collections ?? [])
        .filter((one) => one.id !== collectionId)
        .flatMap((one) => one.payment_sessions),
    ).map(plain),
    payments: byId(payments ?? collection.payments).map((one) => ({
      ...plain(one),
      payment_session_id: one.payment_session_id ?? null,
      captures: byId(one.captures).map(plain),
      refunds: byId(one.refunds).map((refund) => ({
        ...plain(refund),
        metadata: refund.metadata ?? null,
      })),
    })),
    transactions: byReference(order?.transactions ?? []),
    creditLines: (order?.credit_lines ?? []).map((line) => line.reference_id ?? null).sort(),
  }
}

const byId = <T extends { id: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => a.id.localeCompare(b.id))

const byReference = (
  list: readonly {
    reference?: string | null | undefined
    reference_id?: string | null | undefined
  }[],
) =>
  list
    .map(({ reference, reference_id }) => ({
      reference: reference ?? null,
      reference_id: reference_id ?? null,
    }))
    .sort((a, b) => String(a.reference_id).localeCompare(String(b.reference_id)))

/** What the worker reads from Medusa's tables is what Medusa's Query says of them. */
export async function viewIsMedusas(world: World, collectionId: string): Promise<void> {
  const ours = await viewOf(world.service.sql, brandAs<CollectionId>(collectionId))
  const sorted =
    ours === null
      ? null
      : {
          ...ours,
          sessions: byId(ours.sessions),
          elsewhere: byId(ours.elsewhere),
          payments: byId(ours.payments).map((one) => ({
            ...one,
            captures: byId(one.captures),
            refunds: byId(one.refunds),
          })),
          transactions: byReference(ours.transactions),
          creditLines: [...ours.creditLines].sort(),
        }
  expect(sorted).toEqual(await queryView(world, collectionId))
}
