import { KobbopayError } from "../kobbopay/errors"
import type { KobbopayId } from "../domain/ids"
import { watchSibling } from "../store/created"
import { scheduleCollectionOf } from "../store/collections"
import { type EventRow } from "../store/inbox/queue"
import { routeEvent } from "../store/inbox/routing"
import { paymentsNamed } from "../store/ledger"
import type { PaymentRow } from "../store/payment"
import { railOf } from "../store/rail"
import type { Deps } from "./deps"

const READ_ATTEMPTS = 1

/**
 * Events may name, under our reference, an id that is not the payment's: of another payment made under the
 * same reference, or of something else at Kobbopay. Only what can be read as a payment of this reference
 * becomes one, watched beside this; its events go to it. Returns the events that remain this payment's own.
 */
export async function learnIds(
  deps: Deps,
  payment: PaymentRow,
  events: readonly EventRow[],
): Promise<EventRow[]> {
  const own: EventRow[] = []
  for (const event of events) {
    const isNamed = payment.kobbopay_id !== null && event.kobbopay_ids.includes(payment.kobbopay_id)
    const learnt = isNamed ? null : await firstReadable(deps, payment, event.kobbopay_ids)
    if (learnt === null) {
      own.push(event)
      continue
    }
    const now = deps.now()
    await watchSibling(deps.sql, payment.id, learnt, now)
    const [sibling] = await paymentsNamed(deps.sql, payment.account_id, [learnt], null)
    if (sibling === undefined || sibling.reference !== payment.reference) {
      own.push(event)
      continue
    }
    await routeEvent(deps.sql, {
      eventId: event.id,
      paymentId: sibling.id,
      collectionId: sibling.collection_id,
      at: now,
    })
    await scheduleCollectionOf(deps.sql, sibling.id, now)
  }
  return own
}

async function firstReadable(
  deps: Deps,
  payment: PaymentRow,
  ids: readonly KobbopayId[],
): Promise<KobbopayId | null> {
  const client = deps.accounts.get(payment.account_id)?.client
  if (client === undefined) return null
  for (const id of ids) {
    try {
      const options = { attempts: READ_ATTEMPTS, known: [] }
      const { reference } = await client.read(id, railOf(payment), options)
      if (reference === null || reference === payment.reference) return id
    } catch (cause) {
      if (!(cause instanceof KobbopayError)) throw cause
    }
  }
  return null
}
