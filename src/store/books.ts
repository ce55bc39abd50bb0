import { z } from "@medusajs/framework/zod"
import type { CollectionId, OrderId, PaymentId } from "../domain/ids"
import { idColumn } from "./payment"
import { row, type Sql } from "./sql"

const booksRow = z.object({
  /** Open exceptions about payments of the collection. */
  exceptions: z.array(z.object({ paymentId: idColumn<PaymentId>(), class: z.string() })),
  /** Refunds that were sent: their own ids, and those of Medusa's refunds that stand for them. */
  sent: z.array(z.string()),
  /** Units that the order's entitlements have released by rule, not by a person, with what each waits for. */
  released: z.array(z.object({ units: z.number(), gate: z.string() })),
  /** Pieces of stock that Medusa holds back for the order. */
  reservations: z.number(),
  /** A person said of a payment that the order is settled in another way. */
  settledElsewhere: z.boolean(),
})

/** What else is on record about the payments of a collection and their order, beside Medusa's view. */
export type Books = z.output<typeof booksRow>

const NONE: Books = {
  exceptions: [],
  sent: [],
  released: [],
  reservations: 0,
  settledElsewhere: false,
}

/** Reads the books of a collection and its order, for the audit. One statement. */
export const booksOf = async (
  sql: Sql,
  collection: CollectionId,
  order: OrderId | null,
): Promise<Books> =>
  (await row(
    sql,
    booksRow,
    {
      name: "kobbopay_books_of",
      text: `WITH ours AS (SELECT id FROM kobbopay_payment
          WHERE (collection_id = :collection_id OR order_id = :order_id) AND deleted_at IS NULL)
        SELECT
          (SELECT COALESCE(jsonb_agg(jsonb_build_object('paymentId', e.payment_id, 'class', e.class)), '[]')
             FROM kobbopay_exception e WHERE e.payment_id IN (SELECT id FROM ours)
              AND e.state = 'open' AND e.class <> 'drift' AND e.deleted_at IS NULL) AS exceptions,
          (SELECT COALESCE(jsonb_agg(sent.id), '[]') FROM kobbopay_refund r
             CROSS JOIN LATERAL (VALUES (r.id), (r.medusa_refund_id)) AS sent(id)
            WHERE r.payment_id IN (SELECT id FROM ours) AND sent.id IS NOT NULL
              AND r.deleted_at IS NULL) AS sent,
          (SELECT COALESCE(jsonb_agg(jsonb_build_object('units', released_quantity - revoked_quantity,
               'gate', release_on)), '[]')
             FROM kobbopay_entitlement WHERE order_id = :order_id AND decision IS DISTINCT FROM 'release'
              AND released_quantity > revoked_quantity AND deleted_at IS NULL) AS released,
          (SELECT count(*)::int FROM order_item i
             JOIN reservation_item r ON r.line_item_id = i.item_id AND r.deleted_at IS NULL
            WHERE i.order_id = :order_id AND i.deleted_at IS NULL) AS reservations,
          EXISTS (SELECT 1 FROM kobbopay_exception e WHERE e.payment_id IN (SELECT id FROM ours)
             AND e.resolution = 'settled_elsewhere' AND e.deleted_at IS NULL) AS "settledElsewhere"`,
    },
    { collection_id: collection, order_id: order },
  )) ?? NONE
