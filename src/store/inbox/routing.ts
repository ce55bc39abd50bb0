import { z } from "@medusajs/framework/zod"
import type { AccountId, CollectionId, EventRowId, KobbopayId, PaymentId } from "../../domain/ids"
import { idColumn } from "../payment"
import { execute, rows, type Part, type Sql } from "../sql"
import { EVENT, eventRow } from "./queue"

/** Where an event belongs, and when it is worked. */
export type Route = {
  eventId: EventRowId
  paymentId: PaymentId
  collectionId: CollectionId
  at: Date
}

/** Whether an event reports of a payment what another one did that was worked before. */
const repeating = (payment: string, event: string) =>
  `EXISTS (SELECT 1 FROM kobbopay_event w WHERE w.payment_id = ${payment} AND w.attempts > 0
     AND w.reported_state IS NOT DISTINCT FROM ${event}.reported_state
     AND w.reported_amount IS NOT DISTINCT FROM ${event}.reported_amount AND w.deleted_at IS NULL)`

const repeatsRow = z.object({ repeats: z.boolean() })

/** Whether an event reports nothing of the payment that was not worked before. */
export const isRepeated = async (
  sql: Sql,
  event: EventRowId,
  payment: PaymentId,
): Promise<boolean> =>
  (
    await rows(
      sql,
      repeatsRow,
      `SELECT ${repeating("?", "e")} AS repeats FROM kobbopay_event e WHERE e.id = ?`,
      [payment, event],
    )
  )[0]?.repeats ?? false

const unroutedRow = eventRow.extend({
  named_payment: idColumn<PaymentId>().nullable(),
  named_collection: idColumn<CollectionId>().nullable(),
  /** Whether that payment's reference is another one than the event's, which the ledger knows as well. */
  misnamed: z.boolean(),
  /** When the payment that it names was last read. */
  named_read_at: z.date().nullable(),
  /** Whether another event that reports the same of that payment was worked before. */
  repeats: z.boolean(),
  /** Whether its reference is one of the ledger's. */
  referenced: z.boolean(),
})
type UnroutedEvent = z.output<typeof unroutedRow>

/**
 * Events that no collection has yet: not routed to a payment, and due. With each, the payment of the ledger
 * that it names by its Kobbopay id.
 */
export const unroutedEvents = (sql: Sql, now: Date, most: number): Promise<UnroutedEvent[]> =>
  rows(
    sql,
    unroutedRow,
    {
      name: "kobbopay_unrouted_events",
      text: `SELECT e.*, p.id AS named_payment, p.collection_id AS named_collection,
            p.last_read_at AS named_read_at, p.id IS NOT NULL AND ${repeating("p.id", "e")} AS repeats,
            COALESCE(p.reference <> e.reference AND EXISTS (SELECT 1 FROM kobbopay_payment r
              WHERE r.account_id = e.account_id AND r.reference = e.reference
                AND r.deleted_at IS NULL), false) AS misnamed,
            e.reference IS NOT NULL AND EXISTS (SELECT 1 FROM kobbopay_payment r
              WHERE r.account_id = e.account_id AND r.reference = e.reference
                AND r.deleted_at IS NULL) AS referenced
       FROM (SELECT ${EVENT} FROM kobbopay_event
              WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL
                AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?) AS e
       LEFT JOIN LATERAL (SELECT id, collection_id, reference, last_read_at FROM kobbopay_payment
              WHERE account_id = e.account_id AND kobbopay_id = ANY(e.kobbopay_ids)
                AND deleted_at IS NULL
              ORDER BY reference = e.reference DESC NULLS LAST, array_position(e.kobbopay_ids, kobbopay_id)
              LIMIT 1) AS p ON true
      ORDER BY e.next_attempt_at`,
    },
    [now, most],
  )

/**
 * Hands events to the payments they name, and wakes their collections, each for its time. The collections are
 * locked first, in order, so that two that route at once wait for each other and do not block each other.
 */
export async function routeAll(sql: Sql, routes: readonly Route[]): Promise<void> {
  if (routes.length === 0) return
  const collections = routes.map((route) => route.collectionId)
  const times = routes.map((route) => route.at.toISOString())
  await sql.transaction(async (trx) => {
    await execute(
      trx,
      `UPDATE kobbopay_collection kc SET due_at = LEAST(kc.due_at, r.at), wakes = wakes + 1, urgent = true
         FROM (SELECT r.id, min(r.at) AS at FROM unnest(?::text[], ?::timestamptz[]) AS r(id, at)
                GROUP BY r.id) AS r
        WHERE kc.id = r.id AND kc.id IN (SELECT id FROM kobbopay_collection WHERE id = ANY(?::text[])
                                        ORDER BY id FOR UPDATE)`,
      [collections, times, [...new Set(collections)]],
    )
    await execute(
      trx,
      `UPDATE kobbopay_event e
          SET payment_id = r.payment_id, collection_id = r.collection_id, updated_at = now(),
              next_attempt_at = GREATEST(e.next_attempt_at, r.at)
         FROM unnest(:event_ids::text[], :payment_ids::text[], :collection_ids::text[], :times::timestamptz[])
           AS r(id, payment_id, collection_id, at)
        WHERE e.id = r.id AND e.state = 'received'`,
      {
        event_ids: routes.map((route) => route.eventId),
        payment_ids: routes.map((route) => route.paymentId),
        collection_ids: collections,
        times,
      },
    )
  })
}

/** Hands an event to the payment it names; the collection it belongs to works it from now on. */
export const routeEvent = (
  sql: Sql,
  { eventId, paymentId, collectionId, at }: Route,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event SET payment_id = ?, collection_id = ?, updated_at = now(),
            next_attempt_at = GREATEST(next_attempt_at, ?)
      WHERE id = ? AND state = 'received'`,
    [paymentId, collectionId, at, eventId],
  )

/** Makes the events due that gave up on an id which is being learnt: in the transaction that learns it. */
export const reviving = (account: AccountId, kobbopayId: KobbopayId, now: Date): Part => ({
  text: `UPDATE kobbopay_event
        SET state = 'received', outcome = NULL, done_at = NULL, next_attempt_at = :revive_at,
            updated_at = now()
      WHERE outcome = 'unknown_payment' AND deleted_at IS NULL
        AND account_id = :revive_account AND kobbopay_ids @> ARRAY[:revive_id]::text[]`,
  bindings: { revive_at: now, revive_account: account, revive_id: kobbopayId },
})

/**
 * Makes the events due that wait for an id which was just learnt. Once that is committed: before, one
 * could come in between, find the payment unknown still, and wait on.
 */
export const wakeWaiting = (
  sql: Sql,
  account: AccountId,
  kobbopayId: KobbopayId,
  now: Date,
): Promise<number> =>
  execute(
    sql,
    {
      name: "kobbopay_wake_waiting",
      text: `UPDATE kobbopay_event SET next_attempt_at = ?, updated_at = now()
      WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL
        AND account_id = ? AND kobbopay_ids @> ARRAY[?]::text[]`,
    },
    [now, account, kobbopayId],
  )
