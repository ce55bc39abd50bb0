import { MathBN } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { CartId, CollectionId, OrderId, ProviderId, SessionId } from "../domain/ids"
import { less } from "../domain/store-amount"
import { idColumn } from "./payment"
import { row, type Sql } from "./sql"

const date = z.coerce.date().nullable()

const captureShape = z.object({ id: z.string(), amount: z.string(), created_at: z.coerce.date() })
const refundShape = z.object({
  id: z.string(),
  amount: z.string(),
  created_at: z.coerce.date(),
  /** Ours names the refund that it books. */
  metadata: z.looseObject({ kobbopay_refund_id: z.string().optional() }).nullable(),
})
const paymentShape = z.object({
  id: z.string(),
  payment_session_id: idColumn<SessionId>().nullable(),
  provider_id: idColumn<ProviderId>(),
  amount: z.string(),
  captured_at: date,
  canceled_at: date,
  captures: z.array(captureShape),
  refunds: z.array(refundShape),
})
const sessionShape = z.object({
  id: idColumn<SessionId>(),
  status: z.string(),
  provider_id: idColumn<ProviderId>(),
  amount: z.string(),
  currency_code: z.string(),
  created_at: z.coerce.date(),
})

const viewShape = z.object({
  cartId: idColumn<CartId>().nullable(),
  orderId: idColumn<OrderId>().nullable(),
  order: z.enum(["none", "open", "cancelled"]),
  /** The order is completed or archived: it lives, and nobody works on it any more. */
  isClosed: z.boolean(),
  placedAt: date,
  /** What the collection says: Medusa can leave it wrong, so nothing is judged by it. */
  amount: z.string(),
  currencyCode: z.string(),
  /** Collections of the order, or the one of the cart. */
  collections: z.number(),
  /** What the order costs in all, or the cart while there is no order. */
  total: z.string(),
  /** What the order still asks for, negative when it owes; null while there is no order. */
  pending: z.string().nullable(),
  sessions: z.array(sessionShape),
  /** Sessions of the order's other collections. */
  elsewhere: z.array(sessionShape),
  /** Payments of every collection of the order, of whatever provider. */
  payments: z.array(paymentShape),
  transactions: z.array(
    z.object({ reference: z.string().nullable(), reference_id: z.string().nullable() }),
  ),
  /** What the order's credit lines refer to. */
  creditLines: z.array(z.string().nullable()),
})

/** What Medusa shows of a collection's cart, order and payments. Amounts: decimal strings, store currency. */
export type MedusaView = z.output<typeof viewShape>
export type MedusaPayment = z.output<typeof paymentShape>
export type MedusaRefund = z.output<typeof refundShape>
export type MedusaCapture = z.output<typeof captureShape>

/**
 * Credit lines and summary are kept for each version of an order; what counts is the present one's.
 */
const VIEW = `
WITH c AS (SELECT * FROM payment_collection WHERE id = ? AND deleted_at IS NULL),
  o AS (SELECT o.* FROM order_payment_collection l JOIN "order" o ON o.id = l.order_id
         WHERE l.payment_collection_id = (SELECT id FROM c)
           AND l.deleted_at IS NULL AND o.deleted_at IS NULL LIMIT 1),
  collections AS (SELECT id FROM c WHERE NOT EXISTS (SELECT 1 FROM o)
    UNION SELECT payment_collection_id FROM order_payment_collection
           WHERE order_id = (SELECT id FROM o) AND deleted_at IS NULL),
  summary AS (SELECT s.totals FROM order_summary s JOIN o ON s.order_id = o.id AND s.version = o.version
               WHERE s.deleted_at IS NULL LIMIT 1)
SELECT
  (SELECT l.cart_id FROM cart_payment_collection l
     LEFT JOIN cart ON cart.id = l.cart_id AND cart.deleted_at IS NULL
    WHERE l.payment_collection_id = c.id AND l.deleted_at IS NULL
      AND (o.id IS NOT NULL OR cart.id IS NOT NULL) LIMIT 1) AS "cartId",
  o.id AS "orderId",
  CASE WHEN o.id IS NULL THEN 'none' WHEN o.status = 'canceled' THEN 'cancelled' ELSE 'open' END AS "order",
  COALESCE(o.status IN ('completed', 'archived'), false) AS "isClosed",
  o.created_at AS "placedAt",
  c.raw_amount->>'value' AS amount,
  c.currency_code AS "currencyCode",
  (SELECT count(*)::int FROM collections) AS collections,
  COALESCE((SELECT totals->'raw_current_order_total'->>'value' FROM summary), c.raw_amount->>'value') AS total,
  (SELECT totals->'raw_pending_difference'->>'value' FROM summary) AS pending,
  (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', s.id, 'status', s.status, 'provider_id', s.provider_id,
        'amount', s.raw_amount->>'value', 'currency_code', s.currency_code, 'created_at', s.created_at)
        ORDER BY s.created_at, s.id), '[]')
     FROM payment_session s
    WHERE s.payment_collection_id = c.id AND s.deleted_at IS NULL) AS sessions,
  (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', s.id, 'status', s.status, 'provider_id', s.provider_id,
        'amount', s.raw_amount->>'value', 'currency_code', s.currency_code, 'created_at', s.created_at)
        ORDER BY s.created_at, s.id), '[]')
     FROM payment_session s
    WHERE s.payment_collection_id IN (SELECT id FROM collections) AND s.payment_collection_id <> c.id
      AND s.deleted_at IS NULL) AS elsewhere,
  (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', p.id, 'payment_session_id', p.payment_session_id,
        'provider_id', p.provider_id, 'amount', p.raw_amount->>'value', 'captured_at', p.captured_at,
        'canceled_at', p.canceled_at,
        'captures', (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', k.id, 'amount', k.raw_amount->>'value',
              'created_at', k.created_at) ORDER BY k.created_at, k.id), '[]')
            FROM capture k WHERE k.payment_id = p.id AND k.deleted_at IS NULL),
        'refunds', (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', r.id, 'amount', r.raw_amount->>'value',
              'metadata', r.metadata, 'created_at', r.created_at) ORDER BY r.created_at, r.id), '[]')
            FROM refund r WHERE r.payment_id = p.id AND r.deleted_at IS NULL)
      ) ORDER BY p.created_at, p.id), '[]')
     FROM payment p
    WHERE p.payment_collection_id IN (SELECT id FROM collections) AND p.deleted_at IS NULL) AS payments,
  (SELECT COALESCE(jsonb_agg(jsonb_build_object('reference', t.reference, 'reference_id', t.reference_id)
        ORDER BY t.created_at, t.id), '[]')
     FROM order_transaction t WHERE t.order_id = o.id AND t.deleted_at IS NULL) AS transactions,
  (SELECT COALESCE(jsonb_agg(l.reference_id ORDER BY l.created_at, l.id), '[]')
     FROM order_credit_line l
    WHERE l.order_id = o.id AND l.version = o.version AND l.deleted_at IS NULL) AS "creditLines"
FROM c LEFT JOIN o ON true`

/**
 * Reads a collection's view from Medusa's own tables, in one statement. Query, asked for the same, takes
 * some thirty milliseconds of a busy process, and every payment is looked at several times; a test holds
 * the two against each other. What a cart costs stands in no table: while there is no order, `total` is the
 * collection's amount, for the caller to put right. Null when the collection is gone.
 */
export const viewOf = (sql: Sql, collection: CollectionId): Promise<MedusaView | null> =>
  row(sql, viewShape, VIEW, [collection])

/** What was refunded of a payment, decimal. */
export const refundedOf = (payment: MedusaPayment) =>
  payment.refunds.reduce((sum, one) => MathBN.add(sum, one.amount), MathBN.convert(0))

/** What was captured of a payment, decimal. */
export const capturedOf = (payment: MedusaPayment) =>
  payment.captures.reduce((sum, one) => MathBN.add(sum, one.amount), MathBN.convert(0))

/** What was captured of a payment, less what was refunded of it: decimal, store currency. */
export const capturedNetOf = (payment: MedusaPayment): string =>
  less(capturedOf(payment).toFixed(), refundedOf(payment).toFixed())
