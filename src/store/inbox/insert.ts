import { z } from "@medusajs/framework/zod"
import type { AccountId, CollectionId, EventRowId, KobbopayId, Reference } from "../../domain/ids"
import type { ReportedState } from "../../domain/reading"
import { idColumn } from "../payment"
import { newId } from "../sql"

/** One verified webhook, as it is to be recorded. */
export type NewEvent = {
  accountId: AccountId
  bodyHash: string
  eventId: string | null
  deliveryId: string | null
  type: string
  reportedState: ReportedState | null
  /** What it says has arrived in all: decimal string, units of the asset; null when it names no amount. */
  reportedAmount: string | null
  kobbopayIds: readonly KobbopayId[]
  reference: Reference | null
  rawBody: string
  secretIndex: number
  /** Sent only to try the connection: there is nothing to work. */
  isTest: boolean
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
  account_id: z.string(),
  body_hash: z.string(),
  inserted: z.boolean(),
  state: z.enum(["received", "done", "dead"]),
  collection_id: idColumn<CollectionId>().nullable(),
})
const recordedRows = z.array(recordedRow)

const RECORD = `
INSERT INTO kobbopay_event
  (id, account_id, body_hash, event_id, delivery_ids, type, reported_state, reported_amount, kobbopay_ids, reference,
   raw_body, secret_index, received_at, last_seen_at, times_seen, state, outcome, done_at, next_attempt_at, conflict)
SELECT r.id, r.account_id, r.body_hash, r.event_id, r.delivery_ids, r.type, r.reported_state, r.reported_amount,
       r.kobbopay_ids, r.reference, r.raw_body, r.secret_index, r.received_at, r.received_at, r.times_seen,
       CASE WHEN r.is_test THEN 'done' ELSE 'received' END,
       CASE WHEN r.is_test THEN 'test' END,
       CASE WHEN r.is_test THEN r.received_at END,
       CASE WHEN NOT r.is_test THEN LEAST(r.received_at, date_trunc('milliseconds', now())) END,
       r.conflict OR r.event_id IS NOT NULL AND EXISTS (SELECT 1 FROM kobbopay_event e
         WHERE e.account_id = r.account_id AND e.event_id = r.event_id
           AND e.body_hash <> r.body_hash AND e.deleted_at IS NULL)
  FROM json_to_recordset($1::json) AS r(id text, account_id text, body_hash text, event_id text,
       delivery_ids text[], type text, reported_state text, reported_amount text, kobbopay_ids text[], reference text, raw_body text,
       secret_index int, received_at timestamptz, times_seen int, is_test boolean, conflict boolean)
ON CONFLICT (account_id, body_hash) WHERE deleted_at IS NULL DO UPDATE
  SET times_seen = kobbopay_event.times_seen + excluded.times_seen,
      last_seen_at = excluded.last_seen_at,
      delivery_ids = CASE
        WHEN cardinality(kobbopay_event.delivery_ids) >= 20
          OR excluded.delivery_ids <@ kobbopay_event.delivery_ids
        THEN kobbopay_event.delivery_ids
        ELSE kobbopay_event.delivery_ids || ARRAY(SELECT d FROM unnest(excluded.delivery_ids) AS d
          WHERE d <> ALL(kobbopay_event.delivery_ids)) END,
      next_attempt_at = CASE WHEN kobbopay_event.state = 'received'
        THEN CASE WHEN kobbopay_event.collection_id IS NULL
          THEN LEAST(kobbopay_event.next_attempt_at, excluded.next_attempt_at)
          ELSE kobbopay_event.next_attempt_at END END,
      updated_at = now()
RETURNING id, account_id, body_hash, (xmax = 0) AS inserted, state, collection_id`

/**
 * Records events, or counts them as seen again, in one statement; an answer for each, in their order.
 * When this returns, the rows are committed: only then may Kobbopay get its 2xx. They are due at once,
 * also for processes whose clock is behind the one that received them. All are refused or none.
 */
export async function recordEvents(
  connection: InboxConnection,
  events: readonly NewEvent[],
): Promise<Recorded[]> {
  const result = await connection.query({
    name: "kobbopay_record_events",
    text: RECORD,
    values: [JSON.stringify(foldEvents(events))],
  })
  const found = new Map<string, Recorded>()
  for (const { account_id, body_hash, collection_id, ...rest } of recordedRows.parse(result.rows)) {
    found.set(`${account_id} ${body_hash}`, { ...rest, collectionId: collection_id })
  }
  return events.map((event) => {
    const key = keyOf(event)
    const recorded = found.get(key)
    if (recorded === undefined) throw new Error("an event was recorded without an answer")
    // Of several with one body the first is the new one, the others repeat it.
    if (recorded.inserted) found.set(key, { ...recorded, inserted: false })
    return recorded
  })
}

const keyOf = (event: NewEvent): string => `${event.accountId} ${event.bodyHash}`

/**
 * One row for each body, as one statement can touch a row only once; ordered, so that two statements
 * meet the same rows in the same order. Another body under an event id of the same batch is a conflict,
 * like one that is stored already.
 */
function foldEvents(events: readonly NewEvent[]): NewRow[] {
  const bodies = new Map<string, string>()
  const folded = new Map<string, NewRow>()
  for (const event of events) {
    const key = keyOf(event)
    const known = folded.get(key)
    if (known !== undefined) {
      known.times_seen += 1
      if (event.deliveryId !== null && !known.delivery_ids.includes(event.deliveryId)) {
        known.delivery_ids.push(event.deliveryId)
      }
      continue
    }
    const id = `${event.accountId} ${event.eventId}`
    const conflict = event.eventId !== null && bodies.has(id)
    bodies.set(id, event.bodyHash)
    folded.set(key, rowOf(event, conflict))
  }
  return [...folded].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

type NewRow = ReturnType<typeof rowOf>

const rowOf = (event: NewEvent, conflict: boolean) => ({
  id: newId("kpevt"),
  account_id: event.accountId,
  body_hash: event.bodyHash,
  event_id: event.eventId,
  delivery_ids: event.deliveryId === null ? [] : [event.deliveryId],
  type: event.type,
  reported_state: event.reportedState,
  reported_amount: event.reportedAmount,
  kobbopay_ids: event.kobbopayIds,
  reference: event.reference,
  raw_body: event.rawBody,
  secret_index: event.secretIndex,
  received_at: event.receivedAt,
  times_seen: 1,
  is_test: event.isTest,
  conflict,
})
