import { MedusaError } from "@medusajs/framework/utils"
import { BigNumber } from "bignumber.js"
import type { PaymentId } from "../kobbopay/ids"
import { AmountError, formatAmount, parseAmount } from "../kobbopay/money"
import { refundOf } from "../kobbopay/pay-back"
import { closeByPerson, MONEY_CLASSES } from "../store/exceptions"
import { errorText } from "../store/error-text"
import { holdGroup, wakeGroup, type Lease } from "../store/groups"
import { insertTransition, paymentById, sessionsOf } from "../store/ledger"
import { isPaidBack, settledAmount, type PaymentRow } from "../store/payment"
import {
  finishPayBack,
  freePayBack,
  insertPayBack,
  payBacksOf,
  unbookedPayBacks,
  type RefundRow,
} from "../store/refunds"
import type { Sql } from "../store/sql"
import type { Deps } from "./deps"
import { capturedOf, decimalsOf, type MedusaPayment, type MedusaView } from "./medusa"

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
 * of it is a refund of the order is booked in Medusa by the work; where Medusa booked one by itself, by
 * cancelling a captured order, nothing more is.
 *
 * @throws MedusaError NOT_FOUND, INVALID_DATA for more than arrived, CONFLICT for a hash recorded before
 */
export async function recordPayBack(deps: Deps, payBack: PayBack): Promise<RefundRow> {
  const { paymentId, hash, actor, note } = payBack
  const found = await paymentById(deps.sql, paymentId)
  if (found === null) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      `There is no Kobbopay payment ${payBack.paymentId}`,
    )
  }
  const amountMinor = amountOf(payBack.amount, found)
  const view = await deps.medusa.view(found.collection_id)
  const booked = view === null ? null : await bookedPayment(deps.sql, view, paymentId)
  const recorded = await deps.sql.transaction(async (trx) => {
    await holdGroup(trx, found.collection_id, null)
    const payment = await paymentById(trx, paymentId)
    if (payment === null) throw new Error(`payment ${paymentId} vanished inside its transaction`)
    mustBeThere(payment, amountMinor)
    // Booked, or about to be: then its refund follows the capture. Sent back whole before, it never will be.
    const settles = payment.want === "authorized" || payment.want === "captured"
    const isWhole = isPaidBack({
      ...payment,
      paid_back_minor: payment.paid_back_minor + amountMinor,
    })
    const storeAmount =
      view?.order === "cancelled" || (booked === null && (!settles || isWhole))
        ? null
        : refundOf({
            amountMinor,
            receivedMinor: payment.received_minor ?? payment.expected_minor,
            expectedMinor: payment.expected_minor,
            paidBackMinor: payment.paid_back_minor,
            captured: booked === null ? settledAmount(payment) : capturedOf(booked).toFixed(),
            refunded: await refundedSoFar(trx, paymentId),
            storeDecimals: decimalsOf(payment.currency_code),
          })
    const made = await insertPayBack(
      trx,
      payment,
      { amount_minor: amountMinor, hash, store_amount: storeAmount, actor, note },
      deps.now(),
    )
    if (made === null) {
      throw new MedusaError(
        MedusaError.Types.CONFLICT,
        `The pay-back with transaction ${hash} is recorded already.`,
      )
    }
    await insertTransition(trx, {
      ...{ paymentId, from: payment.state, to: payment.state, source: "admin", actor, note },
      receivedMinor: payment.received_minor,
      at: deps.now(),
    })
    const after = { ...payment, paid_back_minor: payment.paid_back_minor + amountMinor }
    const answered = isPaidBack(after) ? MONEY_CLASSES : excessIsBack(after) ? OVERPAID : []
    const by = { actor, resolution: "paid_back", note }
    await closeByPerson(trx, { paymentId, classes: answered }, by, deps.now())
    await wakeGroup(trx, payment.collection_id, deps.now())
    return made
  })
  deps.log.info(
    `kobbopay: pay-back ${recorded.id} of payment ${paymentId} recorded by ${actor}: ${payBack.amount} ${found.asset}, transaction ${hash}`,
  )
  return recorded
}

const OVERPAID = ["overpaid"] as const

const excessIsBack = (payment: PaymentRow): boolean =>
  payment.received_minor !== null &&
  payment.received_minor - payment.paid_back_minor <= payment.expected_minor

function amountOf(amount: string, payment: PaymentRow): bigint {
  try {
    const minor = parseAmount(amount, payment.decimals)
    if (minor > 0n) return minor
  } catch (cause) {
    if (!(cause instanceof AmountError)) throw cause
    throw invalid(`amount: ${cause.message}`)
  }
  throw invalid("amount: must be above zero")
}

/** Nothing is paid back that never came: that is a mistyped amount, or another payment's. */
function mustBeThere(payment: PaymentRow, amountMinor: bigint): void {
  if (payment.money_seen_at === null) {
    throw invalid(`No money arrived on payment ${payment.id}, so there is nothing to pay back.`)
  }
  const received = payment.received_minor ?? payment.expected_minor
  const rest = received - payment.paid_back_minor
  if (amountMinor <= rest) return
  const say = (minor: bigint) => `${formatAmount(minor, payment.decimals)} ${payment.asset}`
  throw invalid(
    `That is more than is left of payment ${payment.id}: ${say(received)} arrived, ${say(payment.paid_back_minor)} was paid back already, so at most ${say(rest)} can be.`,
  )
}

/** What pay-backs of the payment have refunded of its order so far, booked or about to be. */
async function refundedSoFar(sql: Sql, payment: PaymentId): Promise<string> {
  const earlier = await payBacksOf(sql, payment)
  return earlier.reduce((sum, one) => sum.plus(one.store_amount ?? 0), new BigNumber(0)).toFixed()
}

/** The captured payment in Medusa that books this payment's money. */
async function bookedPayment(
  sql: Sql,
  view: MedusaView,
  payment: PaymentId,
): Promise<MedusaPayment | null> {
  const sessions: readonly string[] = await sessionsOf(sql, payment)
  return (
    view.payments.find(
      (one) =>
        one.canceled_at === null &&
        one.captured_at !== null &&
        one.payment_session_id != null &&
        sessions.includes(one.payment_session_id),
    ) ?? null
  )
}

/**
 * Makes Medusa show the pay-backs of a group as refunds, one by one: a refund is looked for before it is
 * made, and is done only when the order's transaction is there too. Returns why it must be tried again, or null.
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
  const view = await deps.medusa.view(payBack.collection_id)
  if (view === null || payBack.store_amount === null) return
  const payment = await bookedPayment(deps.sql, view, payBack.payment_id)
  if (payment === null) return
  const known = refundIn(payment, payBack)
  if (view.order !== "open" && known === undefined) {
    // Cancelling the order booked its refund already: a second one would be shown twice.
    await finishPayBack(deps.sql, payBack.id, { state: "kept" }, deps.now())
    return
  }
  if (known === undefined) {
    if (payBack.medusa_refund_id !== null) await freePayBack(deps.sql, payBack)
    await deps.medusa.refund(payment.id, {
      id: payBack.id,
      amount: payBack.store_amount,
      actor: payBack.actor,
      note: `Paid back by transaction ${payBack.hash}`,
    })
  }
  const after = await deps.medusa.view(payBack.collection_id)
  const shown = after?.payments.find((one) => one.id === payment.id)
  const refund = shown === undefined ? undefined : refundIn(shown, payBack)
  if (after === null || refund === undefined) throw new Error("Medusa does not show the refund")
  const isBooked = after.transactions.some(
    (one) => one.reference === "refund" && one.reference_id === refund.id,
  )
  if (!isBooked) await deps.medusa.finishRefund(after, refund)
  await finishPayBack(deps.sql, payBack.id, { state: "booked", refund: refund.id }, deps.now())
}

/** The refund that stands for a pay-back: it names it, or was given it when an admin made the refund. */
const refundIn = (payment: MedusaPayment, payBack: RefundRow) =>
  payment.refunds.find(
    (one) => one.metadata?.kobbopay_refund_id === payBack.id || one.id === payBack.medusa_refund_id,
  )
