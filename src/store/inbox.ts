import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  EventRowId,
  KobbopayId,
  PaymentId,
  Reference,
} from "../domain/ids"
import { LEAST_READ_PAUSE_MS } from "../domain/schedule"
import { wakeCollection } from "./collections"
import { idColumn } from "./payment"
import { execute, rows, type Part, type Sql } from "./sql"

const eventRow = z.object({
  id: idColumn<EventRowId>(),
  account_id: idColumn<AccountId>(),
  event_id: z.string().nullable(),
  type: z.string(),
  reported_state: z
    .enum(["pending", "partial", "paid", "confirmed", "expired", "failed"])
    .nullable(),
  reported_amount: z.string().nullable(),
  kobbopay_ids: z.array(idColumn<KobbopayId>()),
  reference: idColumn<Reference>().nullable(),
  payment_id: idColumn<PaymentId>().nullable(),
  collection_id: idColumn<CollectionId>().nullable(),
  received_at: z.date(),
  next_attempt_at: z.date().nullable(),
  attempts: z.number(),
})
export type EventRow = z.output<typeof eventRow>

/** Without the raw body, which the worker never needs. */
const EVENT = `id, account_id, event_id, type, reported_state, reported_amount, kobbopay_ids, reference, payment_id, collection_id,
  received_at, next_attempt_at, attempts`

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
export type UnroutedEvent = z.output<typeof unroutedRow>

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
         FROM unnest(?::text[], ?::text[], ?::text[], ?::timestamptz[])
           AS r(id, payment_id, collection_id, at)
        WHERE e.id = r.id AND e.state = 'received'`,
      [
        routes.map((route) => route.eventId),
        routes.map((route) => route.paymentId),
        collections,
        times,
      ],
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

/** The unworked events of a collection, the oldest first. */
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

/** Events of a payment whose report the reads never bore out: an exception stands until they do. */
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

/**
 * Sets aside what events reported of a payment and no read ever bore out, as far as they had come when a
 * person saw the exception: they looked at it. Returns how many.
 */
export const setReportsAside = (
  sql: Sql,
  payment: PaymentId,
  shownAt: Date,
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event
        SET state = 'done', outcome = 'set_aside', done_at = ?, next_attempt_at = NULL, updated_at = now()
      WHERE payment_id = ? AND deleted_at IS NULL
        AND (state = 'dead' AND outcome = 'ambiguous_finality'
          OR state = 'received' AND attempts > 0 AND received_at < ?)`,
    [now, payment, shownAt],
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

/** Puts an event off, unless somebody woke it meanwhile: then the earlier time stands. */
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

const wokenRow = z.object({ collection_id: idColumn<CollectionId>(), at: z.date() })

/**
 * Brings the next check of a repeated event's payment forward, unless nothing more can come of it. Whoever
 * overheard a webhook may send it again: a payment past its watch is not read for that, and another one only
 * after the least pause since it was last read, or could not be. Returns whether it was brought forward.
 */
export async function checkAgain(
  sql: Sql,
  event: EventRowId,
  now: Date,
  watchForMs: number,
): Promise<boolean> {
  const pause = `${LEAST_READ_PAUSE_MS} milliseconds`
  const from = new Date(now.getTime() + LEAST_READ_PAUSE_MS)
  const [woken] = await rows(
    sql,
    wokenRow,
    `UPDATE kobbopay_payment p SET next_check_at = c.at
       FROM (SELECT p.id, GREATEST(?::timestamptz,
                CASE WHEN p.last_read_at IS NOT NULL
                  THEN LEAST(?::timestamptz, p.last_read_at + ?::interval) END,
                CASE WHEN p.failures > 0 THEN LEAST(?::timestamptz, p.updated_at + ?::interval) END) AS at
               FROM kobbopay_payment p JOIN kobbopay_event e ON e.payment_id = p.id
              WHERE e.id = ? AND (p.state <> 'confirmed' OR e.state = 'received')
                AND p.kobbopay_id IS NOT NULL AND p.created_at > ? AND p.deleted_at IS NULL) AS c
      WHERE p.id = c.id AND (p.next_check_at IS NULL OR p.next_check_at > c.at)
      RETURNING p.collection_id, c.at`,
    [now, from, pause, from, pause, event, new Date(now.getTime() - watchForMs)],
  )
  if (woken === undefined) return false
  await wakeCollection(sql, woken.collection_id, woken.at)
  return true
}

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
