import type { EventRowId } from "../domain/ids"
import { judge } from "../domain/judge"
import type { ExceptionClass } from "../domain/exception-classes"
import type { Decision } from "../domain/lifecycle"
import { mergeTransfers } from "../domain/observation"
import { lockCollection } from "./collections"
import { keepExceptions } from "./observed-exceptions"
import { knownOf, lockPayment, saveJudgement, type Check } from "./observed-payment"
import type { PaymentRow } from "./payment"
import type { Sql } from "./sql"
import { claimTransfers } from "./transfers"
import { wakeCollection } from "./wakes"

type Observed = {
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
    const {
      payment: before,
      hasSettlingSibling,
      isHeldBack,
      openExceptions,
    } = await lockPayment(trx, check.paymentId)

    if (isOutdated(before.last_read_at, check)) return outdated(before)

    const taken = await claimTransfers(trx, before, mergeTransfers(before.transfers, check.reading))
    const judgement = judge(knownOf(before), {
      ...check,
      isTransferTaken: taken !== null,
      order: {
        ...check.facts,
        order: marks.cancelled ? "cancelled" : marks.cancelling ? "cancelling" : check.facts.order,
        covered: check.facts.covered || (!check.facts.settled && hasSettlingSibling),
      },
    })
    const { decision, met } = judgement
    // The provider knows less than the worker does: what the worker found to be in the way stays in the way.
    if (check.lease === null && isHeldBack) decision.target = "nothing"

    const payment = await saveJudgement(trx, before, check, judgement)
    const opened = await keepExceptions(trx, payment, check, {
      exceptions: decision.exceptions,
      openBefore: openExceptions,
      taken,
    })
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
