import type { CollectionId, OrderId, PaymentId } from "../domain/ids"
import { execute, type Part, type Sql } from "./sql"

/** Due at `:wake_at`, if it was to be worked later or not at all. */
const SCHEDULED = "due_at = LEAST(due_at, :wake_at), wakes = wakes + 1"
/** Like {@link SCHEDULED}, and before what is only due. */
export const WOKEN = `${SCHEDULED}, urgent = true`

/** Brings the next work of the collection forward to `at`, if it is later or was resting; `collection` gives its id. */
export const scheduling = (collection: string, at: Date): Part => ({
  text: `UPDATE kobbopay_collection SET ${SCHEDULED} WHERE id = ${collection}`,
  bindings: { wake_at: at },
})

/** Like {@link scheduling}, for money, an event, or what a person decided: before what is only due. */
export const waking = (collection: string, at: Date): Part => ({
  text: `UPDATE kobbopay_collection SET ${WOKEN} WHERE id = ${collection}`,
  bindings: { wake_at: at },
})

const COLLECTION_OF_PAYMENT = "(SELECT collection_id FROM kobbopay_payment WHERE id = :payment_id)"

/** The collections of the order `:order_id`, as the ledger knows them. */
export const COLLECTIONS_OF_ORDER =
  "(SELECT collection_id FROM kobbopay_payment WHERE order_id = :order_id AND deleted_at IS NULL)"

/** Wakes a collection: it is worked before what is only due. Harmless while it is being worked. */
export function wakeCollection(sql: Sql, collection: CollectionId, at: Date): Promise<number> {
  const { text, bindings } = waking(":collection_id", at)
  return execute(sql, text, { ...bindings, collection_id: collection })
}

/** Schedules work on a payment's collection, like {@link scheduling}. */
export function scheduleCollectionOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const { text, bindings } = scheduling(COLLECTION_OF_PAYMENT, at)
  return execute(sql, text, { ...bindings, payment_id: payment })
}

/** Wakes a payment's collection, like {@link wakeCollection}. */
export function wakeCollectionOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const { text, bindings } = waking(COLLECTION_OF_PAYMENT, at)
  return execute(sql, text, { ...bindings, payment_id: payment })
}

/** Wakes every collection of an order: what Medusa shows of it has changed. */
export const wakeCollectionsOf = (sql: Sql, order: OrderId, at: Date): Promise<number> =>
  execute(sql, `UPDATE kobbopay_collection SET ${WOKEN} WHERE id IN ${COLLECTIONS_OF_ORDER}`, {
    wake_at: at,
    order_id: order,
  })

/** Wakes the other collections of an order than this one. */
export const wakeOthers = (
  sql: Sql,
  order: OrderId,
  { collectionId }: { collectionId: CollectionId },
  at: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_collection SET ${WOKEN}
      WHERE id <> :collection_id AND id IN ${COLLECTIONS_OF_ORDER}`,
    { wake_at: at, order_id: order, collection_id: collectionId },
  )
