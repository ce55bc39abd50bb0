import { z } from "@medusajs/framework/zod"
import { isEnough } from "../domain/fit"
import type { CollectionId, PaymentId } from "../domain/ids"
import type { EventReport, Judgement, Known, OrderFacts } from "../domain/judge"
import type { KnownTransfer } from "../domain/observation"
import type { Reading } from "../domain/reading"
import type { Rules } from "../domain/rules"
import { nextCheck } from "../domain/schedule"
import type { Lease } from "./collections"
import { owedMinor, paymentColumns, paymentRow, type PaymentRow } from "./payment"
import { row, type Sql } from "./sql"
import { insertTransition, type NewTransition } from "./transitions"

/** A read of a payment, and all that it is judged by. */
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

const lockedPaymentRow = paymentRow.extend({
  /** Another payment of the same collection settles already. */
  has_settling_sibling: z.boolean(),
  /** The worker found something in the way, and nobody but a person said that it may be left there. */
  is_held_back: z.boolean(),
  open_exceptions: z.array(z.string()),
})

const LOCK_PAYMENT = {
  name: "kobbopay_lock_payment",
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

/**
 * Locks a payment's row and reads it. Only under the collection's lock, and after that was taken: a statement that
 * waits for the lock itself judges by what was so before it waited.
 */
export async function lockPayment(
  trx: Sql,
  id: PaymentId,
): Promise<{
  payment: PaymentRow
  hasSettlingSibling: boolean
  isHeldBack: boolean
  openExceptions: readonly string[]
}> {
  const locked = await row(trx, lockedPaymentRow, LOCK_PAYMENT, [id])
  if (locked === null) throw new Error(`payment ${id} is not in the ledger`)
  const { has_settling_sibling, is_held_back, open_exceptions, ...payment } = locked
  return {
    payment,
    hasSettlingSibling: has_settling_sibling,
    isHeldBack: is_held_back,
    openExceptions: open_exceptions,
  }
}

/** What the rules judge a payment by. */
export const knownOf = (payment: PaymentRow): Known => ({
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
  name: "kobbopay_save_judgement",
  text: `
UPDATE kobbopay_payment p
   SET state = :state, target = :target, received_minor = :received, transfers = :transfers::jsonb,
       amount_fit = :amount_fit,
       current = current AND :is_open AND window_ends_at > :now,
       money_seen_at = COALESCE(money_seen_at, :money_seen_at), paid_at = COALESCE(paid_at, :paid_at),
       confirmed_at = COALESCE(confirmed_at, :confirmed_at), ended_at = COALESCE(ended_at, :ended_at),
       converged_at = CASE WHEN :is_target_changed THEN NULL ELSE converged_at END,
       written_off_minor = CASE WHEN :is_newly_final THEN '0' ELSE written_off_minor END,
       last_read_at = :now, next_check_at = :next_check_at, failures = 0, failing_since = NULL,
       last_error = NULL, updated_at = now()
 WHERE id = :id RETURNING ${paymentColumns("p")}`,
}

/** Keeps what a read of a payment was judged to say: its row, and a row of its history where the state changed. */
export async function saveJudgement(
  trx: Sql,
  before: PaymentRow,
  check: Check,
  { decision, fit, transfers, receivedMinor }: Judgement,
): Promise<PaymentRow> {
  const { now } = check
  const { state, target } = decision
  const ended = state === "expired" || state === "failed"
  const moneySeen = fit.amount !== "none" || state === "paid" || state === "confirmed"
  const isOpen = (state === "pending" || state === "creating") && !moneySeen
  const reached = state === "paid" || state === "confirmed"
  // Late money that is final keeps its payment ended.
  const isFinal =
    state === "confirmed" || (check.reading.state === "confirmed" && isEnough(fit.amount))
  const after = await row(trx, paymentRow, SAVE, {
    id: before.id,
    state,
    target,
    received: receivedMinor?.toString() ?? null,
    transfers: JSON.stringify(transfers.map(columnOf)),
    amount_fit: fit.amount === "none" ? null : fit.amount,
    is_open: isOpen,
    money_seen_at: moneySeen ? now : null,
    paid_at: reached ? now : null,
    confirmed_at: isFinal ? now : null,
    ended_at: ended ? now : null,
    is_target_changed: target !== before.target,
    // What was set aside before it was final is judged again once it is.
    is_newly_final: isFinal && before.confirmed_at === null,
    next_check_at: nextCheckOf(before, state, check),
    now,
  })
  if (after === null) throw new Error(`payment ${before.id} vanished inside its transaction`)
  if (state !== before.state) {
    await insertTransition(trx, {
      paymentId: before.id,
      from: before.state,
      to: state,
      source: check.source,
      receivedMinor,
      at: now,
    })
  }
  return after
}

/** A transfer as the payment's row keeps it. */
const columnOf = (transfer: KnownTransfer) => ({
  hash: transfer.hash,
  amount_minor: transfer.amountMinor.toString(),
  final: transfer.final,
  lost: transfer.lost,
  tracker_id: transfer.trackerId,
})

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
