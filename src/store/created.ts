import type { AccountId, KobbopayId, PaymentId, SessionId } from "../domain/ids"
import { creationExpired, type Unfinished } from "./creation"
import { dueOrders } from "./entitled-orders"
import { lockCollection } from "./collections"
import { reviving } from "./inbox/routing"
import { paymentById } from "./ledger"
import { paymentColumns, paymentRow, type PaymentRow } from "./payment"
import { attaching, attachSession } from "./sessions"
import { execute, newId, row, type Sql } from "./sql"
import { insertTransition } from "./transitions"
import { scheduleCollectionOf, scheduling } from "./wakes"

/** What Kobbopay answered to a create. */
type CreatedAtKobbopay = {
  accountId: AccountId
  kobbopayId: KobbopayId
  address: string
  memo: string | null
  windowEndsAt: Date
  nextCheckAt: Date
}

/** The answer, the session for which Kobbopay was asked, and when it came. */
type Answer = { made: CreatedAtKobbopay; session: SessionId; now: Date }

/**
 * Records what Kobbopay answered to the create, and makes the session show it. A second id under the same
 * reference (a repeated create that was not idempotent there) becomes a watched payment of its own:
 * somebody might pay it. Returns the payment to show. Throws {@link AnotherPaymentsId} where the id is that of
 * another checkout's payment. Afterwards {@link wakeWaiting} is to be called.
 */
export async function recordCreated(
  sql: Sql,
  payment: Unfinished,
  answer: Answer,
): Promise<PaymentRow | null> {
  const recorded = await finishCreation(sql, payment.id, answer)
  if (recorded !== null) return recorded
  const { made, session, now } = answer
  return sql.transaction(async (trx) => {
    await lockCollection(trx, payment.collection_id, null)
    const known = await takeOverKnown(trx, payment, made, now)
    if (known === null) {
      await watchSibling(trx, payment.id, made.kobbopayId, made.nextCheckAt)
      const revive = reviving(made.accountId, made.kobbopayId, now)
      await execute(trx, revive.text, revive.bindings)
      await scheduleCollectionOf(trx, payment.id, made.nextCheckAt)
    }
    const shown = known ?? payment.id
    await attachSession(trx, session, shown, now)
    return paymentById(trx, shown)
  })
}

/**
 * The plain case of {@link recordCreated} in one statement: the payment is still being created, and no
 * other one has the id. Null, and nothing done, when it is not so.
 */
function finishCreation(
  sql: Sql,
  id: PaymentId,
  { made, session, now }: Answer,
): Promise<PaymentRow | null> {
  const attach = attaching("made", session, now)
  const wake = scheduling("(SELECT collection_id FROM made)", made.nextCheckAt)
  const revive = reviving(made.accountId, made.kobbopayId, now)
  return row(
    sql,
    paymentRow,
    {
      name: "kobbopay_finish_creation",
      text: `WITH made AS (UPDATE kobbopay_payment p
        SET state = 'pending', kobbopay_id = :kobbopay_id, address = :address, memo = :memo,
            window_ends_at = :window_ends_at, next_check_at = :next_check_at, create_lease_until = NULL,
            updated_at = now()
      WHERE id = :id AND state = 'creating' AND NOT EXISTS (SELECT 1 FROM kobbopay_payment known
        WHERE known.account_id = :account_id AND known.kobbopay_id = :kobbopay_id
          AND known.deleted_at IS NULL)
      RETURNING ${paymentColumns("p")}),
     recorded AS (INSERT INTO kobbopay_transition (id, payment_id, from_state, to_state, source, at)
      SELECT :transition_id, id, 'creating', 'pending', 'checkout', :now::timestamptz FROM made),
     due AS (${dueOrders("made")}),
     ${attach.text},
     woken AS (${wake.text}),
     revived AS (${revive.text} AND EXISTS (SELECT 1 FROM made))
     SELECT * FROM made`,
    },
    {
      ...attach.bindings,
      ...wake.bindings,
      ...revive.bindings,
      id,
      account_id: made.accountId,
      kobbopay_id: made.kobbopayId,
      address: made.address,
      memo: made.memo,
      window_ends_at: made.windowEndsAt,
      next_check_at: made.nextCheckAt,
      transition_id: newId("kptr"),
      now,
    },
  )
}

const knownRow = paymentRow.pick({ id: true, reference: true, collection_id: true })

/** Kobbopay answered a create with the id of a payment that was made for something else. */
export class AnotherPaymentsId extends Error {
  override readonly name = "AnotherPaymentsId"

  constructor(
    readonly paymentId: PaymentId,
    readonly kobbopayId: KobbopayId,
  ) {
    super(`${kobbopayId} is payment ${paymentId} already`)
  }
}

/**
 * A create whose answer was lost may have come to the ledger by its webhook already, as a payment of its
 * own; when the repeated create brings the same id, that payment takes the place of the unfinished one.
 */
async function takeOverKnown(
  trx: Sql,
  { id, reference, collection_id }: Unfinished,
  made: CreatedAtKobbopay,
  now: Date,
): Promise<PaymentId | null> {
  const known = await row(
    trx,
    knownRow,
    `SELECT id, reference, collection_id FROM kobbopay_payment
      WHERE account_id = ? AND kobbopay_id = ? AND id <> ? AND deleted_at IS NULL FOR UPDATE`,
    [made.accountId, made.kobbopayId, id],
  )
  if (known === null) return null
  if (known.reference !== reference || known.collection_id !== collection_id) {
    throw new AnotherPaymentsId(known.id, made.kobbopayId)
  }
  const ended = await execute(
    trx,
    `UPDATE kobbopay_payment
        SET state = 'failed', target = 'order_cancelled', current = false, ended_at = ?,
            create_lease_until = NULL, updated_at = now()
      WHERE id = ? AND state = 'creating'`,
    [now, id],
  )
  if (ended === 1) await insertTransition(trx, creationExpired(id, now))
  await execute(
    trx,
    `UPDATE kobbopay_payment
        SET address = :address, memo = :memo, window_ends_at = :window_ends_at,
            next_check_at = :next_check_at, updated_at = now(),
            current = state = 'pending' AND money_seen_at IS NULL
      WHERE id = :id`,
    {
      address: made.address,
      memo: made.memo,
      window_ends_at: made.windowEndsAt,
      next_check_at: made.nextCheckAt,
      id: known.id,
    },
  )
  await scheduleCollectionOf(trx, known.id, made.nextCheckAt)
  return known.id
}

/**
 * Adds a watched payment beside the one it belongs to, for a further Kobbopay id under the same
 * reference. It is never shown; its money would be an exception.
 */
export const watchSibling = (
  sql: Sql,
  of: PaymentId,
  kobbopayId: KobbopayId,
  nextCheckAt: Date,
): Promise<number> =>
  execute(
    sql,
    `INSERT INTO kobbopay_payment
       (id, account_id, environment, kobbopay_id, reference, public_token, collection_id, cart_id, order_id, rail_id,
        token, asset, network, decimals, expected_minor, store_amount, currency_code, price, state,
        current, window_ends_at, next_check_at)
     SELECT :id, account_id, environment, :kobbopay_id, reference, replace(gen_random_uuid()::text, '-', ''),
            collection_id, cart_id, order_id, rail_id, token, asset, network, decimals, expected_minor,
            store_amount, currency_code, price, 'pending', false, window_ends_at, :next_check_at
       FROM kobbopay_payment WHERE id = :of AND kobbopay_id IS DISTINCT FROM :kobbopay_id
     ON CONFLICT (account_id, kobbopay_id) WHERE deleted_at IS NULL DO NOTHING`,
    { id: newId("kpay"), kobbopay_id: kobbopayId, next_check_at: nextCheckAt, of },
  )
