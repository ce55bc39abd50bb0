import { MedusaError } from "@medusajs/framework/utils"
import { BigNumber } from "bignumber.js"
import type { PaymentId } from "../kobbopay/ids"
import { AmountError, formatAmount, parseAmount } from "../kobbopay/money"
import { refundOf } from "../kobbopay/pay-back"
import { decimalsOf } from "../kobbopay/store-amount"
import { MONEY_CLASSES } from "../kobbopay/ways-out"
import { closeByPerson } from "../store/exceptions"
import { errorText } from "../store/error-text"
import { lockCollection, wakeCollection, type Lease } from "../store/collections"
import { insertTransition, paymentById, sessionsOf, showing } from "../store/ledger"
import {
  isPaidBack,
  leftToPayBack,
  owedMinor,
  settledAmount,
  type PaymentRow,
} from "../store/payment"
import {
  finishPayBack,
  freePayBack,
  insertPayBack,
  payBacksOf,
  priceRefund,
  unbookedPayBacks,
  type RefundRow,
} from "../store/refunds"
import type { Sql } from "../store/sql"
import type { Deps } from "./deps"
import { capturedOf, type MedusaPayment, type MedusaView } from "../store/medusa-view"

export type PayBack = {
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
 * Records that a person sent money of a payment back, and closes the exceptions that this answers. What
 * of it is a refund of the order is booked in Medusa by the work, once there is a capture to refund; where
 * Medusa booked one by itself, by cancelling a captured order, nothing more is.
 *
 * @throws MedusaError NOT_FOUND, INVALID_DATA for more than arrived, CONFLICT for a hash recorded before
 */
export async function recordPayBack(deps: Deps, payBack: PayBack): Promise<RefundRow> {
  const { paymentId, hash, actor, note } = payBack
  const { found, amountMinor } = await asked(deps, payBack)
  const recorded = await deps.sql.transaction(async (trx) => {
    await lockCollection(trx, found.collection_id, null)
    const payment = await paymentById(trx, paymentId)
    if (payment === null) throw new Error(`payment ${paymentId} vanished inside its transaction`)
    mustBeThere(payment, amountMinor)
    const made = await insertPayBack(
      trx,
      payment,
      { amount_minor: amountMinor, hash, actor, note },
      deps.now(),
    )
    if (made === null) {
      throw new MedusaError(
        MedusaError.Types.CONFLICT,
        `The pay-back with transaction ${hash} is recorded already.`,
      )
    }
    await insertTransition(trx, {
      paymentId,
      from: payment.state,
      to: payment.state,
      source: "admin",
      actor,
      note,
      receivedMinor: payment.received_minor,
      at: deps.now(),
    })
    const after = { ...payment, paid_back_minor: payment.paid_back_minor + amountMinor }
    const answered = isPaidBack(after) ? MONEY_CLASSES : excessIsBack(after) ? OVERPAID : []
    const by = { actor, resolution: "paid_back", note }
    await closeByPerson(trx, { paymentId, classes: answered }, by, deps.now())
    await wakeCollection(trx, payment.collection_id, deps.now())
    return made
  })
  deps.log.info(
    `kobbopay: pay-back ${recorded.id} of payment ${paymentId} recorded by ${actor}: ${payBack.amount} ${found.asset}, transaction ${hash}`,
  )
  return recorded
}

/**
 * What recording a pay-back now would refund of the order: decimal, store currency; null: nothing.
 *
 * @throws MedusaError as {@link recordPayBack} does
 */
export async function previewPayBack(
  deps: Pick<Deps, "sql" | "medusa">,
  payBack: Pick<PayBack, "paymentId" | "amount">,
): Promise<{ refundAmount: string | null; currencyCode: string }> {
  const { found, amountMinor } = await asked(deps, payBack)
  mustBeThere(found, amountMinor)
  const view = await deps.medusa.view(found.collection_id)
  const captured = await toBeCaptured(deps.sql, view, found, amountMinor)
  const earlier = await payBacksOf(deps.sql, [found.id])
  return {
    refundAmount: captured === null ? null : refundAmount(found, captured, earlier, amountMinor),
    currencyCode: found.currency_code,
  }
}

/** What is captured of a payment, or is about to be, by the time a pay-back is booked; null: nothing to refund. */
async function toBeCaptured(
  sql: Sql,
  view: MedusaView | null,
  ledger: PaymentRow,
  amountMinor: bigint,
): Promise<string | null> {
  if (view === null || view.order === "cancelled") return null
  const booked = await bookedPayment(sql, view, ledger)
  if (booked !== null) return capturedOf(booked).toFixed()
  const settles = ledger.target === "authorized" || ledger.target === "captured"
  const isWhole = amountMinor >= leftToPayBack(ledger)
  return settles && !isWhole ? settledAmount(ledger) : null
}

async function asked(
  deps: Pick<Deps, "sql">,
  { paymentId, amount }: Pick<PayBack, "paymentId" | "amount">,
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
  payment.received_minor - payment.paid_back_minor <= owedMinor(payment)

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

/** Nothing is paid back that never came: that is a mistyped amount, or another payment's. */
function mustBeThere(payment: PaymentRow, amountMinor: bigint): void {
  if (payment.money_seen_at === null) {
    throw invalid(`No money arrived on payment ${payment.id}, so there is nothing to pay back.`)
  }
  const received = payment.received_minor ?? payment.expected_minor
  const rest = leftToPayBack(payment)
  if (amountMinor <= rest) return
  const say = (minor: bigint) => `${formatAmount(minor, payment.decimals)} ${payment.asset}`
  throw invalid(
    `That is more than is left of payment ${payment.id}: ${say(received)} arrived, ${say(payment.paid_back_minor)} was paid back already, so at most ${say(rest)} can be.`,
  )
}

/**
 * Makes Medusa show the pay-backs of a collection as refunds, one by one, in the order they were recorded. Each
 * is priced only now, by what Medusa captured, and is done only when the order's side is booked too.
 * Returns why it must be tried again, or null.
 */
export async function bookPayBacks(deps: Deps, lease: Lease): Promise<string | null> {
  for (const payBack of await unbookedPayBacks(deps.sql, lease.collectionId)) {
    try {
      await bookOne(deps, payBack)
    } catch (cause) {
      return `pay-back ${payBack.id} could not be booked: ${errorText(cause)}`
    }
  }
  return null
}

async function bookOne(deps: Deps, payBack: RefundRow): Promise<void> {
  const finish = (outcome: Parameters<typeof finishPayBack>[2]) =>
    finishPayBack(deps.sql, payBack.id, outcome, deps.now())
  const ledger = await paymentById(deps.sql, payBack.payment_id)
  const view = await deps.medusa.view(payBack.collection_id)
  if (view === null || ledger === null) return
  const payment = await bookedPayment(deps.sql, view, ledger)
  const known = payment === null ? undefined : refundIn(payment, payBack)
  if (view.order === "cancelled") {
    // Cancelling the order booked its refund by itself: a second one would be shown twice.
    await finish(known === undefined ? { state: "kept" } : { state: "booked", refund: known.id })
    return
  }
  // What is not captured cannot be refunded: the pay-back waits for that, or for the order's end.
  if (payment === null) return
  const earlier = await earlierThan(deps.sql, payBack)
  const captured = capturedOf(payment).toFixed()
  const amount =
    payBack.store_amount ?? refundAmount(ledger, captured, earlier, payBack.amount_minor)
  if (amount === null) {
    await finish({ state: "kept" })
    return
  }
  if (known === undefined) {
    if (payBack.medusa_refund_id !== null) await freePayBack(deps.sql, payBack)
    await priceRefund(deps.sql, payBack.id, amount)
    await deps.medusa.refund(payment.id, {
      id: payBack.id,
      amount,
      actor: payBack.actor,
      note: `Paid back by transaction ${payBack.hash}`,
    })
  }
  const after = await deps.medusa.view(payBack.collection_id)
  const shown = after?.payments.find((one) => one.id === payment.id)
  const refund = shown === undefined ? undefined : refundIn(shown, payBack)
  if (after === null || refund === undefined) throw new Error("Medusa does not show the refund")
  if (after.order === "open") await deps.medusa.bookRefund(after, payment.id, refund)
  await finish({ state: "booked", refund: refund.id })
}

/**
 * What of a pay-back is a refund of what Medusa captured, after the pay-backs recorded before it: decimal,
 * store currency; null: nothing.
 */
const refundAmount = (
  ledger: PaymentRow,
  captured: string,
  earlier: readonly RefundRow[],
  amountMinor: bigint,
): string | null =>
  refundOf({
    amountMinor,
    receivedMinor: ledger.received_minor ?? owedMinor(ledger),
    expectedMinor: owedMinor(ledger),
    paidBackMinor: earlier.reduce((sum, one) => sum + one.amount_minor, 0n),
    captured,
    refunded: earlier
      .reduce((sum, one) => sum.plus(one.store_amount ?? 0), new BigNumber(0))
      .toFixed(),
    storeDecimals: decimalsOf(ledger.currency_code),
  })

/** The pay-backs of the same payment that were recorded before this one. */
async function earlierThan(sql: Sql, payBack: RefundRow): Promise<RefundRow[]> {
  const all = await payBacksOf(sql, [payBack.payment_id])
  return all.slice(
    0,
    all.findIndex((one) => one.id === payBack.id),
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

/** The refund that stands for a pay-back: it names it, or was given it when an admin made the refund. */
const refundIn = (payment: MedusaPayment, payBack: RefundRow) =>
  payment.refunds.find(
    (one) => one.metadata?.kobbopay_refund_id === payBack.id || one.id === payBack.medusa_refund_id,
  )
