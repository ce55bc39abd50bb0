import type { CollectionId, PaymentId } from "../domain/ids"
import { execute, type Part, type Sql } from "./sql"

/** Brings the next work of the collection forward to `at`, if it is later or was resting; `collection` gives its id. */
export const scheduling = (collection: string, at: Date): Part => ({
  text: `UPDATE kobbopay_collection SET due_at = LEAST(due_at, ?), wakes = wakes + 1 WHERE id = ${collection}`,
  bindings: [at],
})

/** Like {@link scheduling}, for money, an event, or what a person decided: before what is only due. */
export const waking = (collection: string, at: Date): Part => ({
  text: `UPDATE kobbopay_collection SET due_at = LEAST(due_at, ?), wakes = wakes + 1, urgent = true
    WHERE id = ${collection}`,
  bindings: [at],
})

/** Wakes a collection: it is worked before what is only due. Harmless while it is being worked. */
export function wakeCollection(sql: Sql, collection: CollectionId, at: Date): Promise<number> {
  const { text, bindings } = waking("?", at)
  return execute(sql, text, [...bindings, collection])
}

/** Schedules work on a payment's collection, like {@link scheduling}. */
export function scheduleCollectionOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const { text, bindings } = scheduling(
    "(SELECT collection_id FROM kobbopay_payment WHERE id = ?)",
    at,
  )
  return execute(sql, text, [...bindings, payment])
}

/** Wakes a payment's collection, like {@link wakeCollection}. */
export function wakeCollectionOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const collection = "(SELECT collection_id FROM kobbopay_payment WHERE id = ?)"
  const { text, bindings } = waking(collection, at)
  return execute(sql, text, [...bindings, payment])
}
