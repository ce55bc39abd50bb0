import type { CollectionId, PaymentId } from "../kobbopay/ids"
import { execute, type Part, type Sql } from "./sql"

/** Brings the next work of the group forward to `at`, if it is later or was resting; `group` gives its id. */
export const waking = (group: string, at: Date): Part => ({
  text: `UPDATE kobbopay_group SET due_at = LEAST(due_at, ?), wakes = wakes + 1 WHERE id = ${group}`,
  bindings: [at],
})

/** Like {@link waking}, for money, an event, or what a person decided: before what is only due. */
export const calling = (group: string, at: Date): Part => ({
  text: `UPDATE kobbopay_group SET due_at = LEAST(due_at, ?), wakes = wakes + 1, urgent = true
    WHERE id = ${group}`,
  bindings: [at],
})

/** Calls for work on a group, before what is only due; harmless when it is being worked already. */
export function wakeGroup(sql: Sql, collection: CollectionId, at: Date): Promise<number> {
  const { text, bindings } = calling("?", at)
  return execute(sql, text, [...bindings, collection])
}

/** Calls for work on a payment's group, like {@link wakeGroup}. */
export function scheduleGroupOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const { text, bindings } = waking("(SELECT collection_id FROM kobbopay_payment WHERE id = ?)", at)
  return execute(sql, text, [...bindings, payment])
}

/** Calls for work on a payment's group, before what is only due. */
export function callGroupOf(sql: Sql, payment: PaymentId, at: Date): Promise<number> {
  const group = "(SELECT collection_id FROM kobbopay_payment WHERE id = ?)"
  const { text, bindings } = calling(group, at)
  return execute(sql, text, [...bindings, payment])
}
