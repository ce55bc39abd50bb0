import { z } from "@medusajs/framework/zod"
import type { PaymentId } from "../domain/ids"
import { dueOrders } from "./entitled-orders"
import { idColumn, type PaymentRow } from "./payment"
import { execute, minorColumn, newId, rows, type Sql } from "./sql"

const transitionRow = z.object({
  payment_id: idColumn<PaymentId>(),
  from_state: z.string(),
  to_state: z.string(),
  source: z.string(),
  actor: z.string().nullable(),
  note: z.string().nullable(),
  received_minor: minorColumn.nullable(),
  at: z.date(),
})
export type TransitionRow = z.output<typeof transitionRow>

/** What happened to payments, the oldest first. */
export const transitionsOf = (sql: Sql, payments: readonly PaymentId[]): Promise<TransitionRow[]> =>
  rows(
    sql,
    transitionRow,
    `SELECT payment_id, from_state, to_state, source, actor, note, received_minor, at
       FROM kobbopay_transition
      WHERE payment_id = ANY(?::text[]) AND deleted_at IS NULL ORDER BY at, id`,
    [[...payments]],
  )

export type NewTransition = {
  paymentId: PaymentId
  from: string
  to: string
  source: "read" | "checkout" | "event" | "clock" | "admin"
  receivedMinor: bigint | null
  at: Date
  /** The person who did it, and what they said. */
  actor?: string
  note?: string | null
}

/** Adds to a payment's history, and wakes the entitlements of its order. */
export const insertTransition = (sql: Sql, change: NewTransition): Promise<number> =>
  execute(
    sql,
    `WITH moved AS (INSERT INTO kobbopay_transition
       (id, payment_id, from_state, to_state, source, received_minor, at, actor, note)
     VALUES (:id, :payment_id, :from, :to, :source, :received_minor, :at, :actor, :note) RETURNING payment_id)
     ${dueOrders("(SELECT p.order_id FROM kobbopay_payment p JOIN moved ON p.id = moved.payment_id) AS paid")}`,
    {
      id: newId("kptr"),
      payment_id: change.paymentId,
      from: change.from,
      to: change.to,
      source: change.source,
      received_minor: change.receivedMinor?.toString() ?? null,
      at: change.at,
      actor: change.actor ?? null,
      note: change.note ?? null,
    },
  )

/** Adds what a person did about a payment, which keeps its state unless `to` names another one. */
export const insertAdminTransition = (
  sql: Sql,
  payment: Pick<PaymentRow, "id" | "state" | "received_minor">,
  by: { actor: string; note: string | null; at: Date; to?: string },
): Promise<number> =>
  insertTransition(sql, {
    paymentId: payment.id,
    from: payment.state,
    to: by.to ?? payment.state,
    source: "admin",
    receivedMinor: payment.received_minor,
    at: by.at,
    actor: by.actor,
    note: by.note,
  })
