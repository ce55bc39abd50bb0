import {
  isAboutMoney,
  isAboutReports,
  isAboutWaiting,
  MONEY_CLASSES,
  type Dismissal,
} from "../domain/exception-actions"
import type { ExceptionId } from "../domain/ids"
import { lockCollection } from "../store/collections"
import { type Closing, type ExceptionRow, closeException, hasOpen } from "../store/exceptions"
import { setReportsAside } from "../store/inbox/queue"
import { paymentById } from "../store/ledger"
import { writeOff } from "../store/money-decisions"
import { checkNow } from "../store/next-checks"
import { type PaymentRow, settlesOrder } from "../store/payment"
import type { Sql } from "../store/sql"
import { insertAdminTransition } from "../store/transitions"
import type { Deps } from "./deps"
import { exceptionStillOpen, closedMeanwhile } from "./still-open"

/**
 * Sets an exception aside with a code and a note; the same fact does not open it again, a new one does.
 *
 * @throws MedusaError NOT_FOUND, CONFLICT when it was closed before
 */
export async function dismissException(
  deps: Pick<Deps, "sql" | "log" | "now">,
  asked: { exceptionId: ExceptionId; code: Dismissal; actor: string; note: string },
): Promise<void> {
  const found = await exceptionStillOpen(deps.sql, asked.exceptionId)
  const { actor, code, note } = asked
  const by: Closing = { actor, resolution: code, note }
  const now = deps.now()
  const paymentId = found.payment_id
  await deps.sql.transaction(async (trx) => {
    const payment = paymentId === null ? null : await paymentById(trx, paymentId)
    if (payment !== null) await lockCollection(trx, payment.collection_id, null)
    if (!(await closeException(trx, asked.exceptionId, by, now))) {
      throw await closedMeanwhile(trx, asked.exceptionId)
    }
    const held = payment === null ? null : await paymentById(trx, payment.id)
    if (held !== null) await applyDismissal(trx, held, { found, by, now })
  })
  deps.log.info(
    `kobbopay: exception ${asked.exceptionId} (${found.class}) dismissed as ${code} by ${actor}`,
  )
}

/**
 * What a person has looked at keeps nothing waiting any more: signed reports that no read bore out, and money
 * that is to settle nothing. Where nothing that counts has come, the payment is over.
 */
async function applyDismissal(
  trx: Sql,
  payment: PaymentRow,
  { found, by, now }: { found: ExceptionRow; by: Closing; now: Date },
): Promise<void> {
  if (isAboutReports(found.class)) {
    await setReportsAside(trx, payment.id, found.opened_at, now)
  }
  const settles = settlesOrder(payment)
  const isSetAside = settles
    ? isAboutWaiting(found.class) && by.resolution !== ("no_action" satisfies Dismissal)
    : isAboutMoney(found.class)
  const canWriteOff = payment.captured_at === null && payment.money_seen_at !== null
  // While another exception about the money is open, that one has still to be decided.
  if (isSetAside && canWriteOff && !(await hasOpen(trx, payment.id, MONEY_CLASSES))) {
    const to = await writeOff(trx, payment, now)
    await insertAdminTransition(trx, payment, { actor: by.actor, note: by.note, at: now, to })
  }
  await checkNow(trx, payment.id, now)
}
