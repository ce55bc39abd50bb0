import { MedusaError } from "@medusajs/framework/utils"
import type { ExceptionId, OrderId, PaymentId } from "../domain/ids"
import type { Acceptance, Target } from "../domain/lifecycle"
import type { PaymentState } from "../domain/reading"
import { isMore } from "../domain/store-amount"
import {
  acceptanceOf,
  answeredBy,
  canBeApplied,
  MONEY_CLASSES,
  type Dismissal,
} from "../domain/exception-actions"
import {
  closeByPerson,
  closeException,
  exceptionById,
  hasOpen,
  type Closing,
  type ExceptionRow,
} from "../store/exceptions"
import { lockCollection, wakeCollection } from "../store/collections"
import { setReportsAside } from "../store/inbox/queue"
import { paymentById, sessionsOf } from "../store/ledger"
import { acceptPayment, writeOff } from "../store/money-decisions"
import { checkNow } from "../store/next-checks"
import { asksOf, type Shown } from "../store/order-facts"
import { isRefunded, settlesOrder, type PaymentRow } from "../store/payment"
import type { Sql } from "../store/sql"
import { insertTransition } from "../store/transitions"
import type { Deps } from "./deps"
import type { MedusaView } from "../store/medusa-view"

const DECIDED_WITHIN_MS = 15_000
const POLL_EVERY_MS = 100

/** Where a payment stands after a person's decision was carried out, as far as that went at once. */
export type Resolved = {
  payment_id: PaymentId
  state: PaymentState
  target: Target
  /** Medusa shows the target. Until then the worker goes on trying, and says so on the order. */
  converged: boolean
  order_id: OrderId | null
}

type Work = Pick<Deps, "sql" | "medusa" | "log" | "now" | "sleep">
/** Works what is due; the worker of this process. */
export type Drain = () => Promise<void>

const refuse = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.NOT_ALLOWED, message)

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
  const found = await openOne(deps, exceptionId)
  const paymentId = mustBeAcceptable(found, how)
  const payment = await checkAfresh(deps, drain, paymentId)
  const still = await openOne(deps, exceptionId)
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
    if (!(await closeException(trx, exceptionId, by, deps.now()))) {
      throw await tooLate(deps, exceptionId)
    }
    await closeByPerson(trx, { paymentId, classes: answeredBy(accepted) }, by, deps.now())
    const minor =
      payment.received_minor === null ? null : payment.received_minor - payment.refunded_minor
    await acceptPayment(trx, paymentId, { accepted, minor, amount, actor }, deps.now())
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
    await wakeCollection(trx, payment.collection_id, deps.now())
  })
  deps.log.info(`kobbopay: payment ${paymentId} ${by.resolution} by ${actor} over ${found.class}`)
  return awaitOutcome(deps, drain, paymentId)
}

/**
 * Sets an exception aside with a code and a note; the same fact does not open it again, a new one does.
 *
 * @throws MedusaError NOT_FOUND, CONFLICT when it was closed before
 */
export async function dismissException(
  deps: Pick<Work, "sql" | "log" | "now">,
  asked: { exceptionId: ExceptionId; code: Dismissal; actor: string; note: string },
): Promise<void> {
  const found = await openOne(deps, asked.exceptionId)
  const { actor, code, note } = asked
  const by: Closing = { actor, resolution: code, note }
  const now = deps.now()
  const paymentId = found.payment_id
  await deps.sql.transaction(async (trx) => {
    const payment = paymentId === null ? null : await paymentById(trx, paymentId)
    if (payment !== null) await lockCollection(trx, payment.collection_id, null)
    if (!(await closeException(trx, asked.exceptionId, by, now))) {
      throw await tooLate({ sql: trx }, asked.exceptionId)
    }
    const held = payment === null ? null : await paymentById(trx, payment.id)
    if (held !== null) await applyDismissal(trx, held, found, by, now)
  })
  deps.log.info(
    `kobbopay: exception ${asked.exceptionId} (${found.class}) dismissed as ${code} by ${actor}`,
  )
}

/** Classes of money that would settle an order if it only could: set aside, it is to settle nothing any more. */
const ABOUT_WAITING = ["stuck", "completion_failed", "unreadable", "dead", "drift"] as const

/** Classes that may stand because a signed report of money was never borne out. */
const ABOUT_REPORTS = ["ambiguous_finality", "unreadable", "drift"] as const

const isAbout = (found: string, classes: readonly string[]): boolean => classes.includes(found)

/**
 * What a person has looked at keeps nothing waiting any more: signed reports that no read bore out, and money
 * that is to settle nothing. Where nothing that counts has come, the payment is over.
 */
async function applyDismissal(
  trx: Sql,
  payment: PaymentRow,
  found: ExceptionRow,
  by: Closing,
  now: Date,
): Promise<void> {
  if (isAbout(found.class, ABOUT_REPORTS)) {
    await setReportsAside(trx, payment.id, found.opened_at, now)
  }
  const settles = settlesOrder(payment)
  const isAboutMoney = settles
    ? isAbout(found.class, ABOUT_WAITING) && by.resolution !== ("no_action" satisfies Dismissal)
    : isAbout(found.class, MONEY_CLASSES)
  const canWriteOff = payment.captured_at === null && payment.money_seen_at !== null
  // While another exception about the money is open, that one has still to be decided.
  if (isAboutMoney && canWriteOff && !(await hasOpen(trx, payment.id, MONEY_CLASSES))) {
    const to = await writeOff(trx, payment, now)
    await insertTransition(trx, {
      paymentId: payment.id,
      from: payment.state,
      to,
      source: "admin",
      actor: by.actor,
      note: by.note,
      receivedMinor: payment.received_minor,
      at: now,
    })
  }
  await checkNow(trx, payment.id, now)
}

async function openOne(
  deps: Pick<Work, "sql">,
  id: ExceptionId,
): Promise<ExceptionRow & { state: "open" }> {
  const found = await exceptionById(deps.sql, id)
  if (found === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, `There is no exception ${id}`)
  }
  if (found.state === "closed") throw closedBefore(found)
  return { ...found, state: "open" }
}

const tooLate = async (deps: Pick<Work, "sql">, id: ExceptionId): Promise<MedusaError> => {
  const found = await exceptionById(deps.sql, id)
  return found === null ? refuse(`Exception ${id} is gone`) : closedBefore(found)
}

const closedBefore = (found: ExceptionRow): MedusaError =>
  new MedusaError(
    MedusaError.Types.CONFLICT,
    found.actor === "kobbopay"
      ? "This exception closed by itself: what it was about is over. Look at the payment again."
      : `This exception was closed already, by ${found.actor ?? "somebody"} as ${found.resolution ?? "resolved"}.`,
  )

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
