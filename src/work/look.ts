import { MathBN } from "@medusajs/framework/utils"
import { KobbopayError } from "../kobbopay/errors"
import type { SessionId } from "../kobbopay/ids"
import type { OrderFacts } from "../kobbopay/judge"
import { CLAIM_PATIENCE_MS, retryPause } from "../kobbopay/schedule"
import type { Lease } from "../store/groups"
import { finishEvent, retryEvent, unmetEvents, type EventRow } from "../store/inbox"
import { noteFailedRead, sessionsOf } from "../store/ledger"
import { observe } from "../store/observe"
import { settledAmount, type PaymentRow } from "../store/payment"
import { railOf } from "../store/rail"
import type { Deps } from "./deps"
import { sameAmount } from "./medusa"
import { refundedOf, type MedusaView } from "../store/medusa-view"

/** The work comes back by itself, so one read need not try for long. */
const READ_ATTEMPTS = 2

/** A payment as it stands after a look, and why that must be tried again as failed work, or null. */
export type Looked = { payment: PaymentRow; failure: string | null }

/**
 * Reads one payment at Kobbopay, holding no connection, and commits what follows. An outage is not
 * failed work: it only puts the look off.
 */
export async function lookAt(
  deps: Deps,
  lease: Lease,
  payment: PaymentRow,
  events: readonly EventRow[],
  view: MedusaView | null,
): Promise<Looked> {
  if (payment.kobbopay_id === null) return { payment, failure: null }
  const account = deps.accounts.get(payment.account_id)
  if (account === undefined) {
    const failure = `payment ${payment.id} belongs to account ${payment.account_id}, which is no longer configured`
    return { payment, failure }
  }
  let reading
  const readAt = deps.now()
  try {
    reading = await account.client.read(payment.kobbopay_id, railOf(payment), {
      attempts: READ_ATTEMPTS,
      known: payment.transfers,
    })
  } catch (cause) {
    if (!(cause instanceof KobbopayError)) throw cause
    return { payment, failure: await putOff(deps, payment, events, cause) }
  }
  const now = deps.now()
  const [unmet, sessions] = await Promise.all([
    unmetEvents(deps.sql, payment.id),
    sessionsOf(deps.sql, payment.id),
  ])
  const claims = [...events, ...unmet].flatMap((event) =>
    event.claims === null ? [] : [{ said: event.claims, patient: isPatient(event, now) }],
  )
  const seen = await observe(deps.sql, {
    paymentId: payment.id,
    collectionId: payment.collection_id,
    lease,
    reading,
    readAt,
    claims,
    rules: account.rules,
    facts: orderFacts(payment, sessions, view),
    source: events.length > 0 ? "event" : "read",
    now,
  })
  if (seen.payment.state !== payment.state || seen.opened.length > 0) {
    deps.log.info(
      `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) ${payment.state} -> ${seen.payment.state}, wants ${seen.decision.want}` +
        (seen.opened.length > 0 ? `, exceptions: ${seen.opened.join(", ")}` : "") +
        (events[0] === undefined ? "" : `, event ${events[0].id}`),
    )
  }
  for (const event of [...events, ...unmet]) {
    if (event.claims === null || seen.met.has(event.claims)) {
      await finishEvent(deps.sql, event.id, "done", seen.payment.state, now)
    } else if (!isPatient(event, now)) {
      await finishEvent(deps.sql, event.id, "dead", "ambiguous_finality", now)
    } else {
      const pause = retryPause(event.attempts, deps.random)
      await retryEvent(deps.sql, event, new Date(now.getTime() + pause))
    }
  }
  return { payment: seen.payment, failure: null }
}

/** An event this young may still be ahead of the reads. */
const isPatient = (event: EventRow, now: Date): boolean =>
  now.getTime() - event.received_at.getTime() < CLAIM_PATIENCE_MS

/** Puts the look, and the events that called for it, off until Kobbopay may answer again. */
async function putOff(
  deps: Deps,
  payment: PaymentRow,
  events: readonly EventRow[],
  cause: KobbopayError,
): Promise<string | null> {
  const pause = Math.max(cause.retryAfterMs ?? 0, retryPause(payment.failures, deps.random))
  const at = new Date(deps.now().getTime() + pause)
  await noteFailedRead(deps.sql, payment.id, cause.message, at)
  for (const event of events) await retryEvent(deps.sql, event, at)
  deps.log.warn(
    `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) could not be read, again at ${at.toISOString()}: ${cause.message}`,
  )
  return cause.kind === "unavailable" ? null : cause.message
}

/** What Medusa's view says of a payment that is shown by these sessions. Pure. */
export function orderFacts(
  payment: Pick<PaymentRow, "store_amount" | "accepted" | "accepted_amount" | "currency_code">,
  sessions: readonly SessionId[],
  view: MedusaView | null,
): OrderFacts {
  if (view === null) {
    return {
      ...{ order: "none", covered: false, superseded: true, orderChanged: false },
      ...{ settled: false, captured: false, asks: null },
    }
  }
  const isMine = (id: SessionId | null | undefined) => id != null && sessions.includes(id)
  const settled = view.payments.some(
    (own) => own.canceled_at === null && own.captures.length > 0 && isMine(own.payment_session_id),
  )
  const asks = `${view.amount} ${view.currencyCode}`
  // What this payment settled stays settled: later changes of the order are not held against it.
  if (settled) {
    return {
      order: view.order,
      covered: false,
      superseded: false,
      orderChanged: false,
      settled,
      captured: true,
      asks,
    }
  }
  const shown = view.sessions.filter((session) => isMine(session.id))
  const asked = (amount: string, currency: string) =>
    sameAmount(amount, settledAmount(payment)) && currency === payment.currency_code
  return {
    order: view.order,
    covered: coveredBy(view, payment, isMine),
    superseded: shown.length === 0,
    orderChanged:
      !asked(view.amount, view.currencyCode) ||
      // A session is made to ask for what a person accepted.
      (payment.accepted === null &&
        shown.some((session) => !asked(session.amount, session.currency_code))),
    settled: false,
    captured: false,
    asks,
  }
}

/**
 * Whether other payments, of whatever provider, leave no room for this one: what they come to, less what
 * was paid back of them, and this one together are more than the order costs.
 */
function coveredBy(
  view: MedusaView,
  payment: Pick<PaymentRow, "store_amount" | "accepted_amount">,
  isMine: (session: SessionId | null | undefined) => boolean,
): boolean {
  const others = view.payments.filter(
    (other) => other.canceled_at === null && !isMine(other.payment_session_id),
  )
  if (others.length === 0) return false
  const paid = others.reduce(
    (sum, other) => MathBN.add(sum, MathBN.sub(other.amount, refundedOf(other))),
    MathBN.convert(0),
  )
  return MathBN.gt(MathBN.add(paid, settledAmount(payment)), view.total)
}
