import { z } from "@medusajs/framework/zod"
import type { AccountId, CollectionId, OrderId, SessionId } from "../domain/ids"
import { DUE, hasEnded } from "./lease"
import { idColumn } from "./payment"
import { execute, row, rows, type Sql } from "./sql"

/** In the database's time, cut to what a Date can hold, so that it is never later than the next check. */
const AT_ONCE = `date_trunc('milliseconds', clock_timestamp())`

/**
 * The end of a statement that makes orders due for their entitlements: `orders` is a FROM clause that
 * gives `order_id`. In the same statement, or transaction, as the change that wakes them, so that a
 * crash drops nothing.
 */
export const dueOrders = (orders: string): string => `
  INSERT INTO kobbopay_entitled_order (id, due_at, wakes)
    SELECT DISTINCT ON (order_id) order_id, ${AT_ONCE}, 1 FROM ${orders}
     WHERE order_id IS NOT NULL ORDER BY order_id
  ON CONFLICT (id) DO UPDATE
    SET due_at = LEAST(COALESCE(kobbopay_entitled_order.due_at, excluded.due_at), excluded.due_at),
        wakes = kobbopay_entitled_order.wakes + 1, updated_at = now()`

/** Wakes an order's entitlements. Does nothing for an order that no payment of ours belongs to. */
export const wakeOrder = (sql: Sql, order: OrderId): Promise<number> =>
  execute(
    sql,
    dueOrders(`(SELECT order_id FROM kobbopay_payment
                 WHERE order_id = ? AND deleted_at IS NULL) AS paid`),
    [order],
  )

/** Wakes up to `most` orders of the ledger whose entitlements were never worked. */
export const wakeForgotten = (sql: Sql, most: number): Promise<number> =>
  execute(
    sql,
    dueOrders(`(SELECT p.order_id FROM kobbopay_payment p
                 WHERE p.order_id IS NOT NULL AND p.deleted_at IS NULL AND NOT EXISTS
                   (SELECT 1 FROM kobbopay_entitled_order o WHERE o.id = p.order_id)
                 LIMIT ?) AS forgotten`),
    [most],
  )

const orderRow = z.object({
  id: idColumn<OrderId>(),
  wakes: z.number(),
  version: z.number(),
  failures: z.number(),
})
export type EntitledOrder = z.output<typeof orderRow>

/** Takes one due order under a timed lease: after `leaseMs` it is due again. */
export const claimOrder = (sql: Sql, now: Date, leaseMs: number): Promise<EntitledOrder | null> =>
  row(
    sql,
    orderRow,
    `UPDATE kobbopay_entitled_order SET due_at = :until, updated_at = now()
      WHERE id = (SELECT id FROM kobbopay_entitled_order
                   WHERE ${DUE} ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, wakes, version, failures`,
    { until: new Date(now.getTime() + leaseMs), now },
  )

/** The row of an order, made when it is not there. */
export async function orderRowOf(sql: Sql, order: OrderId): Promise<EntitledOrder> {
  await execute(
    sql,
    `INSERT INTO kobbopay_entitled_order (id) VALUES (?) ON CONFLICT (id) DO NOTHING`,
    [order],
  )
  const found = await row(
    sql,
    orderRow,
    `SELECT id, wakes, version, failures FROM kobbopay_entitled_order WHERE id = ?`,
    [order],
  )
  if (found === null) throw new Error(`the row of order ${order} vanished`)
  return found
}

const versionRow = z.object({ version: z.number() })

/** Locks an order's row for the rest of a transaction. False when somebody worked it meanwhile. */
export const lockOrder = async (trx: Sql, seen: EntitledOrder): Promise<boolean> =>
  (
    await row(
      trx,
      versionRow,
      `SELECT version FROM kobbopay_entitled_order WHERE id = ? FOR UPDATE`,
      [seen.id],
    )
  )?.version === seen.version

/** Records that an order was worked, and when it is worked next: at once if it was woken meanwhile. */
export const releaseOrder = (
  trx: Sql,
  seen: EntitledOrder,
  next: Date | null,
  now: Date,
): Promise<number> =>
  execute(
    trx,
    `UPDATE kobbopay_entitled_order
        SET version = version + 1, worked_at = :now, failures = 0, last_error = NULL, updated_at = now(),
            due_at = CASE WHEN wakes = :wakes THEN :next::timestamptz ELSE ${AT_ONCE} END
      WHERE id = :id`,
    { id: seen.id, wakes: seen.wakes, next, now },
  )

/** Records that the work on an order failed, and when it is tried again. */
export const retryOrder = (
  sql: Sql,
  seen: Pick<EntitledOrder, "id" | "failures">,
  at: Date,
  cause: string,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_entitled_order
        SET due_at = ?, failures = ?, last_error = ?, updated_at = now() WHERE id = ?`,
    [at, seen.failures + 1, cause, seen.id],
  )

/** Takes the one right to fulfil lines of an order, a timed lease. False while another process has it. */
export const claimFulfilling = async (
  sql: Sql,
  order: OrderId,
  until: Date,
  now: Date,
): Promise<boolean> =>
  (await execute(
    sql,
    `UPDATE kobbopay_entitled_order SET fulfilling_until = :until, updated_at = now()
      WHERE id = :id AND ${hasEnded("fulfilling_until")}`,
    { id: order, until, now },
  )) === 1

/** Heartbeat of the right to fulfil lines of an order. */
export const renewFulfilling = (sql: Sql, order: OrderId, until: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_entitled_order SET fulfilling_until = ?
      WHERE id = ? AND fulfilling_until IS NOT NULL`,
    [until, order],
  )

export const releaseFulfilling = (sql: Sql, order: OrderId): Promise<number> =>
  execute(sql, `UPDATE kobbopay_entitled_order SET fulfilling_until = NULL WHERE id = ?`, [order])

const ledgerRow = z.object({
  account_id: idColumn<AccountId>(),
  confirmed_at: z.date().nullable(),
  money_seen_at: z.date().nullable(),
  accepted: z.enum(["amount", "finality"]).nullable(),
  /** The one session on which its money was booked. */
  settled_session_id: idColumn<SessionId>().nullable(),
  sessions: z.array(idColumn<SessionId>()),
  attached: z.boolean(),
})
/** A payment of ours, as its order's entitlements see it. */
export type LedgerPayment = z.output<typeof ledgerRow>

/**
 * The ledger's payments of an order, the oldest first, with every session that ever showed each;
 * `attached` is false when no session shows it any more: the shopper chose to pay otherwise.
 */
export const ledgerOf = (
  sql: Sql,
  order: OrderId,
  collections: readonly CollectionId[],
): Promise<LedgerPayment[]> =>
  rows(
    sql,
    ledgerRow,
    `SELECT p.account_id, p.confirmed_at, p.money_seen_at, p.accepted, p.settled_session_id,
            ARRAY(SELECT s.session_id FROM kobbopay_payment_session s
                   WHERE s.payment_id = p.id AND s.deleted_at IS NULL) AS sessions,
            EXISTS (SELECT 1 FROM kobbopay_payment_session s
                      JOIN payment_session live ON live.id = s.session_id AND live.deleted_at IS NULL
                     WHERE s.payment_id = p.id AND s.detached_at IS NULL
                       AND s.deleted_at IS NULL) AS attached
       FROM kobbopay_payment p
      WHERE p.deleted_at IS NULL AND (p.order_id = ? OR p.collection_id = ANY(?::text[]))
      ORDER BY p.created_at, p.id`,
    [order, [...collections]],
  )
