import { type MedusaError } from "@medusajs/framework/utils"
import type { ExceptionId, OrderId, PaymentId } from "../domain/ids"
import type { Acceptance, Target } from "../domain/lifecycle"
import type { PaymentState } from "../domain/reading"
import { isMore } from "../domain/store-amount"
import { acceptanceOf, answeredBy, canBeApplied } from "../domain/exception-actions"
import { lockCollection, wakeCollection } from "../store/collections"
import { type Closing, type ExceptionRow, closeByPerson, closeException } from "../store/exceptions"
import { paymentById, sessionsOf } from "../store/ledger"
import type { MedusaView } from "../store/medusa-view"
import { acceptPayment } from "../store/money-decisions"
import { checkNow } from "../store/next-checks"
import { type Shown, asksOf } from "../store/order-facts"
import { type PaymentRow, isRefunded, settlesOrder } from "../store/payment"
import { insertAdminTransition } from "../store/transitions"
import type { Deps } from "./deps"
import { exceptionStillOpen, refuse, closedMeanwhile } from "./still-open"

const DECIDED_WITHIN_MS = 15_000
const POLL_EVERY_MS = 100

/** Where a payment stands after a person's decision was carried out, as far as that went at once. */
type Resolved = {
  payment_id: PaymentId
  state: PaymentState
  target: Target
  /** Medusa shows the target. Until then the worker goes on trying, and says so on the order. */
  converged: boolean
  order_id: OrderId | null
}

type Work = Pick<Deps, "sql" | "medusa" | "log" | "now" | "sleep">
/** Works what is due; the worker of this process. */
type Drain = () => Promise<void>

/**
 * Accepts what an exception is about: the payment's money settles what the order, or the cart, asks for
 * now, if that is still open and nothing else pays for it. `apply` is the same for a payment that the
 * checkout has superseded. Checks Kobbopay and Medusa before it acts.
 *
 * @throws MedusaError NOT_FOUND; CONFLICT when somebody else, or the worker itself, was faster; NOT_ALLOWED
 *   with the reason and what can be done instead
 */
export async function acceptException(
  deps: Work,
  drain: Drain,
  asked: {
    exceptionId: ExceptionId
    how: "accept" | "apply"
    /** The person takes the money for final, whatever Kobbopay calls it. */
    final: boolean
    actor: string
    note: string | null
  },
): Promise<Resolved> {
  const { exceptionId, how, actor, note } = asked
  const found = await exceptionStillOpen(deps.sql, exceptionId)
  const paymentId = mustBeAcceptable(found, how)
  const payment = await checkAfresh(deps, drain, paymentId)
  const still = await exceptionStillOpen(deps.sql, exceptionId)
  const view = await deps.medusa.view(payment.collection_id)
  const shown = await sessionsOf(deps.sql, {
    collection: payment.collection_id,
    order: view?.orderId ?? null,
  })
  const amount = mustBeOpen(view, shown, payment)
  const isFinal = asked.final || acceptanceOf(found.class) === "finality"
  mustHoldMoney(payment, still, isFinal)
  const accepted: Acceptance = isFinal ? "finality" : "amount"
  const by: Closing = { actor, resolution: how === "apply" ? "applied" : "accepted", note }
  await deps.sql.transaction(async (trx) => {
    const marks = await lockCollection(trx, payment.collection_id, null)
    if (marks.cancelled || marks.cancelling) throw orderIsOver()
    const at = deps.now()
    if (!(await closeException(trx, exceptionId, by, at))) {
      throw await closedMeanwhile(deps.sql, exceptionId)
    }
    await closeByPerson(trx, { paymentId, classes: answeredBy(accepted) }, by, at)
    const minor =
      payment.received_minor === null ? null : payment.received_minor - payment.refunded_minor
    await acceptPayment(trx, paymentId, { accepted, minor, amount, actor }, at)
    await insertAdminTransition(trx, payment, { actor, note, at })
    await wakeCollection(trx, payment.collection_id, at)
  })
  deps.log.info(`kobbopay: payment ${paymentId} ${by.resolution} by ${actor} over ${found.class}`)
  return awaitOutcome(deps, drain, paymentId)
}

function mustBeAcceptable(found: ExceptionRow, how: "accept" | "apply"): PaymentId {
  if (how === "apply" && !canBeApplied(found.class)) {
    throw refuse(
      `Only a superseded payment can be applied; this exception is ${found.class}. Accept it instead.`,
    )
  }
  if (found.payment_id !== null && acceptanceOf(found.class) !== null) return found.payment_id
  throw refuse(
    `An exception of class ${found.class} cannot be accepted: its money cannot settle the order. Send the money back and record the refund, or dismiss the exception with a code.`,
  )
}

/** Reads the payment now, so that nobody decides over what was true yesterday. */
async function checkAfresh(deps: Work, drain: Drain, id: PaymentId): Promise<PaymentRow> {
  const started = deps.now()
  await checkNow(deps.sql, id, started)
  for (;;) {
    await drain()
    const payment = await paymentById(deps.sql, id)
    if (payment === null) throw refuse(`There is no Kobbopay payment ${id}`)
    if (payment.last_read_at !== null && payment.last_read_at >= started) return payment
    if (
      payment.last_error !== null ||
      deps.now().getTime() - started.getTime() > DECIDED_WITHIN_MS
    ) {
      throw refuse(
        "Kobbopay could not be asked about this payment just now, so nothing was changed. Try again in a minute.",
      )
    }
    await deps.sleep(POLL_EVERY_MS)
  }
}

const orderIsOver = (): MedusaError =>
  refuse(
    "The order is cancelled, so its money cannot settle it. Send the money back and record the refund.",
  )

/** Something must be open to be paid for; returns what it asks for, decimal, store currency. */
function mustBeOpen(view: MedusaView | null, shown: readonly Shown[], payment: PaymentRow): string {
  if (view === null || (view.order === "none" && view.cartId === null)) {
    throw refuse(
      "There is no cart or order left that this money could settle. Send it back and record the refund.",
    )
  }
  if (view.order === "cancelled") throw orderIsOver()
  if (view.currencyCode !== payment.currency_code) {
    throw refuse(
      `The order is in ${view.currencyCode} now, the payment was made in ${payment.currency_code}. Send the money back and record the refund.`,
    )
  }
  const asks = asksOf(view, shown, payment.id)
  if (isMore(asks, "0", view.currencyCode)) return asks
  throw refuse(
    "The order is paid for already, so this money cannot settle it. Send the money back and record the refund.",
  )
}

/** Money must be there, and final or about to be by Kobbopay's word, unless the person takes it for final. */
function mustHoldMoney(payment: PaymentRow, found: ExceptionRow, isFinal: boolean): void {
  if (payment.money_seen_at === null || isRefunded(payment)) {
    throw refuse("No money is on this payment, so there is nothing to accept.")
  }
  const reported = found.observed["reported_state"] ?? "nothing"
  const isKnown = reported === "paid" || reported === "confirmed" || payment.state === "confirmed"
  if (isFinal || isKnown) return
  throw refuse(
    `Kobbopay calls this payment ${reported}, so it may never call it confirmed. Look at its transaction on the chain; if it is final there, accept it as final.`,
  )
}

/** Lets the worker act on a decision, and says how far it came. */
async function awaitOutcome(deps: Work, drain: Drain, id: PaymentId): Promise<Resolved> {
  const started = deps.now().getTime()
  for (;;) {
    await drain()
    const payment = await paymentById(deps.sql, id)
    if (payment === null) throw refuse(`There is no Kobbopay payment ${id}`)
    const settles = settlesOrder(payment)
    const converged = settles && payment.converged_at !== null
    if (converged || deps.now().getTime() - started > DECIDED_WITHIN_MS) {
      const { state, target, order_id } = payment
      return { payment_id: id, state, target, converged, order_id }
    }
    await deps.sleep(POLL_EVERY_MS)
  }
}
