import { KobbopayError } from "../kobbopay/errors"
import { readProven } from "../kobbopay/read-proven"
import type { EventReport, OrderFacts } from "../domain/judge"
import { AmountError, parseAmount } from "../domain/money"
import { reportsMoney } from "../domain/observation"
import type { Reading } from "../domain/reading"
import type { Rules } from "../domain/rules"
import { nextCheck, retryPause } from "../domain/schedule"
import { exceptionAbout, openException } from "../store/exceptions"
import { type EventRow, finishEvent, retryEvent, unmetEvents } from "../store/inbox/queue"
import { sessionsOf } from "../store/ledger"
import type { MedusaView } from "../store/medusa-view"
import { recordFailedRead } from "../store/next-checks"
import { observe } from "../store/observe"
import { type Shown, orderFacts } from "../store/order-facts"
import { type PaymentRow, holdsMoney } from "../store/payment"
import { railOf } from "../store/rail"
import type { Deps } from "./deps"
import type { LeasedCollection } from "./leased"

/** A payment as it stands after a check, and why that must be tried again as failed work, or null. */
export type Checked = { payment: PaymentRow; failure: string | null }

/**
 * Reads one payment at Kobbopay, holding no connection, and commits what follows. An outage is not
 * failed work: it only puts the check off.
 */
export async function checkPayment(
  deps: Deps,
  leased: LeasedCollection,
  payment: PaymentRow,
  { events, view }: { events: readonly EventRow[]; view: MedusaView | null },
): Promise<Checked> {
  const account = deps.accounts.get(payment.account_id)
  if (account === undefined) {
    // Medusa shows the payment's target, and nothing new is reported: it need not be read.
    if (payment.converged_at !== null && events.length === 0) return { payment, failure: null }
    const failure = `payment ${payment.id} belongs to account ${payment.account_id}, which is no longer configured`
    return { payment, failure }
  }
  const { rules } = account
  if (payment.kobbopay_id === null) {
    if (events.length > 0) await putOff(deps, payment, { events, rules, cause: neverCreated() })
    return { payment, failure: null }
  }
  const readAt = deps.now()
  const reading = await readProven(account, payment.kobbopay_id, railOf(payment), payment)
  if (reading instanceof KobbopayError) {
    return { payment, failure: await putOff(deps, payment, { events, rules, cause: reading }) }
  }
  const now = deps.now()
  const [unmet, shown] = await Promise.all([
    unmetEvents(deps.sql, payment.id),
    sessionsOf(deps.sql, { collection: payment.collection_id, order: view?.orderId ?? null }),
  ])
  const { patienceMs } = rules
  const reports = [...events, ...unmet].flatMap((event) =>
    reportOf(event, payment, patienceMs, now),
  )
  const seen = await observe(deps.sql, {
    paymentId: payment.id,
    collectionId: payment.collection_id,
    lease: leased.lease,
    reading,
    readAt,
    reports,
    rules,
    facts: await factsOf(deps, payment, reading, { shown, view }),
    source: events.length > 0 ? "event" : "read",
    now,
  })
  if (seen.payment.state !== payment.state || seen.opened.length > 0) {
    deps.log.info(
      `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) ${payment.state} -> ${seen.payment.state}, target ${seen.decision.target}` +
        (seen.opened.length > 0 ? `, exceptions: ${seen.opened.join(", ")}` : "") +
        (events[0] === undefined ? "" : `, event ${events[0].id}`),
    )
  }
  for (const event of [...events, ...unmet]) {
    if (event.reported_state === null || seen.met.has(event.id)) {
      await finishEvent(deps.sql, event.id, { state: "done", outcome: seen.payment.state }, now)
    } else if (!isPatient(event, patienceMs, now)) {
      await finishEvent(deps.sql, event.id, { state: "dead", outcome: "ambiguous_finality" }, now)
    } else {
      const pause = retryPause(event.attempts, deps.random)
      await retryEvent(deps.sql, event, new Date(now.getTime() + pause))
    }
  }
  return { payment: seen.payment, failure: null }
}

/** A cart that is being changed has lines that Medusa may still take back. */
const CART_SETTLES_MS = 1_000

/** What the order asks. Money that a changed cart would turn away is weighed once the cart is at rest. */
async function factsOf(
  deps: Deps,
  payment: PaymentRow,
  reading: Reading,
  { shown, view }: { shown: readonly Shown[]; view: MedusaView | null },
): Promise<OrderFacts> {
  const facts = orderFacts(payment, shown, view)
  const isMoney =
    payment.money_seen_at !== null ||
    reportsMoney(reading) ||
    reading.transfers.length > 0 ||
    reading.astray
  if (facts.order !== "none" || !facts.orderChanged || !isMoney) return facts
  await deps.sleep(CART_SETTLES_MS)
  return orderFacts(payment, shown, await deps.medusa.view(payment.collection_id))
}

const neverCreated = (): KobbopayError =>
  new KobbopayError(
    "unavailable",
    "the answer to its creation was lost, and the id that a webhook names cannot be read",
  )

/** An event this young may still be ahead of the reads. */
const isPatient = (event: EventRow, patienceMs: number, now: Date): boolean =>
  now.getTime() - event.received_at.getTime() < patienceMs

/** What an event reports, as the lifecycle weighs it; none where its type says nothing of a state. */
function reportOf(
  event: EventRow,
  { decimals }: Pick<PaymentRow, "decimals">,
  patienceMs: number,
  now: Date,
): EventReport[] {
  if (event.reported_state === null) return []
  return [
    {
      id: event.id,
      state: event.reported_state,
      amountMinor: reportedMinor(event.reported_amount, decimals),
      patient: isPatient(event, patienceMs, now),
      receivedAt: event.received_at,
    },
  ]
}

/** Text that is no amount of the asset is no report of one. */
function reportedMinor(amount: string | null, decimals: number): bigint | null {
  if (amount === null) return null
  try {
    return parseAmount(amount, decimals)
  } catch (cause) {
    if (cause instanceof AmountError) return null
    throw cause
  }
}

/** Watched for long enough, with nothing left to do: Kobbopay may have forgotten it. */
const isOver = (
  payment: PaymentRow,
  events: readonly EventRow[],
  { watchForMs }: Rules,
  now: Date,
): boolean =>
  nextCheck(payment.created_at, now, watchForMs, payment.order_id !== null) === null &&
  events.length === 0 &&
  (payment.converged_at !== null || !holdsMoney(payment))

/**
 * Puts off the check, and the events that asked for it, until Kobbopay may answer again. Once that has lasted
 * for too long, or an event that reports money has waited for too long, that is an exception.
 */
async function putOff(
  deps: Deps,
  payment: PaymentRow,
  { events, rules, cause }: { events: readonly EventRow[]; rules: Rules; cause: KobbopayError },
): Promise<string | null> {
  const now = deps.now()
  if (isOver(payment, events, rules, now)) {
    await recordFailedRead(deps.sql, payment.id, { cause: cause.message, nextCheckAt: null }, now)
    return null
  }
  const pause = Math.max(cause.retryAfterMs ?? 0, retryPause(payment.failures, deps.random))
  const at = new Date(now.getTime() + pause)
  await recordFailedRead(deps.sql, payment.id, { cause: cause.message, nextCheckAt: at }, now)
  for (const event of events) await retryEvent(deps.sql, event, at)
  deps.log.warn(
    `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) could not be read, again at ${at.toISOString()}: ${cause.message}`,
  )
  const since = payment.failing_since ?? now
  const isLong = now.getTime() - since.getTime() >= rules.stuckAfterMs
  const waiting = events.find(
    (event) =>
      event.reported_state !== null &&
      reportsMoney({
        state: event.reported_state,
        amountMinor: reportedMinor(event.reported_amount, payment.decimals),
      }) &&
      !isPatient(event, rules.patienceMs, now),
  )
  if (isLong || waiting !== undefined) {
    await openException(
      deps.sql,
      exceptionAbout(payment, {
        class: "unreadable",
        expected: { reported_state: "an answer" },
        observed: {
          reported_state:
            waiting === undefined ? "nothing" : `a webhook reports ${waiting.reported_state}`,
          since: since.toISOString(),
          failure: cause.message,
        },
        // While nobody can read it, what a person decided about it holds until an event says more.
        fingerprint: waiting?.id ?? since.toISOString(),
      }),
      now,
    )
  }
  return cause.kind === "unavailable" ? null : cause.message
}
