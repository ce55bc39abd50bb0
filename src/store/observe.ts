import { z } from "@medusajs/framework/zod"
import { isEnough, type Fit } from "../domain/fit"
import { judge, type EventReport, type Known, type OrderFacts } from "../domain/judge"
import { CONDITIONS, type Decision, type ExceptionClass } from "../domain/lifecycle"
import { formatAmount } from "../domain/money"
import { mergeTransfers, type KnownTransfer } from "../domain/observation"
import type { CollectionId, EventRowId, PaymentId } from "../domain/ids"
import type { Reading } from "../domain/reading"
import type { Rules } from "../domain/rules"
import { nextCheck } from "../domain/schedule"
import { closeCleared, exceptionAbout, openException } from "./exceptions"
import { lockCollection, wakeCollection, type Lease } from "./collections"
import { insertTransition, type NewTransition } from "./ledger"
import { owedMinor, paymentColumns, paymentRow, type PaymentRow } from "./payment"
import { row, type Sql } from "./sql"
import { claimTransfers, type Taken } from "./transfers"

export type Check = {
  paymentId: PaymentId
  collectionId: CollectionId
  /** The lease under which the worker runs; null for the provider's own reads. */
  lease: Lease | null
  reading: Reading
  /** When the read began: a judgement of something newer is not undone by it. */
  readAt: Date
  /** What events report that no read has borne out yet; the read decides over each. */
  reports: readonly EventReport[]
  rules: Rules
  facts: OrderFacts
  source: NewTransition["source"]
  now: Date
}

export type Observed = {
  payment: PaymentRow
  decision: Decision
  /** The events whose reports the read bears out. */
  met: ReadonlySet<EventRowId>
  opened: ExceptionClass[]
}

/**
 * Judges one read of a payment and commits what follows (state, target, transition, exceptions) in one
 * transaction, under the collection's row lock. The single way by which a payment's state moves, for the
 * worker and the provider alike.
 *
 * @throws LeaseLost when the lease was taken over meanwhile
 */
export async function observe(sql: Sql, check: Check): Promise<Observed> {
  return sql.transaction(async (trx) => {
    const marks = await lockCollection(trx, check.collectionId, check.lease)
    const locked = await row(trx, lockedPaymentRow, LOCK_PAYMENT, [check.paymentId])
    if (locked === null) throw new Error(`payment ${check.paymentId} is not in the ledger`)
    const { has_settling_sibling, is_held_back, open_exceptions, ...before } = locked

    if (isOutdated(before.last_read_at, check)) return outdated(before)

    const taken = await claimTransfers(trx, before, mergeTransfers(before.transfers, check.reading))
    const { decision, fit, transfers, receivedMinor, met } = judge(knownOf(before), {
      ...check,
      isTransferTaken: taken !== null,
      order: {
        ...check.facts,
        order: marks.cancelled ? "cancelled" : marks.cancelling ? "cancelling" : check.facts.order,
        covered: check.facts.covered || (!check.facts.settled && has_settling_sibling),
      },
    })
    // The provider knows less than the worker: it lifts nothing that the worker found to be in the way.
    if (check.lease === null && is_held_back) decision.target = "nothing"

    const payment = await save(trx, check, before, decision, fit, {
      transfers,
      received: receivedMinor,
    })
    const opened = await keepExceptions(
      trx,
      { ...check, taken },
      payment,
      decision,
      open_exceptions,
    )
    // Money that a person had set aside is final now: it is judged again, as money that is there.
    if (before.written_off_minor > 0n && payment.written_off_minor === 0n) {
      await wakeCollection(trx, check.collectionId, check.now)
    }
    // The provider only answers Medusa's call: another target, such as a capture, is left to the worker.
    if (check.lease === null && payment.target !== before.target) {
      await wakeCollection(trx, check.collectionId, check.now)
    }
    return { payment, decision, met, opened }
  })
}

/** A last read that is later than now by more than this was judged by a clock that was wrong. */
const CLOCKS_AGREE_WITHIN_MS = 60_000

/** Began before the last read was judged. Where the clocks disagree, which came first is not known. */
const isOutdated = (lastReadAt: Date | null, { readAt, now }: Check): boolean =>
  lastReadAt !== null &&
  lastReadAt > readAt &&
  lastReadAt.getTime() - now.getTime() <= CLOCKS_AGREE_WITHIN_MS

/** A read that began before the last one was judged tells nothing new. */
const outdated = (payment: PaymentRow): Observed => ({
  payment,
  decision: { state: payment.state, target: payment.target, exceptions: [] },
  met: new Set(),
  opened: [],
})

/**
 * Whether a read finds a payment, by what is known of it here, waiting for its money as before: then there is
 * nothing to keep but the time of the read, and no need for the collection's lock.
 */
export function stillWaits(
  payment: PaymentRow,
  check: Pick<Check, "reading" | "reports" | "rules" | "facts" | "now">,
): boolean {
  const isUnchanged =
    payment.state === "pending" &&
    payment.target === "nothing" &&
    payment.money_seen_at === null &&
    payment.window_ends_at > check.now &&
    check.reading.transfers.length === 0
  if (!isUnchanged) return false
  const { decision, fit } = judge(knownOf(payment), {
    ...check,
    isTransferTaken: false,
    order: check.facts,
  })
  return (
    decision.state === payment.state &&
    decision.target === payment.target &&
    decision.exceptions.length === 0 &&
    fit.amount === "none"
  )
}

const lockedPaymentRow = paymentRow.extend({
  /** Another payment of the same collection settles already. */
  has_settling_sibling: z.boolean(),
  /** The worker found something in the way, and nobody but a person said that it may be left there. */
  is_held_back: z.boolean(),
  open_exceptions: z.array(z.string()),
})

/** Read only under the collection's lock, and after it was taken: what waited for the lock would judge by what was so before. */
const LOCK_PAYMENT = {
  name: "kobbopay_held_payment",
  text: `
SELECT ${paymentColumns("p")},
       EXISTS (SELECT 1 FROM kobbopay_payment s
         WHERE s.collection_id = p.collection_id AND s.id <> p.id AND s.deleted_at IS NULL
           AND s.target IN ('authorized', 'captured')) AS has_settling_sibling,
       EXISTS (SELECT 1 FROM kobbopay_exception e
         WHERE e.subject_id = p.id AND e.deleted_at IS NULL
           AND e.class IN ('duplicate_payment', 'order_cancelled', 'superseded')
           AND (e.state = 'open' OR p.target = 'nothing' AND e.actor <> 'kobbopay'
             AND e.resolution NOT IN ('accepted', 'applied'))) AS is_held_back,
       ARRAY(SELECT e.class FROM kobbopay_exception e
         WHERE e.subject_id = p.id AND e.state = 'open' AND e.deleted_at IS NULL) AS open_exceptions
  FROM kobbopay_payment p WHERE p.id = ? FOR UPDATE OF p`,
}

const knownOf = (payment: PaymentRow): Known => ({
  asset: payment.asset,
  network: payment.network,
  token: payment.token,
  reference: payment.reference,
  expectedMinor: owedMinor(payment),
  decimals: payment.decimals,
  state: payment.state,
  target: payment.target,
  receivedMinor: payment.received_minor,
  refundedMinor: payment.refunded_minor,
  writtenOffMinor: payment.written_off_minor,
  transfers: payment.transfers,
  amountFit: payment.amount_fit,
  accepted:
    payment.accepted === null ? null : { what: payment.accepted, minor: payment.accepted_minor },
  createdAt: payment.created_at,
  moneySeenAt: payment.money_seen_at,
  confirmedAt: payment.confirmed_at,
  windowEndsAt: payment.window_ends_at,
})

const SAVE = {
  name: "kobbopay_save_look",
  text: `
UPDATE kobbopay_payment p
   SET state = ?, target = ?, received_minor = ?, transfers = ?::jsonb, amount_fit = ?,
       current = current AND ? AND window_ends_at > ?,
       money_seen_at = COALESCE(money_seen_at, ?), paid_at = COALESCE(paid_at, ?),
       confirmed_at = COALESCE(confirmed_at, ?), ended_at = COALESCE(ended_at, ?),
       converged_at = CASE WHEN ? THEN NULL ELSE converged_at END,
       written_off_minor = CASE WHEN ? THEN '0' ELSE written_off_minor END,
       last_read_at = ?, next_check_at = ?, failures = 0, failing_since = NULL, last_error = NULL,
       updated_at = now()
 WHERE id = ? RETURNING ${paymentColumns("p")}`,
}

async function save(
  trx: Sql,
  check: Check,
  before: PaymentRow,
  decision: Decision,
  fit: Fit,
  money: { transfers: readonly KnownTransfer[]; received: bigint | null },
): Promise<PaymentRow> {
  const { now } = check
  const { state, target } = decision
  const ended = state === "expired" || state === "failed"
  const moneySeen = fit.amount !== "none" || state === "paid" || state === "confirmed"
  const open = (state === "pending" || state === "creating") && !moneySeen
  const reached = state === "paid" || state === "confirmed"
  const isTargetChanged = target !== before.target
  // Late money that is final keeps its payment ended.
  const isFinal =
    state === "confirmed" || (check.reading.state === "confirmed" && isEnough(fit.amount))
  const after = await row(trx, paymentRow, SAVE, [
    state,
    target,
    money.received?.toString() ?? null,
    JSON.stringify(
      money.transfers.map((transfer) => ({
        hash: transfer.hash,
        amount_minor: transfer.amountMinor.toString(),
        final: transfer.final,
        lost: transfer.lost,
        tracker_id: transfer.trackerId,
      })),
    ),
    fit.amount === "none" ? null : fit.amount,
    open,
    now,
    moneySeen ? now : null,
    reached ? now : null,
    isFinal ? now : null,
    ended ? now : null,
    isTargetChanged,
    // What was set aside before it was final is judged again once it is.
    isFinal && before.confirmed_at === null,
    now,
    nextCheckOf(before, state, check),
    before.id,
  ])
  if (after === null) throw new Error(`payment ${before.id} vanished inside its transaction`)
  if (state !== before.state) {
    await insertTransition(trx, {
      paymentId: before.id,
      from: before.state,
      to: state,
      source: check.source,
      receivedMinor: money.received,
      at: now,
    })
  }
  return after
}

/**
 * The next scheduled check, and not later than the times at which something of a payment that stays pending
 * ends: its offer, where its newest transfer has failed, and its being waited for at all.
 */
function nextCheckOf(payment: PaymentRow, state: PaymentRow["state"], check: Check): Date | null {
  const hasOrder = payment.order_id !== null || check.facts.placedAt !== null
  const next = nextCheck(payment.created_at, check.now, check.rules.watchForMs, hasOrder)
  if (state !== "pending" || next === null) return next
  const since = Math.min(
    payment.created_at.getTime(),
    check.facts.placedAt?.getTime() ?? payment.created_at.getTime(),
  )
  const ends = [
    check.reading.transferFailed === true ? payment.window_ends_at.getTime() : Infinity,
    Math.max(since + check.rules.closePendingAfterMs, payment.window_ends_at.getTime()),
  ].filter((at) => at > check.now.getTime())
  return new Date(Math.min(next.getTime(), ...ends))
}

/** What an exception is about: over the same, one that a person closed does not open again. */
function fingerprintOf(found: ExceptionClass, payment: PaymentRow, check: Check): string {
  const money = payment.received_minor?.toString() ?? check.reading.state
  // Set aside before it was final, it is to be decided once more.
  if (found === "late_payment" && payment.confirmed_at !== null) return `${money} final`
  if (found === "refund_owed")
    return `${money} ${check.facts.order} ${check.facts.asks ?? "nothing"}`
  if (found === "order_changed") return `${money} for ${check.facts.asks ?? "nothing"}`
  if (found !== "ambiguous_finality") return money
  const unmetIds = check.reports.filter((report) => !report.patient).map((report) => report.id)
  return [money, check.reading.state, ...new Set(unmetIds)].join(" ")
}

const takenBy = (taken: Taken | null) => ({
  hash: taken?.key ?? null,
  other_payment: taken?.paymentId ?? null,
  other_order: taken?.orderId ?? null,
})

const MONEY_CONDITIONS: readonly ExceptionClass[] = ["underpaid", "amount_unknown"]

async function keepExceptions(
  trx: Sql,
  check: Check & { taken: Taken | null },
  payment: PaymentRow,
  decision: Decision,
  openBefore: readonly string[],
): Promise<ExceptionClass[]> {
  const opened: ExceptionClass[] = []
  for (const found of decision.exceptions) {
    const isNew = await openException(
      trx,
      exceptionAbout(payment, {
        class: found,
        expected: {
          amount: formatAmount(payment.expected_minor, payment.decimals),
          asset: payment.asset,
          network: payment.network,
          reference: payment.reference,
          store_amount: payment.store_amount,
          currency_code: payment.currency_code,
        },
        observed: {
          reported_state: check.reading.state,
          state: payment.state,
          amount:
            payment.received_minor === null
              ? null
              : formatAmount(payment.received_minor, payment.decimals),
          asset: check.reading.asset ?? check.reading.token,
          network: check.reading.network,
          reference: check.reading.reference,
          order: check.facts.order,
          ...(found === "order_changed" ? { store_amount: check.facts.asks } : {}),
          ...(found === "duplicate_transfer" ? takenBy(check.taken) : {}),
        },
        fingerprint: fingerprintOf(found, payment, check),
      }),
      check.now,
    )
    if (isNew) opened.push(found)
  }
  // The provider knows less of the order than the worker does: it clears only what the money itself tells.
  const judged = check.lease === null ? MONEY_CONDITIONS : CONDITIONS
  const over = judged.filter(
    (condition) => openBefore.includes(condition) && !decision.exceptions.includes(condition),
  )
  if (over.length > 0) await closeCleared(trx, payment.id, over, check.now)
  return opened
}
