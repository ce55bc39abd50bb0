import { z } from "@medusajs/framework/zod"
import { judge, type Claim, type Known, type OrderFacts } from "../kobbopay/judge"
import { CONDITIONS, type Decision, type ExceptionClass, type Fit } from "../kobbopay/lifecycle"
import { formatAmount } from "../kobbopay/money"
import { mergeTransfers, type KnownTransfer } from "../kobbopay/observation"
import type { CollectionId, EventRowId, PaymentId } from "../kobbopay/ids"
import type { Reading } from "../kobbopay/reading"
import type { Rules } from "../kobbopay/rules"
import { nextLook } from "../kobbopay/schedule"
import { closeCleared, openException } from "./exceptions"
import { holdGroup, wakeGroup, type Lease } from "./groups"
import { insertTransition, type NewTransition } from "./ledger"
import { owedMinor, paymentColumns, paymentRow, type PaymentRow } from "./payment"
import { row, type Sql } from "./sql"
import { claimTransfers, type Taken } from "./transfers"

export type Look = {
  paymentId: PaymentId
  collectionId: CollectionId
  /** The lease under which the work runs; null for the provider's own reads. */
  lease: Lease | null
  reading: Reading
  /** When the read began: a judgement of something newer is not undone by it. */
  readAt: Date
  /** What events report that no read has borne out yet; the read decides over each. */
  claims: readonly Claim[]
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
 * Judges one read of a payment and commits what follows (state, want, transition, exceptions) in one
 * transaction, under the group's row lock. The single way by which a payment's state moves, for the
 * worker and the provider alike.
 *
 * @throws LeaseLost when the lease was taken over meanwhile
 */
export async function observe(sql: Sql, look: Look): Promise<Observed> {
  return sql.transaction(async (trx) => {
    const marks = await holdGroup(trx, look.collectionId, look.lease)
    const held = await row(trx, heldRow, HELD, [look.paymentId])
    if (held === null) throw new Error(`payment ${look.paymentId} is not in the ledger`)
    const { has_settling_sibling, is_held_back, open_exceptions, ...before } = held

    if (isOutdated(before.last_read_at, look)) return outdated(before)

    const taken = await claimTransfers(trx, before, mergeTransfers(before.transfers, look.reading))
    const { decision, fit, transfers, receivedMinor, met } = judge(knownOf(before), {
      ...look,
      isTransferTaken: taken !== null,
      order: {
        ...look.facts,
        order: marks.cancelled ? "cancelled" : marks.cancelling ? "cancelling" : look.facts.order,
        covered: look.facts.covered || (!look.facts.settled && has_settling_sibling),
      },
    })
    // The provider knows less than the work: it lifts nothing that the work found to be in the way.
    if (look.lease === null && is_held_back) decision.want = "nothing"

    const payment = await save(trx, look, before, decision, fit, {
      transfers,
      received: receivedMinor,
    })
    const opened = await keepExceptions(trx, { ...look, taken }, payment, decision, open_exceptions)
    // Money that a person had set aside is final now: it is judged again, as money that is there.
    if (before.written_off_minor > 0n && payment.written_off_minor === 0n) {
      await wakeGroup(trx, look.collectionId, look.now)
    }
    // The provider only answers Medusa's call: what else is wanted now, a capture, is the work's to do.
    if (look.lease === null && payment.want !== before.want) {
      await wakeGroup(trx, look.collectionId, look.now)
    }
    return { payment, decision, met, opened }
  })
}

/** A last read that is later than now by more than this was judged by a clock that was wrong. */
const CLOCKS_AGREE_WITHIN_MS = 60_000

/** Began before the last read was judged. Where the clocks disagree, which came first is not known. */
const isOutdated = (lastReadAt: Date | null, { readAt, now }: Look): boolean =>
  lastReadAt !== null &&
  lastReadAt > readAt &&
  lastReadAt.getTime() - now.getTime() <= CLOCKS_AGREE_WITHIN_MS

/** A read that began before the last one was judged tells nothing new. */
const outdated = (payment: PaymentRow): Observed => ({
  payment,
  decision: { state: payment.state, want: payment.want, exceptions: [] },
  met: new Set(),
  opened: [],
})

/**
 * Whether a read finds a payment, by what is known of it here, waiting for its money as before: then there is
 * nothing to keep but the time of the read, and no need for the group's lock.
 */
export function stillWaits(
  payment: PaymentRow,
  look: Pick<Look, "reading" | "claims" | "rules" | "facts" | "now">,
): boolean {
  const rests =
    payment.state === "pending" &&
    payment.want === "nothing" &&
    payment.money_seen_at === null &&
    payment.window_ends_at > look.now &&
    look.reading.transfers.length === 0
  if (!rests) return false
  const { decision, fit } = judge(knownOf(payment), {
    ...look,
    isTransferTaken: false,
    order: look.facts,
  })
  return (
    decision.state === payment.state &&
    decision.want === payment.want &&
    decision.exceptions.length === 0 &&
    fit.amount === "none"
  )
}

const heldRow = paymentRow.extend({
  /** Another payment of the same collection settles already. */
  has_settling_sibling: z.boolean(),
  /** The work found something in the way, and nobody but a person said that it may be left there. */
  is_held_back: z.boolean(),
  open_exceptions: z.array(z.string()),
})

/** Read only under the group's lock, and after it was taken: what waited for the lock would judge by what was so before. */
const HELD = {
  name: "kobbopay_held_payment",
  text: `
SELECT ${paymentColumns("p")},
       EXISTS (SELECT 1 FROM kobbopay_payment s
         WHERE s.collection_id = p.collection_id AND s.id <> p.id AND s.deleted_at IS NULL
           AND s.want IN ('authorized', 'captured')) AS has_settling_sibling,
       EXISTS (SELECT 1 FROM kobbopay_exception e
         WHERE e.subject_id = p.id AND e.deleted_at IS NULL
           AND e.class IN ('duplicate_payment', 'order_cancelled', 'superseded')
           AND (e.state = 'open' OR p.want = 'nothing' AND e.actor <> 'kobbopay'
             AND e.resolution NOT IN ('accepted', 'adopted'))) AS is_held_back,
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
  want: payment.want,
  receivedMinor: payment.received_minor,
  paidBackMinor: payment.paid_back_minor,
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
   SET state = ?, want = ?, received_minor = ?, transfers = ?::jsonb, amount_fit = ?,
       current = current AND ? AND window_ends_at > ?,
       money_seen_at = COALESCE(money_seen_at, ?), paid_at = COALESCE(paid_at, ?),
       confirmed_at = COALESCE(confirmed_at, ?), ended_at = COALESCE(ended_at, ?),
       converged_at = CASE WHEN ? THEN NULL ELSE converged_at END,
       written_off_minor = CASE WHEN ? THEN '0' ELSE written_off_minor END,
       last_read_at = ?, next_look_at = ?, failures = 0, failing_since = NULL, last_error = NULL,
       updated_at = now()
 WHERE id = ? RETURNING ${paymentColumns("p")}`,
}

async function save(
  trx: Sql,
  look: Look,
  before: PaymentRow,
  decision: Decision,
  fit: Fit,
  money: { transfers: readonly KnownTransfer[]; received: bigint | null },
): Promise<PaymentRow> {
  const { now } = look
  const { state, want } = decision
  const ended = state === "expired" || state === "failed"
  const moneySeen = fit.amount !== "none" || state === "paid" || state === "confirmed"
  const open = (state === "pending" || state === "creating") && !moneySeen
  const reached = state === "paid" || state === "confirmed"
  const wantChanged = want !== before.want
  // Late money that is final keeps its payment ended.
  const isEnough = fit.amount === "fits" || fit.amount === "over"
  const isFinal = state === "confirmed" || (look.reading.state === "confirmed" && isEnough)
  const after = await row(trx, paymentRow, SAVE, [
    state,
    want,
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
    wantChanged,
    // What was set aside before it was final is judged afresh once it is.
    isFinal && before.confirmed_at === null,
    now,
    nextLookOf(before, state, look),
    before.id,
  ])
  if (after === null) throw new Error(`payment ${before.id} vanished inside its transaction`)
  if (state !== before.state) {
    await insertTransition(trx, {
      paymentId: before.id,
      from: before.state,
      to: state,
      source: look.source,
      receivedMinor: money.received,
      at: now,
    })
  }
  return after
}

/**
 * The next scheduled look, and not later than the times at which something of a payment that stays pending
 * ends: its offer, where its newest transfer has failed, and its being waited for at all.
 */
function nextLookOf(payment: PaymentRow, state: PaymentRow["state"], look: Look): Date | null {
  const hasOrder = payment.order_id !== null || look.facts.placedAt !== null
  const next = nextLook(payment.created_at, look.now, look.rules.watchForMs, hasOrder)
  if (state !== "pending" || next === null) return next
  const since = Math.min(
    payment.created_at.getTime(),
    look.facts.placedAt?.getTime() ?? payment.created_at.getTime(),
  )
  const ends = [
    look.reading.transferFailed === true ? payment.window_ends_at.getTime() : Infinity,
    Math.max(since + look.rules.closePendingAfterMs, payment.window_ends_at.getTime()),
  ].filter((at) => at > look.now.getTime())
  return new Date(Math.min(next.getTime(), ...ends))
}

/** What an exception is about: over the same, one that a person closed does not open again. */
function fingerprintOf(found: ExceptionClass, payment: PaymentRow, look: Look): string {
  const money = payment.received_minor?.toString() ?? look.reading.state
  // Set aside before it was final, it is to be decided once more.
  if (found === "late_payment" && payment.confirmed_at !== null) return `${money} final`
  if (found === "refund_owed") return `${money} ${look.facts.order} ${look.facts.asks ?? "nothing"}`
  if (found === "order_changed") return `${money} for ${look.facts.asks ?? "nothing"}`
  if (found !== "ambiguous_finality") return money
  const claimed = look.claims.filter((claim) => !claim.patient).map((claim) => claim.id)
  return [money, look.reading.state, ...new Set(claimed)].join(" ")
}

const takenBy = (taken: Taken | null) => ({
  hash: taken?.key ?? null,
  other_payment: taken?.paymentId ?? null,
  other_order: taken?.orderId ?? null,
})

const MONEY_CONDITIONS: readonly ExceptionClass[] = ["underpaid", "amount_unknown"]

async function keepExceptions(
  trx: Sql,
  look: Look & { taken: Taken | null },
  payment: PaymentRow,
  decision: Decision,
  openBefore: readonly string[],
): Promise<ExceptionClass[]> {
  const opened: ExceptionClass[] = []
  for (const found of decision.exceptions) {
    const isNew = await openException(
      trx,
      {
        class: found,
        subjectId: payment.id,
        paymentId: payment.id,
        eventRowId: null,
        accountId: payment.account_id,
        orderId: payment.order_id,
        railId: payment.rail_id,
        expected: {
          amount: formatAmount(payment.expected_minor, payment.decimals),
          asset: payment.asset,
          network: payment.network,
          reference: payment.reference,
          store_amount: payment.store_amount,
          currency_code: payment.currency_code,
        },
        observed: {
          said: look.reading.state,
          state: payment.state,
          amount:
            payment.received_minor === null
              ? null
              : formatAmount(payment.received_minor, payment.decimals),
          asset: look.reading.asset ?? look.reading.token,
          network: look.reading.network,
          reference: look.reading.reference,
          order: look.facts.order,
          ...(found === "order_changed" ? { store_amount: look.facts.asks } : {}),
          ...(found === "duplicate_transfer" ? takenBy(look.taken) : {}),
        },
        fingerprint: fingerprintOf(found, payment, look),
      },
      look.now,
    )
    if (isNew) opened.push(found)
  }
  // The provider knows less of the order than the work does: it clears only what the money itself tells.
  const judged = look.lease === null ? MONEY_CONDITIONS : CONDITIONS
  const over = judged.filter(
    (condition) => openBefore.includes(condition) && !decision.exceptions.includes(condition),
  )
  if (over.length > 0) await closeCleared(trx, payment.id, over, look.now)
  return opened
}
