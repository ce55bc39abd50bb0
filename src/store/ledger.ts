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
import { idColumn, paymentColumns, paymentRow, type PaymentRow } from "./payment"
import type { Shown } from "./order-facts"
import { execute, row, rows, type Sql } from "./sql"
import { scheduling } from "./wakes"

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
  { cart, order }: { cart: CartId | null; order: OrderId | null },
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
        SET cart_id = COALESCE(:cart_id, cart_id), order_id = COALESCE(:order_id, order_id), updated_at = now(),
            converged_at = CASE WHEN target = 'order_cancelled'
              AND order_id IS DISTINCT FROM COALESCE(:order_id, order_id) THEN NULL ELSE converged_at END
      WHERE collection_id = :collection_id AND deleted_at IS NULL
        AND (cart_id IS DISTINCT FROM COALESCE(:cart_id, cart_id)
          OR order_id IS DISTINCT FROM COALESCE(:order_id, order_id))
      RETURNING order_id, collection_id, target, converged_at),
      woken AS (${wake.text})
      ${dueOrders("linked")}`,
    { ...wake.bindings, cart_id: cart, order_id: order, collection_id: collection },
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
      WHERE account_id = :account_id AND deleted_at IS NULL
        AND (kobbopay_id = ANY(:ids::text[]) OR reference = :reference)
      ORDER BY (kobbopay_id = ANY(:ids::text[])) DESC NULLS LAST, created_at`,
    { account_id: account, ids: [...ids], reference },
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
        SET converged_at = :at, updated_at = now(),
            captured_at = CASE WHEN target = 'captured' THEN COALESCE(captured_at, :at) ELSE captured_at END
      WHERE id = :id AND target = :target RETURNING order_id) ${dueOrders("converged")}`,
    { id: payment.id, target: payment.target, at },
  )
