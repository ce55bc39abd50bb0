import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  EventRowId,
  KobbopayId,
  PaymentId,
  Reference,
} from "../kobbopay/ids"
import type { SaidState } from "../kobbopay/reading"
import { idColumn } from "./payment"
import { execute, newId, rows, type Sql } from "./sql"

/** One verified webhook, as it is to be recorded. */
export type NewEvent = {
  accountId: AccountId
  bodyHash: string
  eventId: string | null
  deliveryId: string | null
  type: string
  claims: SaidState | null
  kobbopayIds: readonly KobbopayId[]
  reference: Reference | null
  rawBody: string
  secretIndex: number
  receivedAt: Date
}

export type Recorded = {
  id: EventRowId
  /** False for a duplicate of a body already recorded. */
  inserted: boolean
  state: "received" | "done" | "dead"
  collectionId: CollectionId | null
}

/** What the inbox needs of a `pg` pool: parameterised, prepared statements. */
export type InboxConnection = {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>
}

const recordedRow = z.object({
  id: idColumn<EventRowId>(),
  inserted: z.boolean(),
  state: z.enum(["received", "done", "dead"]),
  collection_id: idColumn<CollectionId>().nullable(),
})

const RECORD = `
INSERT INTO kobbopay_event
  (id, account_id, body_hash, event_id, delivery_ids, type, claims, kobbopay_ids, reference, raw_body,
   secret_index, received_at, last_seen_at, next_attempt_at, conflict)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, LEAST($12::timestamptz, now()),
  $4::text IS NOT NULL AND EXISTS (SELECT 1 FROM kobbopay_event
    WHERE account_id = $2 AND event_id = $4 AND body_hash <> $3 AND deleted_at IS NULL))
ON CONFLICT (account_id, body_hash) WHERE deleted_at IS NULL DO UPDATE
  SET times_seen = kobbopay_event.times_seen + 1,
      last_seen_at = excluded.last_seen_at,
      delivery_ids = CASE
        WHEN cardinality(kobbopay_event.delivery_ids) >= 20
          OR excluded.delivery_ids <@ kobbopay_event.delivery_ids
        THEN kobbopay_event.delivery_ids
        ELSE kobbopay_event.delivery_ids || excluded.delivery_ids END,
      next_attempt_at = CASE WHEN kobbopay_event.state = 'received'
        THEN LEAST(kobbopay_event.next_attempt_at, excluded.next_attempt_at) END,
      updated_at = now()
RETURNING id, (xmax = 0) AS inserted, state, collection_id`

/**
 * Records an event, in one statement, or counts it as seen again. When this returns, the row is
 * committed: only then may Kobbopay be told so. It is due at once, also for processes whose clock is
 * behind the one that received it.
 */
export async function recordEvent(connection: InboxConnection, event: NewEvent): Promise<Recorded> {
  const result = await connection.query({
    name: "kobbopay_record_event",
    text: RECORD,
    values: [
      newId("kpevt"),
      event.accountId,
      event.bodyHash,
      event.eventId,
      event.deliveryId === null ? [] : [event.deliveryId],
      event.type,
      event.claims,
      [...event.kobbopayIds],
      event.reference,
      event.rawBody,
      event.secretIndex,
      event.receivedAt,
    ],
  })
  const recorded = recordedRow.parse(result.rows[0])
  return {
    id: recorded.id,
    inserted: recorded.inserted,
    state: recorded.state,
    collectionId: recorded.collection_id,
  }
}

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

/** Events that no group has yet: not routed to a payment, and due. */
export const unroutedEvents = (sql: Sql, now: Date, most: number): Promise<EventRow[]> =>
  rows(
    sql,
    eventRow,
    `SELECT * FROM kobbopay_event
      WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL
        AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?`,
    [now, most],
  )

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
    `SELECT * FROM kobbopay_event
      WHERE collection_id = ? AND state = 'received' AND deleted_at IS NULL ORDER BY received_at, id`,
    [collection],
  )

/** Events of a payment whose claim the reads never met: an exception stands until they do. */
export const unmetEvents = (sql: Sql, payment: PaymentId): Promise<EventRow[]> =>
  rows(
    sql,
    eventRow,
    `SELECT * FROM kobbopay_event
      WHERE payment_id = ? AND state = 'dead' AND outcome = 'ambiguous_finality'
        AND deleted_at IS NULL`,
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

/** Brings the next look at the event's payment forward, unless nothing more can come of it. */
export const lookAgain = (sql: Sql, event: EventRowId, now: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment SET next_look_at = ?, updated_at = now()
      WHERE id = (SELECT payment_id FROM kobbopay_event WHERE id = ?)
        AND state <> 'confirmed' AND (next_look_at IS NULL OR next_look_at > ?)`,
    [now, event, now],
  )

/** Makes the events due that name an id which was just learnt: those that wait, and those that gave up. */
export async function reviveUnknown(
  sql: Sql,
  account: AccountId,
  kobbopayId: KobbopayId,
  now: Date,
): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_event SET next_attempt_at = ?, updated_at = now()
      WHERE state = 'received' AND deleted_at IS NULL AND collection_id IS NULL
        AND account_id = ? AND kobbopay_ids @> ARRAY[?]::text[]`,
    [now, account, kobbopayId],
  )
  await execute(
    sql,
    `UPDATE kobbopay_event
        SET state = 'received', outcome = NULL, done_at = NULL, next_attempt_at = ?, updated_at = now()
      WHERE outcome = 'unknown_payment' AND deleted_at IS NULL
        AND account_id = ? AND kobbopay_ids @> ARRAY[?]::text[]`,
    [now, account, kobbopayId],
  )
}
