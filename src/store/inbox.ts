import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  EventRowId,
  KobbopayId,
  PaymentId,
  Reference,
} from "../kobbopay/ids"
import { idColumn } from "./payment"
import { execute, rows, type Part, type Sql } from "./sql"

const eventRow = z.object({
  id: idColumn<EventRowId>(),
  account_id: idColumn<AccountId>(),
  event_id: z.string().nullable(),
  type: z.string(),
  claims: z.enum(["pending", "partial", "paid", "confirmed", "expired", "failed"]).nullable(),
  kobbopay_ids: z.array(idColumn<KobbopayId>()),
  reference: idColumn<Reference>().nullable(),
  payment_id: idColumn<PaymentId>().nullable(),
  collection_id: idColumn<CollectionId>().nullable(),
  received_at: z.date(),
  next_attempt_at: z.date().nullable(),
  attempts: z.number(),
})
export type EventRow = z.output<typeof eventRow>

/** Without the raw body, which the work never needs. */
const EVENT = `id, account_id, event_id, type, claims, kobbopay_ids, reference, payment_id, collection_id,
  received_at, next_attempt_at, attempts`

/** Where an event belongs. */
export type Route = {
  eventId: EventRowId
  paymentId: PaymentId
  collectionId: CollectionId
}

const unroutedRow = eventRow.extend({
  named_payment: idColumn<PaymentId>().nullable(),
  named_collection: idColumn<CollectionId>().nullable(),
  /** Whether its reference is one of the ledger's. */
  referenced: z.boolean(),
})
export type UnroutedEvent = z.output<typeof unroutedRow>

/**
 * Events that no group has yet: not routed to a payment, and due. With each, the payment of the ledger
 * that it names by its Kobbopay id.
 */
export const unroutedEvents = (sql: Sql, now: Date, most: number): Promise<UnroutedEvent[]> =>
  rows(
    sql,
    unroutedRow,
    {
      name: "kobbopay_unrouted_events",
      text: `SELECT e.*, p.id AS named_payment, p.collection_id AS named_collection,
            e.reference IS NOT NULL AND EXISTS (SELECT 1 FROM kobbopay_payment r
              WHERE r.account_id = e.account_id AND r.reference = e.reference
                AND r.deleted_at IS NULL) AS referenced
       FROM (SELECT ${EVENT} FROM kobbopay_event
              WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL
                AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?) AS e
       LEFT JOIN LATERAL (SELECT id, collection_id FROM kobbopay_payment
              WHERE account_id = e.account_id AND kobbopay_id = ANY(e.kobbopay_ids)
                AND deleted_at IS NULL ORDER BY created_at LIMIT 1) AS p ON true
      ORDER BY e.next_attempt_at`,
    },
    [now, most],
  )

/**
 * Hands events to the payments they name, and calls for work on their groups. The groups are locked
 * first, in order, so that two that route at once wait for each other and do not block each other.
 */
export async function routeAll(sql: Sql, routes: readonly Route[], now: Date): Promise<void> {
  if (routes.length === 0) return
  await sql.transaction(async (trx) => {
    await execute(
      trx,
      `UPDATE kobbopay_group SET due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1, urgent = true
        WHERE id IN (SELECT id FROM kobbopay_group WHERE id = ANY(?::text[]) ORDER BY id FOR UPDATE)`,
      [now, now, [...new Set(routes.map((route) => route.collectionId))]],
    )
    await execute(
      trx,
      `UPDATE kobbopay_event e
          SET payment_id = r.payment_id, collection_id = r.collection_id, updated_at = now()
         FROM unnest(?::text[], ?::text[], ?::text[]) AS r(id, payment_id, collection_id)
        WHERE e.id = r.id AND e.state = 'received'`,
      [
        routes.map((route) => route.eventId),
        routes.map((route) => route.paymentId),
        routes.map((route) => route.collectionId),
      ],
    )
  })
}

/** Hands an event to the payment it names; the group it belongs to works it from now on. */
export const routeEvent = (
  sql: Sql,
  event: EventRowId,
  payment: PaymentId,
  collection: CollectionId,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event SET payment_id = ?, collection_id = ?, updated_at = now()
      WHERE id = ? AND state = 'received'`,
    [payment, collection, event],
  )

/** The unworked events of a group, the oldest first. */
export const openEvents = (sql: Sql, collection: CollectionId): Promise<EventRow[]> =>
  rows(
    sql,
    eventRow,
    {
      name: "kobbopay_open_events",
      text: `SELECT ${EVENT} FROM kobbopay_event
      WHERE collection_id = ? AND state = 'received' AND deleted_at IS NULL ORDER BY received_at, id`,
    },
    [collection],
  )

/** Events of a payment whose claim the reads never met: an exception stands until they do. */
export const unmetEvents = (sql: Sql, payment: PaymentId): Promise<EventRow[]> =>
  rows(
    sql,
    eventRow,
    {
      name: "kobbopay_unmet_events",
      text: `SELECT ${EVENT} FROM kobbopay_event
      WHERE payment_id = ? AND state = 'dead' AND outcome = 'ambiguous_finality'
        AND deleted_at IS NULL`,
    },
    [payment],
  )

export const finishEvent = (
  sql: Sql,
  event: EventRowId,
  state: "done" | "dead",
  outcome: string,
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event
        SET state = ?, outcome = ?, done_at = ?, next_attempt_at = NULL, attempts = attempts + 1,
            updated_at = now()
      WHERE id = ? AND state IN ('received', 'dead')`,
    [state, outcome, now, event],
  )

/** Puts an event off, unless somebody called for it meanwhile: then the call stands. */
export const retryEvent = (
  sql: Sql,
  event: Pick<EventRow, "id" | "next_attempt_at">,
  at: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event SET attempts = attempts + 1, next_attempt_at = ?, updated_at = now()
      WHERE id = ? AND state = 'received' AND next_attempt_at IS NOT DISTINCT FROM ?`,
    [at, event.id, event.next_attempt_at],
  )

/** {@link retryEvent} for many at once, each with a time of its own; locked in order, as others may do the same. */
export const retryEvents = (
  sql: Sql,
  retries: readonly { id: EventRowId; before: Date; at: Date }[],
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event e SET attempts = attempts + 1, next_attempt_at = r.at, updated_at = now()
       FROM (SELECT r.* FROM unnest(?::text[], ?::timestamptz[], ?::timestamptz[]) AS r(id, at, before)
               JOIN kobbopay_event k ON k.id = r.id ORDER BY k.id FOR UPDATE OF k) AS r
      WHERE e.id = r.id AND e.state = 'received' AND e.next_attempt_at = r.before`,
    [
      retries.map(({ id }) => id),
      retries.map(({ at }) => at.toISOString()),
      retries.map(({ before }) => before.toISOString()),
    ],
  )

/** Brings the next look at the event's payment forward, unless nothing more can come of it. */
export const lookAgain = (sql: Sql, event: EventRowId, now: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment SET next_look_at = ?, updated_at = now()
      WHERE id = (SELECT payment_id FROM kobbopay_event WHERE id = ?)
        AND state <> 'confirmed' AND (next_look_at IS NULL OR next_look_at > ?)`,
    [now, event, now],
  )

/** Makes the events due that gave up on an id which is being learnt: in the transaction that learns it. */
export const reviving = (account: AccountId, kobbopayId: KobbopayId, now: Date): Part => ({
  text: `UPDATE kobbopay_event
        SET state = 'received', outcome = NULL, done_at = NULL, next_attempt_at = ?, updated_at = now()
      WHERE outcome = 'unknown_payment' AND deleted_at IS NULL
        AND account_id = ? AND kobbopay_ids @> ARRAY[?]::text[]`,
  bindings: [now, account, kobbopayId],
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

/**
 * Empties up to `most` events that were done before `before`, the oldest first: their bodies and delivery
 * ids. Account, body hash and ids stay, so that a repeated webhook is known for ever. Returns how many.
 */
export const emptyDoneEvents = (sql: Sql, before: Date, most: number): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event SET raw_body = '', delivery_ids = '{}', updated_at = now()
      WHERE id IN (SELECT id FROM kobbopay_event
                    WHERE state = 'done' AND raw_body <> '' AND deleted_at IS NULL AND done_at < ?
                    ORDER BY done_at LIMIT ? FOR UPDATE SKIP LOCKED)`,
    [before, most],
  )
