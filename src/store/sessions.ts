import { z } from "@medusajs/framework/zod"
import type { CollectionId, PaymentId, ProviderId, SessionId } from "../domain/ids"
import { holdsMoney, idColumn, paymentColumns, paymentRow, type PaymentRow } from "./payment"
import { execute, newId, row, rows, type Part, type Sql } from "./sql"
import { waking } from "./wakes"

const sessionRow = z.object({
  session_id: idColumn<SessionId>(),
  status: z.string(),
  provider_id: idColumn<ProviderId>(),
  collection_id: idColumn<CollectionId>(),
  session_amount: z.string(),
  session_currency: z.string(),
  /** Those of the collection that Medusa still has, and on which it cancelled no Payment. */
  live_sessions: z.array(idColumn<SessionId>()),
})
export type MedusaSession = z.output<typeof sessionRow>

const seenRow = z.object({
  session: sessionRow,
  /** The order was cancelled, or is being cancelled because nobody paid. */
  order_ended: z.boolean(),
})
const withoutPayment = seenRow.extend({ has_payment: z.literal(false) })
const withPayment = seenRow.extend({
  ...paymentRow.shape,
  has_payment: z.literal(true),
  /** Sessions that were given the payment and not detached from it. */
  sessions: z.array(idColumn<SessionId>()),
  /** The session shows it, or showed it last. */
  is_shown: z.boolean(),
})

const viewRow = z.discriminatedUnion("has_payment", [withoutPayment, withPayment])

/** A payment of the ledger, as the sessions of its collection show it. */
export type PaymentInView = Pick<z.output<typeof withPayment>, "sessions" | "is_shown"> & PaymentRow

/** All that a call for a session is answered by: Medusa's side and the ledger's, at one moment. */
export type SessionView = {
  session: MedusaSession
  orderEnded: boolean
  /** The payments of its collection, the oldest first. */
  payments: readonly PaymentInView[]
}

/** The id of the payment that a session shows: the latest attached one. */
const shownBy = (session: string): string => `
  SELECT k.payment_id FROM kobbopay_payment_session k
   WHERE k.session_id = ${session} AND k.deleted_at IS NULL
   ORDER BY k.detached_at IS NULL DESC, k.created_at DESC, k.id DESC LIMIT 1`

const VIEW = {
  name: "kobbopay_view_session",
  text: `SELECT to_jsonb(m) AS session, p.id IS NOT NULL AS has_payment, ${paymentColumns("p")},
         kc.cancelling_at IS NOT NULL OR kc.order_cancelled_at IS NOT NULL AS order_ended,
         ARRAY(SELECT k.session_id FROM kobbopay_payment_session k
                WHERE k.payment_id = p.id AND k.detached_at IS NULL
                  AND k.deleted_at IS NULL) AS sessions,
         COALESCE(p.id = (${shownBy("m.session_id")}), false) AS is_shown
    FROM (SELECT s.id AS session_id, s.status, s.provider_id, c.id AS collection_id,
                 s.raw_amount->>'value' AS session_amount, s.currency_code AS session_currency,
                 ARRAY(SELECT live.id FROM payment_session live
                        WHERE live.payment_collection_id = c.id
                          AND live.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM payment b
                            WHERE b.payment_session_id = live.id AND b.canceled_at IS NOT NULL
                              AND b.deleted_at IS NULL)) AS live_sessions
            FROM payment_session s JOIN payment_collection c ON c.id = s.payment_collection_id
           WHERE s.id = ? AND s.deleted_at IS NULL) AS m
    LEFT JOIN kobbopay_collection kc ON kc.id = m.collection_id
    LEFT JOIN kobbopay_payment p ON p.collection_id = m.collection_id AND p.deleted_at IS NULL
   ORDER BY p.created_at, p.id`,
}

/**
 * Reads a session with the payments of its collection: the provider knows neither its own id nor the
 * collection of the session it serves. The session's amount is a decimal string of the store currency.
 */
export async function viewSession(sql: Sql, id: SessionId): Promise<SessionView | null> {
  const found = await rows(sql, viewRow, VIEW, [id])
  const [first] = found
  if (first === undefined) return null
  return {
    session: first.session,
    orderEnded: first.order_ended,
    payments: found.flatMap((one) => (one.has_payment ? [one] : [])),
  }
}

/** The payment that a session shows, also one that Medusa has no more; of the ledger alone. */
export const paymentOfSession = (sql: Sql, session: SessionId): Promise<PaymentRow | null> =>
  row(sql, paymentRow, `SELECT * FROM kobbopay_payment WHERE id = (${shownBy("?")})`, [session])

/**
 * Attaches a session to the payment of `shown`, a part of the same statement that gives one row or none,
 * and detaches it from what it showed before.
 */
export const attaching = (shown: string, session: SessionId, now: Date): Part => ({
  text: `
    detached AS (UPDATE kobbopay_payment_session k SET detached_at = :attach_now FROM ${shown}
      WHERE k.session_id = :attach_session AND k.payment_id <> ${shown}.id AND k.detached_at IS NULL
        AND k.deleted_at IS NULL),
    attached AS (INSERT INTO kobbopay_payment_session (id, session_id, payment_id)
      SELECT :attach_id, :attach_session, id FROM ${shown}
      ON CONFLICT (session_id, payment_id) WHERE deleted_at IS NULL
        DO UPDATE SET detached_at = NULL, updated_at = now())`,
  bindings: { attach_now: now, attach_session: session, attach_id: newId("kpses") },
})

/** Makes a session show a payment, and only that one. */
export async function attachSession(
  sql: Sql,
  session: SessionId,
  payment: PaymentId,
  now: Date,
): Promise<void> {
  const attach = attaching("shown", session, now)
  // Money that came while no session showed it can settle on this one.
  const wake = waking("(SELECT collection_id FROM shown WHERE money_seen_at IS NOT NULL)", now)
  await execute(
    sql,
    {
      name: "kobbopay_attach_session",
      text: `WITH shown AS (SELECT id, collection_id, money_seen_at FROM kobbopay_payment WHERE id = :payment_id),
     ${attach.text} ${wake.text}`,
    },
    { ...attach.bindings, ...wake.bindings, payment_id: payment },
  )
}

/**
 * Whether Medusa has to keep a session: money was booked through it, or money that is neither sent back nor
 * set aside is on a payment of its collection. Nothing is changed here: that a session is gone, Medusa's own
 * row says.
 */
export async function mustStay(sql: Sql, session: SessionId): Promise<boolean> {
  const related = await rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment WHERE deleted_at IS NULL AND collection_id IN
       (SELECT p.collection_id FROM kobbopay_payment p
          JOIN kobbopay_payment_session s ON s.payment_id = p.id
         WHERE s.session_id = ? AND s.deleted_at IS NULL)`,
    [session],
  )
  return related.some((payment) => payment.settled_session_id === session || holdsMoney(payment))
}

const liveRow = z.object({ is_live: z.boolean() })

/** Whether Medusa still has a session that shows the payment. */
export const isShownLive = async (sql: Sql, payment: PaymentId): Promise<boolean> =>
  (
    await row(
      sql,
      liveRow,
      `SELECT EXISTS (SELECT 1 FROM kobbopay_payment_session k
           JOIN payment_session s ON s.id = k.session_id AND s.deleted_at IS NULL
          WHERE k.payment_id = ? AND k.detached_at IS NULL AND k.deleted_at IS NULL) AS is_live`,
      [payment],
    )
  )?.is_live ?? false

const bookedRow = z.object({
  session_id: idColumn<SessionId>(),
  captured: z.string(),
})

/**
 * The session of the Payment that Medusa names in a call by the id of that Payment, or of a capture or
 * refund of it, and what its captures come to, the one under way included: decimal, store currency.
 */
export const bookedUnder = (sql: Sql, key: string): Promise<z.output<typeof bookedRow> | null> =>
  row(
    sql,
    bookedRow,
    `SELECT p.payment_session_id AS session_id,
            COALESCE((SELECT sum((c.raw_amount->>'value')::numeric) FROM capture c
                       WHERE c.payment_id = p.id AND c.deleted_at IS NULL), 0)::text AS captured
       FROM payment p
      WHERE p.deleted_at IS NULL AND p.payment_session_id IS NOT NULL
        AND p.id IN (SELECT ? UNION ALL SELECT payment_id FROM capture WHERE id = ?
                     UNION ALL SELECT payment_id FROM refund WHERE id = ?)`,
    [key, key, key],
  )

/**
 * Reserves the one session on which a payment's money is booked: several may show it, and Medusa would
 * make a Payment for each. False when it is another one that still exists, and whose Payment was not cancelled.
 */
export const claimSession = async (
  sql: Sql,
  payment: PaymentId,
  session: SessionId,
): Promise<boolean> =>
  (await execute(
    sql,
    `UPDATE kobbopay_payment SET settled_session_id = ?, updated_at = now()
      WHERE id = ? AND (settled_session_id IS NULL OR settled_session_id = ? OR NOT EXISTS (
        SELECT 1 FROM payment_session s WHERE s.id = settled_session_id AND s.deleted_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM payment b WHERE b.payment_session_id = s.id
             AND b.canceled_at IS NOT NULL AND b.deleted_at IS NULL)))`,
    [session, payment, session],
  )) === 1
