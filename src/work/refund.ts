import { MedusaError } from "@medusajs/framework/utils"
import { BigNumber } from "bignumber.js"
import type { CollectionId, PaymentId } from "../domain/ids"
import { AmountError, formatAmount, parseAmount } from "../domain/money"
import { bookedAmountOf } from "../domain/refund-amount"
import { decimalsOf } from "../domain/store-amount"
import { MONEY_CLASSES } from "../domain/exception-actions"
import { lockCollection, wakeCollection } from "../store/collections"
import { errorText } from "../store/error-text"
import { closeByPerson } from "../store/exceptions"
import { paymentById, sessionsOf, showing } from "../store/ledger"
import { type MedusaPayment, type MedusaView, capturedOf } from "../store/medusa-view"
import {
  type PaymentRow,
  isRefunded,
  leftToRefund,
  owedMinor,
  settledAmount,
  settlesOrder,
} from "../store/payment"
import {
  type RefundRow,
  finishRefund,
  insertRefund,
  priceRefund,
  refundsOf,
  unbookedRefunds,
  unclaimRefund,
} from "../store/refunds"
import type { Sql } from "../store/sql"
import { insertAdminTransition } from "../store/transitions"
import type { Deps } from "./deps"

export type Refund = {
  paymentId: PaymentId
  /** Decimal string, units of the asset that were sent back. */
  amount: string
  /** Hash of the transaction that sent it. */
  hash: string
  actor: string
  note: string | null
}

const invalid = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.INVALID_DATA, message)

/**
 * Records that a person sent money of a payment back, and closes the exceptions that this answers. The
 * worker books it in Medusa once there is a capture to refund. Where Medusa booked one by itself, because a
 * captured order was cancelled, nothing more is booked.
 *
 * @throws MedusaError NOT_FOUND, INVALID_DATA for more than arrived, CONFLICT for a hash recorded before
 */
export async function recordRefund(deps: Deps, refund: Refund): Promise<RefundRow> {
  const { paymentId, hash, actor, note } = refund
  const { found, amountMinor } = await refundable(deps, refund)
  const recorded = await deps.sql.transaction(async (trx) => {
    await lockCollection(trx, found.collection_id, null)
    const payment = await paymentById(trx, paymentId)
    if (payment === null) throw new Error(`payment ${paymentId} vanished inside its transaction`)
    mustBeThere(payment, amountMinor)
    const at = deps.now()
    const sent = { amount_minor: amountMinor, hash, actor, note }
    const made = await insertRefund(trx, payment, sent, at)
    if (made === null) {
      throw new MedusaError(
        MedusaError.Types.CONFLICT,
        `The refund with transaction ${hash} is recorded already.`,
      )
    }
    await insertAdminTransition(trx, payment, { actor, note, at })
    const after = { ...payment, refunded_minor: payment.refunded_minor + amountMinor }
    const answered = isRefunded(after) ? MONEY_CLASSES : excessIsBack(after) ? OVERPAID : []
    const by = { actor, resolution: "refunded", note }
    await closeByPerson(trx, { paymentId, classes: answered }, by, at)
    await wakeCollection(trx, payment.collection_id, at)
    return made
  })
  deps.log.info(
    `kobbopay: refund ${recorded.id} of payment ${paymentId} recorded by ${actor}: ${refund.amount} ${found.asset}, transaction ${hash}`,
  )
  return recorded
}

/**
 * What recording a refund now would book in the order: decimal, store currency; null: nothing.
 *
 * @throws MedusaError as {@link recordRefund} does
 */
export async function previewRefund(
  deps: Pick<Deps, "sql" | "medusa">,
  refund: Pick<Refund, "paymentId" | "amount">,
): Promise<{ bookedAmount: string | null; currencyCode: string }> {
  const { found, amountMinor } = await refundable(deps, refund)
  mustBeThere(found, amountMinor)
  const view = await deps.medusa.view(found.collection_id)
  const captured = await toBeCaptured(deps.sql, view, found, amountMinor)
  const earlier = await refundsOf(deps.sql, [found.id])
  return {
    bookedAmount: captured === null ? null : amountToBook(found, captured, earlier, amountMinor),
    currencyCode: found.currency_code,
  }
}

/** What is captured of a payment, or is about to be, by the time a refund is booked; null: nothing to book. */
async function toBeCaptured(
  sql: Sql,
  view: MedusaView | null,
  ledger: PaymentRow,
  amountMinor: bigint,
): Promise<string | null> {
  if (view === null || view.order === "cancelled") return null
  const booked = await bookedPayment(sql, view, ledger)
  if (booked !== null) return capturedOf(booked).toFixed()
  const settles = settlesOrder(ledger)
  const isWhole = amountMinor >= leftToRefund(ledger)
  return settles && !isWhole ? settledAmount(ledger) : null
}

async function refundable(
  deps: Pick<Deps, "sql">,
  { paymentId, amount }: Pick<Refund, "paymentId" | "amount">,
): Promise<{ found: PaymentRow; amountMinor: bigint }> {
  const found = await paymentById(deps.sql, paymentId)
  if (found === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, `There is no Kobbopay payment ${paymentId}`)
  }
  return { found, amountMinor: amountOf(amount, found) }
}

const OVERPAID = ["overpaid"] as const

const excessIsBack = (payment: PaymentRow): boolean =>
  payment.received_minor !== null &&
  payment.received_minor - payment.refunded_minor <= owedMinor(payment)

function amountOf(amount: string, payment: PaymentRow): bigint {
  try {
    const minor = parseAmount(amount, payment.decimals)
    if (minor > 0n) return minor
  } catch (cause) {
    if (!(cause instanceof AmountError)) throw cause
    throw invalid(`amount: ${cause.message}`)
  }
  throw invalid("amount: is nothing; write what was sent, such as 6.95")
}

/** A refund of what never came is refused: that is a mistyped amount, or another payment's. */
function mustBeThere(payment: PaymentRow, amountMinor: bigint): void {
  if (payment.money_seen_at === null) {
    throw invalid(`No money arrived on payment ${payment.id}, so there is nothing to refund.`)
  }
  const received = payment.received_minor ?? payment.expected_minor
  const rest = leftToRefund(payment)
  if (amountMinor <= rest) return
  const say = (minor: bigint) => `${formatAmount(minor, payment.decimals)} ${payment.asset}`
  throw invalid(
    `That is more than is left of payment ${payment.id}: ${say(received)} arrived, ${say(payment.refunded_minor)} was refunded already, so at most ${say(rest)} can be.`,
  )
}

/**
 * Books the refunds of a collection in Medusa, one by one, in the order they were recorded. Each
 * is priced only now, by what Medusa captured, and is done only when the order's side is booked too.
 * Returns why it must be tried again, or null.
 */
export async function bookRefunds(deps: Deps, collection: CollectionId): Promise<string | null> {
  for (const refund of await unbookedRefunds(deps.sql, collection)) {
    try {
      await bookOne(deps, refund)
    } catch (cause) {
      return `refund ${refund.id} could not be booked: ${errorText(cause)}`
    }
  }
  return null
}

async function bookOne(deps: Deps, refund: RefundRow): Promise<void> {
  const finish = (outcome: Parameters<typeof finishRefund>[2]) =>
    finishRefund(deps.sql, refund.id, outcome, deps.now())
  const ledger = await paymentById(deps.sql, refund.payment_id)
  const view = await deps.medusa.view(refund.collection_id)
  if (view === null || ledger === null) return
  const payment = await bookedPayment(deps.sql, view, ledger)
  const known = payment === null ? undefined : medusaRefundIn(payment, refund)
  if (view.order === "cancelled") {
    // Cancelling the order booked its refund by itself: a second one would be shown twice.
    await finish(
      known === undefined ? { state: "kept" } : { state: "booked", medusaRefund: known.id },
    )
    return
  }
  // What is not captured cannot be refunded: the refund waits for that, or for the order's end.
  if (payment === null) return
  const earlier = await earlierThan(deps.sql, refund)
  const captured = capturedOf(payment).toFixed()
  const amount = refund.store_amount ?? amountToBook(ledger, captured, earlier, refund.amount_minor)
  if (amount === null) {
    await finish({ state: "kept" })
    return
  }
  if (known === undefined) {
    if (refund.medusa_refund_id !== null) await unclaimRefund(deps.sql, refund)
    await priceRefund(deps.sql, refund.id, amount)
    await deps.medusa.refund(payment.id, {
      id: refund.id,
      amount,
      actor: refund.actor,
      note: `Refunded by transaction ${refund.hash}`,
    })
  }
  const after = await deps.medusa.view(refund.collection_id)
  const shown = after?.payments.find((one) => one.id === payment.id)
  const booked = shown === undefined ? undefined : medusaRefundIn(shown, refund)
  if (after === null || booked === undefined) throw new Error("Medusa does not show the refund")
  if (after.order === "open") await deps.medusa.bookRefund(after, payment.id, booked)
  await finish({ state: "booked", medusaRefund: booked.id })
}

/**
 * What Medusa books of a refund, after the refunds recorded before it: decimal,
 * store currency; null: nothing.
 */
const amountToBook = (
  ledger: PaymentRow,
  captured: string,
  earlier: readonly RefundRow[],
  amountMinor: bigint,
): string | null =>
  bookedAmountOf({
    amountMinor,
    receivedMinor: ledger.received_minor ?? owedMinor(ledger),
    expectedMinor: owedMinor(ledger),
    refundedMinor: earlier.reduce((sum, one) => sum + one.amount_minor, 0n),
    captured,
    bookedBefore: earlier
      .reduce((sum, one) => sum.plus(one.store_amount ?? 0), new BigNumber(0))
      .toFixed(),
    storeDecimals: decimalsOf(ledger.currency_code),
  })

/** The refunds of the same payment that were recorded before this one. */
async function earlierThan(sql: Sql, refund: RefundRow): Promise<RefundRow[]> {
  const all = await refundsOf(sql, [refund.payment_id])
  return all.slice(
    0,
    all.findIndex((one) => one.id === refund.id),
  )
}

/** The payment in Medusa on which this payment's money was captured, whole or in part. */
async function bookedPayment(
  sql: Sql,
  view: MedusaView,
  ledger: PaymentRow,
): Promise<MedusaPayment | null> {
  const shown = await sessionsOf(sql, { collection: ledger.collection_id, order: null })
  const sessions: (string | null)[] = [...showing(shown, ledger.id), ledger.settled_session_id]
  return (
    view.payments.find(
      (one) =>
        one.canceled_at === null &&
        one.captures.length > 0 &&
        one.payment_session_id != null &&
        sessions.includes(one.payment_session_id),
    ) ?? null
  )
}

/** The refund of Medusa that stands for ours: it names ours, or ours was claimed for it when an admin made it. */
const medusaRefundIn = (payment: MedusaPayment, refund: RefundRow) =>
  payment.refunds.find(
    (one) => one.metadata?.kobbopay_refund_id === refund.id || one.id === refund.medusa_refund_id,
  )
