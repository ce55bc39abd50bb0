import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  EventRowId,
  KobbopayId,
  PaymentId,
  Reference,
} from "../../domain/ids"
import { LEAST_READ_PAUSE_MS } from "../../domain/schedule"
import { wakeCollection } from "../wakes"
import { idColumn } from "../payment"
import { execute, rows, type Sql } from "../sql"

export const eventRow = z.object({
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

/** The columns of {@link eventRow}: without the raw body, which the worker never needs. */
export const EVENT = `id, account_id, event_id, type, reported_state, reported_amount, kobbopay_ids, reference, payment_id, collection_id,
  received_at, next_attempt_at, attempts`

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

/** Records how the work on an event ended. A dead one may still be finished, once a read bears it out. */
export const finishEvent = (
  sql: Sql,
  event: EventRowId,
  ended: { state: "done" | "dead"; outcome: string },
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_event
        SET state = ?, outcome = ?, done_at = ?, next_attempt_at = NULL, attempts = attempts + 1,
            updated_at = now()
      WHERE id = ? AND state IN ('received', 'dead')`,
    [ended.state, ended.outcome, now, event],
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
  const [woken] = await rows(
    sql,
    wokenRow,
    `UPDATE kobbopay_payment p SET next_check_at = c.at
       FROM (SELECT p.id, GREATEST(:now::timestamptz,
                CASE WHEN p.last_read_at IS NOT NULL
                  THEN LEAST(:after_pause::timestamptz, p.last_read_at + :pause::interval) END,
                CASE WHEN p.failures > 0
                  THEN LEAST(:after_pause::timestamptz, p.updated_at + :pause::interval) END) AS at
               FROM kobbopay_payment p JOIN kobbopay_event e ON e.payment_id = p.id
              WHERE e.id = :event_id AND (p.state <> 'confirmed' OR e.state = 'received')
                AND p.kobbopay_id IS NOT NULL AND p.created_at > :watched_since
                AND p.deleted_at IS NULL) AS c
      WHERE p.id = c.id AND (p.next_check_at IS NULL OR p.next_check_at > c.at)
      RETURNING p.collection_id, c.at`,
    {
      now,
      pause: `${LEAST_READ_PAUSE_MS} milliseconds`,
      after_pause: new Date(now.getTime() + LEAST_READ_PAUSE_MS),
      event_id: event,
      watched_since: new Date(now.getTime() - watchForMs),
    },
  )
  if (woken === undefined) return false
  await wakeCollection(sql, woken.collection_id, woken.at)
  return true
}

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
