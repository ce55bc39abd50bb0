import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CartId,
  CollectionId,
  Environment,
  KobbopayId,
  OrderId,
  PaymentId,
  PublicToken,
  Reference,
  SessionId,
} from "../domain/ids"
import { dueOrders } from "./entitled-orders"
import type { Acceptance } from "../domain/lifecycle"
import { wakeCollectionOf, scheduleCollectionOf, scheduling } from "./collections"
import { idColumn, paymentColumns, paymentRow, settlesOrder, type PaymentRow } from "./payment"
import type { Shown } from "./order-facts"
import { execute, newId, row, rows, type Sql } from "./sql"

export const paymentById = (sql: Sql, id: PaymentId): Promise<PaymentRow | null> =>
  row(sql, paymentRow, `SELECT * FROM kobbopay_payment WHERE id = ?`, [id])

export const paymentByToken = (sql: Sql, token: PublicToken): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment WHERE public_token = ? AND deleted_at IS NULL`,
    [token],
  )

export const newestPaymentOf = (sql: Sql, order: OrderId): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment WHERE order_id = ? AND deleted_at IS NULL
      ORDER BY created_at DESC, id DESC LIMIT 1`,
    [order],
  )

/** The payments of a collection, the oldest first. */
export const paymentsOf = (sql: Sql, collection: CollectionId): Promise<PaymentRow[]> =>
  rows(
    sql,
    paymentRow,
    {
      name: "kobbopay_payments_of",
      text: `SELECT ${paymentColumns("p")} FROM kobbopay_payment p
        WHERE collection_id = ? AND deleted_at IS NULL ORDER BY created_at, id`,
    },
    [collection],
  )

/** The payments of an order, of all its collections, the oldest first. */
export const paymentsOfOrder = (sql: Sql, order: OrderId): Promise<PaymentRow[]> =>
  rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment WHERE order_id = ? AND deleted_at IS NULL ORDER BY created_at, id`,
    [order],
  )

const shownRow = z
  .object({
    session_id: idColumn<SessionId>(),
    payment_id: idColumn<PaymentId>(),
    settles: z.boolean(),
  })
  .transform((found): Shown => ({
    session: found.session_id,
    payment: found.payment_id,
    settles: found.settles,
  }))

/**
 * The sessions that show payments of a collection, or of the order it belongs to, the newest first: as far
 * as the ledger knows, also ones that Medusa has no more.
 */
export const sessionsOf = (
  sql: Sql,
  of: { collection: CollectionId; order: OrderId | null },
): Promise<Shown[]> =>
  rows(
    sql,
    shownRow,
    {
      name: "kobbopay_sessions_of",
      text: `SELECT k.session_id, k.payment_id, p.target IN ('authorized', 'captured') AS settles
        FROM kobbopay_payment p JOIN kobbopay_payment_session k ON k.payment_id = p.id
       WHERE (p.collection_id = ? OR p.order_id = ?) AND p.deleted_at IS NULL
         AND k.detached_at IS NULL AND k.deleted_at IS NULL
       ORDER BY k.created_at DESC, k.id DESC`,
    },
    [of.collection, of.order],
  )

/** The sessions, of those that show some payments, that show this one. */
export const showing = (shown: readonly Shown[], payment: PaymentId): SessionId[] =>
  shown.filter((one) => one.payment === payment).map((one) => one.session)

/** Makes a payment due for a check at once; one that was never created at Kobbopay cannot be read. */
export async function checkNow(sql: Sql, payment: PaymentId, now: Date): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET next_check_at = ? WHERE id = ? AND kobbopay_id IS NOT NULL`,
    [now, payment],
  )
  await wakeCollectionOf(sql, payment, now)
}

/** Makes payments due for a check by whoever works their collection, without waking it. */
export const makeDue = (sql: Sql, payments: readonly PaymentId[], now: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment SET next_check_at = ?
      WHERE id = ANY(?::text[]) AND kobbopay_id IS NOT NULL`,
    [now, [...payments]],
  )

/** Puts the next check of a payment to `at`: its account takes no requests before. */
export async function postponeCheck(sql: Sql, payment: PaymentId, at: Date): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET next_check_at = ? WHERE id = ? AND kobbopay_id IS NOT NULL`,
    [at, payment],
  )
  await scheduleCollectionOf(sql, payment, at)
}

/** Records that payments were read, each under its own reference, in this environment of their account. */
export const stampEnvironment = (
  sql: Sql,
  payments: readonly PaymentId[],
  environment: Environment,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment SET environment = ?, updated_at = now()
      WHERE id = ANY(?::text[]) AND environment IS DISTINCT FROM ?`,
    [environment, [...payments], environment],
  )

/**
 * Links the payments of a collection to its cart and order, as Medusa shows them, and wakes the order's
 * entitlements. An order that was linked before gives way: Medusa undoes one whose completion fails, and the
 * next completion places another.
 */
export function linkOrder(
  sql: Sql,
  collection: CollectionId,
  cart: CartId | null,
  order: OrderId | null,
  now: Date,
): Promise<number> {
  // Placed on a payment that had ended meanwhile, and rests: its order is to be cancelled after all.
  const wake = scheduling(
    "(SELECT collection_id FROM linked WHERE target = 'order_cancelled' AND converged_at IS NULL LIMIT 1)",
    now,
  )
  return execute(
    sql,
    `WITH linked AS (UPDATE kobbopay_payment
        SET cart_id = COALESCE(?, cart_id), order_id = COALESCE(?, order_id), updated_at = now(),
            converged_at = CASE WHEN target = 'order_cancelled'
              AND order_id IS DISTINCT FROM COALESCE(?, order_id) THEN NULL ELSE converged_at END
      WHERE collection_id = ? AND deleted_at IS NULL AND (cart_id IS DISTINCT FROM COALESCE(?, cart_id)
        OR order_id IS DISTINCT FROM COALESCE(?, order_id))
      RETURNING order_id, collection_id, target, converged_at),
      woken AS (${wake.text})
      ${dueOrders("linked")}`,
    [cart, order, order, collection, cart, order, ...wake.bindings],
  )
}

/** Payments that answer to one of the ids, or carry the reference; those named by id come first. */
export const paymentsNamed = (
  sql: Sql,
  account: AccountId,
  ids: readonly KobbopayId[],
  reference: Reference | null,
): Promise<PaymentRow[]> =>
  rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment
      WHERE account_id = ? AND deleted_at IS NULL AND (kobbopay_id = ANY(?::text[]) OR reference = ?)
      ORDER BY (kobbopay_id = ANY(?::text[])) DESC NULLS LAST, created_at`,
    [account, [...ids], reference, [...ids]],
  )

/**
 * Records that Medusa shows the payment's target, and wakes the order's entitlements. Does nothing when the
 * target has changed: the provider may have raised it meanwhile, by a read of its own.
 */
export const markConverged = (
  sql: Sql,
  payment: Pick<PaymentRow, "id" | "target">,
  at: Date,
): Promise<number> =>
  execute(
    sql,
    `WITH converged AS (UPDATE kobbopay_payment
        SET converged_at = ?, updated_at = now(),
            captured_at = CASE WHEN target = 'captured' THEN COALESCE(captured_at, ?) ELSE captured_at END
      WHERE id = ? AND target = ? RETURNING order_id) ${dueOrders("converged")}`,
    [at, at, payment.id, payment.target],
  )

/**
 * Records that a person accepted a payment's money for a store amount. What they accepted as final
 * before stays so.
 */
export const acceptPayment = (
  sql: Sql,
  id: PaymentId,
  by: { accepted: Acceptance; minor: bigint | null; amount: string; actor: string },
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment
        SET accepted = CASE WHEN accepted = 'finality' THEN accepted ELSE ? END,
            accepted_minor = ?,
            accepted_amount = CASE WHEN captured_at IS NULL THEN ? ELSE accepted_amount END, accepted_by = ?, accepted_at = ?, converged_at = NULL, current = false, updated_at = now()
      WHERE id = ?`,
    [by.accepted, by.minor?.toString() ?? null, by.amount, by.actor, now, id],
  )

/**
 * Sets aside the money of a payment: all that arrived, or was asked where reads state no amounts. It settles
 * nothing from here on. One that would have settled is over: its money is late, should it become final after
 * all, and an exception. So is one whose transfers are gone. Returns the state it is in then.
 */
export async function writeOff(
  trx: Sql,
  payment: PaymentRow,
  now: Date,
): Promise<PaymentRow["state"]> {
  const left = (payment.received_minor ?? payment.expected_minor) - payment.refunded_minor
  if (left > 0n) {
    const settles = settlesOrder(payment)
    const state = settles ? "expired" : payment.state
    await execute(
      trx,
      `UPDATE kobbopay_payment
          SET written_off_minor = ?, state = ?, target = 'nothing', current = false, converged_at = NULL,
              ended_at = CASE WHEN ? THEN COALESCE(ended_at, ?) ELSE ended_at END, updated_at = now()
        WHERE id = ?`,
      [left.toString(), state, settles, now, payment.id],
    )
    return state
  }
  const state = payment.state === "expired" ? "expired" : "failed"
  await execute(
    trx,
    `UPDATE kobbopay_payment
        SET state = ?, target = 'order_cancelled', current = false, amount_fit = NULL, money_seen_at = NULL,
            ended_at = COALESCE(ended_at, ?), converged_at = NULL, updated_at = now()
      WHERE id = ?`,
    [state, now, payment.id],
  )
  return state
}

export const recordFailedRead = (
  sql: Sql,
  id: PaymentId,
  cause: string,
  nextCheckAt: Date | null,
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment
        SET failures = failures + 1, last_error = ?, next_check_at = ?,
            failing_since = COALESCE(failing_since, ?), updated_at = now()
      WHERE id = ?`,
    [cause, nextCheckAt, now, id],
  )

export type NewTransition = {
  paymentId: PaymentId
  from: string
  to: string
  source: "read" | "checkout" | "event" | "clock" | "admin"
  receivedMinor: bigint | null
  at: Date
  /** The person who did it, and what they said. */
  actor?: string
  note?: string | null
}

/** Adds to a payment's history, and wakes the entitlements of its order. */
export const insertTransition = (sql: Sql, change: NewTransition): Promise<number> =>
  execute(
    sql,
    `WITH moved AS (INSERT INTO kobbopay_transition
       (id, payment_id, from_state, to_state, source, received_minor, at, actor, note)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING payment_id)
     ${dueOrders("(SELECT p.order_id FROM kobbopay_payment p JOIN moved ON p.id = moved.payment_id) AS paid")}`,
    [
      newId("kptr"),
      change.paymentId,
      change.from,
      change.to,
      change.source,
      change.receivedMinor?.toString() ?? null,
      change.at,
      change.actor ?? null,
      change.note ?? null,
    ],
  )
