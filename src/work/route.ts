import { isOurReference } from "../domain/reference"
import { repeatedAt, UNKNOWN_PATIENCE_MS, unknownPause } from "../domain/schedule"
import { plainLine } from "../domain/text"
import { closeCleared, openException } from "../store/exceptions"
import { wakeCollection } from "../store/collections"
import { finishEvent, retryEvent, retryEvents, type EventRow } from "../store/inbox/queue"
import {
  isRepeated,
  routeAll,
  routeEvent,
  unroutedEvents,
  type Route,
} from "../store/inbox/routing"
import { paymentsNamed } from "../store/ledger"
import type { PaymentRow } from "../store/payment"
import type { Deps } from "./deps"

const BATCH = 200

/**
 * Hands recorded events to the payments they name, so that their collections become due. An event that
 * names a payment the ledger does not know waits a while (it may have overtaken our own create), then
 * rests. Returns whether more may be waiting. The two plain cases, a known payment and one that nothing
 * is known of yet, are done for all events at once: an account may serve other systems too.
 */
export async function routeEvents(deps: Deps): Promise<boolean> {
  const now = deps.now()
  const events = await unroutedEvents(deps.sql, now, BATCH)
  if (events.length === 0) return false
  const routes: Route[] = []
  const strangers: EventRow[] = []
  const others: EventRow[] = []
  for (const event of events) {
    const { named_payment: paymentId, named_collection: collectionId } = event
    if (paymentId === null || collectionId === null) {
      const isStranger = event.kobbopay_ids.length > 0 && !event.referenced
      if (isStranger && isPatient(event, now)) strangers.push(event)
      else others.push(event)
    } else if (event.attempts === 0 && !event.misnamed) {
      const at = event.repeats ? repeatedAt(event.named_read_at, now) : now
      routes.push({ eventId: event.id, paymentId, collectionId, at })
    } else {
      // It may have an exception to close, or name one payment and mean another.
      others.push(event)
    }
  }
  await routeAll(deps.sql, routes)
  await putOffAll(deps, strangers, now)
  for (const event of others) await routeOne(deps, event)
  return events.length === BATCH
}

async function putOffAll(deps: Deps, events: readonly EventRow[], now: Date): Promise<void> {
  if (events.length === 0) return
  const retries = events.map(({ id, next_attempt_at: before, attempts }) => ({
    id,
    before: before ?? now,
    at: new Date(now.getTime() + unknownPause(attempts, deps.random)),
  }))
  await retryEvents(deps.sql, retries)
}

async function routeOne(deps: Deps, event: EventRow): Promise<void> {
  const now = deps.now()
  if (event.kobbopay_ids.length === 0 && event.reference === null) {
    await finishEvent(deps.sql, event.id, { state: "done", outcome: "names_no_payment" }, now)
    return
  }
  const named = await paymentsNamed(deps.sql, event.account_id, event.kobbopay_ids, event.reference)
  const payment = paymentFor(event, named, now)
  if (payment !== null) {
    const repeats = await isRepeated(deps.sql, event.id, payment.id)
    const at = repeats ? repeatedAt(payment.last_read_at, now) : now
    await deps.sql.transaction(async (trx) => {
      await wakeCollection(trx, payment.collection_id, at)
      await routeEvent(trx, {
        eventId: event.id,
        paymentId: payment.id,
        collectionId: payment.collection_id,
        at,
      })
      await closeCleared(trx, event.id, ["unknown_payment"], now)
    })
    return
  }
  if (isPatient(event, now)) {
    const pause = unknownPause(event.attempts, deps.random)
    await retryEvent(deps.sql, event, new Date(now.getTime() + pause))
    return
  }
  await giveUp(deps, event, now)
}

const isPatient = (event: EventRow, now: Date): boolean =>
  now.getTime() - event.received_at.getTime() < UNKNOWN_PATIENCE_MS

/**
 * The payment to work for this event; null while it is better to wait. One that carries a reference of ours
 * is that payment's, whatever id it names: what else the id may be is found out by reading it.
 */
function paymentFor(
  event: EventRow,
  named: readonly PaymentRow[],
  now: Date,
): Pick<PaymentRow, "id" | "collection_id" | "last_read_at"> | null {
  const isMeant = (payment: PaymentRow) => payment.reference === event.reference
  const byId = named
    .filter(({ kobbopay_id: id }) => id !== null && event.kobbopay_ids.includes(id))
    .sort((a, b) => Number(isMeant(b)) - Number(isMeant(a)))[0]
  const byReference = named.find(isMeant)
  if (byId !== undefined && (byReference === undefined || isMeant(byId))) return byId
  if (byReference === undefined) return null
  // Our reference under an id we never stored: our create may be on its way, or its answer was lost.
  const isMade = byReference.kobbopay_id !== null
  if (!isMade && (event.kobbopay_ids.length === 0 || isPatient(event, now))) return null
  return byReference
}

async function giveUp(deps: Deps, event: EventRow, now: Date): Promise<void> {
  await deps.sql.transaction(async (trx) => {
    await finishEvent(trx, event.id, { state: "done", outcome: "unknown_payment" }, now)
    // An account may serve other systems too: only a reference of ours makes it our affair.
    if (event.reference === null || !isOurReference(event.reference)) return
    await openException(
      trx,
      {
        class: "unknown_payment",
        subjectId: event.id,
        paymentId: null,
        eventRowId: event.id,
        accountId: event.account_id,
        orderId: null,
        railId: null,
        expected: {},
        observed: {
          type: event.type,
          reference: event.reference,
          kobbopay_id: event.kobbopay_ids[0] ?? null,
        },
        fingerprint: event.id,
      },
      now,
    )
  })
  deps.log.warn(
    `kobbopay: event ${event.id} (${plainLine(event.type)}) names a payment that the ledger does not know; it rests as unknown_payment`,
  )
}
