import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CartId,
  CollectionId,
  Environment,
  KobbopayId,
  OrderId,
  PaymentId,
  ProviderId,
  PublicToken,
  Reference,
  SessionId,
} from "../kobbopay/ids"
import { dueOrders } from "./entitled-orders"
import type { Acceptance } from "../kobbopay/lifecycle"
import { scheduleGroupOf } from "./groups"
import { idColumn, isPaidBack, paymentRow, type PaymentRow } from "./payment"
import { execute, newId, row, rows, type Sql } from "./sql"

const sessionRow = z.object({
  session_id: idColumn<SessionId>(),
  status: z.string(),
  provider_id: idColumn<ProviderId>(),
  collection_id: idColumn<CollectionId>(),
  session_amount: z.string(),
  session_currency: z.string(),
  collection_amount: z.string(),
  collection_currency: z.string(),
  paid_sessions: z.array(idColumn<SessionId>()),
})
export type MedusaSession = z.output<typeof sessionRow>

/**
 * The one read of Medusa's own tables by SQL: a provider is told neither its own id nor the
 * collection of the session it serves, nor what the collection asks for now, nor which of its sessions
 * have a Payment already. Amounts are decimal strings of the store currency.
 */
export const medusaSession = (sql: Sql, id: SessionId): Promise<MedusaSession | null> =>
  row(
    sql,
    sessionRow,
    `SELECT s.id AS session_id, s.status, s.provider_id, s.payment_collection_id AS collection_id,
            s.raw_amount->>'value' AS session_amount, s.currency_code AS session_currency,
            c.raw_amount->>'value' AS collection_amount, c.currency_code AS collection_currency,
            ARRAY(SELECT p.payment_session_id FROM payment p
                   WHERE p.payment_collection_id = c.id AND p.canceled_at IS NULL
                     AND p.deleted_at IS NULL) AS paid_sessions
       FROM payment_session s JOIN payment_collection c ON c.id = s.payment_collection_id
      WHERE s.id = ? AND s.deleted_at IS NULL`,
    [id],
  )

export const paymentById = (sql: Sql, id: PaymentId): Promise<PaymentRow | null> =>
  row(sql, paymentRow, `SELECT * FROM kobbopay_payment WHERE id = ?`, [id])

export const paymentByToken = (sql: Sql, token: PublicToken): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment WHERE public_token = ? AND deleted_at IS NULL`,
    [token],
  )

/** The payments of a collection, the oldest first. */
export const paymentsOf = (sql: Sql, collection: CollectionId): Promise<PaymentRow[]> =>
  rows(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment WHERE collection_id = ? AND deleted_at IS NULL ORDER BY created_at, id`,
    [collection],
  )

/** The payment that a session shows: the latest attached one. */
export const paymentOfSession = (sql: Sql, session: SessionId): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT p.* FROM kobbopay_payment p
       JOIN kobbopay_payment_session s ON s.payment_id = p.id
      WHERE s.session_id = ? AND s.deleted_at IS NULL
      ORDER BY s.detached_at IS NULL DESC, s.created_at DESC, s.id DESC LIMIT 1`,
    [session],
  )

/** Sessions that were ever given a payment and not detached from it, as far as the ledger knows. */
export const sessionsOf = async (sql: Sql, payment: PaymentId): Promise<SessionId[]> =>
  (
    await rows(
      sql,
      z.object({ session_id: idColumn<SessionId>() }),
      `SELECT session_id FROM kobbopay_payment_session
        WHERE payment_id = ? AND detached_at IS NULL AND deleted_at IS NULL ORDER BY created_at DESC, id DESC`,
      [payment],
    )
  ).map((found) => found.session_id)

/** A payment of the collection that holds money not paid back, if there is one. */
export const moneyIn = (sql: Sql, collection: CollectionId): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment
      WHERE collection_id = ? AND money_seen_at IS NOT NULL AND deleted_at IS NULL
        AND paid_back_minor::numeric < COALESCE(received_minor, expected_minor)::numeric
      ORDER BY money_seen_at LIMIT 1`,
    [collection],
  )

/**
 * A payment whose money is to settle the collection for this amount and that no live session shows, or
 * only `session` itself: a session is given to it instead of a new payment.
 */
export const paymentToShow = (
  sql: Sql,
  wanted: {
    collectionId: CollectionId
    accountId: AccountId
    amount: string
    currencyCode: string
  },
  session: SessionId,
): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment p
      WHERE collection_id = ? AND account_id = ? AND want IN ('authorized', 'captured')
        AND captured_at IS NULL AND deleted_at IS NULL AND currency_code = ?
        AND COALESCE(accepted_amount, store_amount)::numeric = ?::numeric
        AND paid_back_minor::numeric < COALESCE(received_minor, expected_minor)::numeric
        AND (accepted IS NOT NULL OR NOT EXISTS (SELECT 1 FROM kobbopay_payment_session k
              JOIN payment_session s ON s.id = k.session_id AND s.deleted_at IS NULL
             WHERE k.payment_id = p.id AND k.detached_at IS NULL AND k.deleted_at IS NULL
               AND k.session_id <> ?))
      ORDER BY money_seen_at LIMIT 1`,
    [wanted.collectionId, wanted.accountId, wanted.currencyCode, wanted.amount, session],
  )

/** Makes a payment due for a look at once; one that was never created at Kobbopay cannot be read. */
export async function lookNow(sql: Sql, payment: PaymentId, now: Date): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET next_look_at = ? WHERE id = ? AND kobbopay_id IS NOT NULL`,
    [now, payment],
  )
  await scheduleGroupOf(sql, payment, now)
}

/** Makes payments due for a look by whoever works their group, without calling for that work. */
export const makeDue = (sql: Sql, payments: readonly PaymentId[], now: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment SET next_look_at = ?
      WHERE id = ANY(?::text[]) AND kobbopay_id IS NOT NULL`,
    [now, [...payments]],
  )

/** Puts the next look at a payment to `at`: its account wants no requests before. */
export async function putLookOff(sql: Sql, payment: PaymentId, at: Date): Promise<void> {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET next_look_at = ? WHERE id = ? AND kobbopay_id IS NOT NULL`,
    [at, payment],
  )
  await scheduleGroupOf(sql, payment, at)
}

/** Notes that payments were read, each under its own reference, in this environment of their account. */
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

export async function attachSession(
  sql: Sql,
  session: SessionId,
  payment: PaymentId,
  now: Date,
): Promise<void> {
  await sql.transaction(async (trx) => {
    await execute(
      trx,
      `UPDATE kobbopay_payment_session SET detached_at = ?
        WHERE session_id = ? AND payment_id <> ? AND detached_at IS NULL AND deleted_at IS NULL`,
      [now, session, payment],
    )
    await execute(
      trx,
      `INSERT INTO kobbopay_payment_session (id, session_id, payment_id) VALUES (?, ?, ?)
       ON CONFLICT (session_id, payment_id) WHERE deleted_at IS NULL
         DO UPDATE SET detached_at = NULL, updated_at = now()`,
      [newId("kpses"), session, payment],
    )
    // Money that came while no session showed it can settle on this one.
    const shown = await paymentById(trx, payment)
    if (shown !== null && shown.money_seen_at !== null) await scheduleGroupOf(trx, payment, now)
  })
}

/**
 * Detaches a session from what it shows. Returns false, and changes nothing, when money was booked through
 * it, and while money that was not paid back is on any payment of its collection.
 */
export async function detachSession(sql: Sql, session: SessionId, now: Date): Promise<boolean> {
  return sql.transaction(async (trx) => {
    const related = await rows(
      trx,
      paymentRow,
      `SELECT * FROM kobbopay_payment WHERE deleted_at IS NULL AND collection_id IN
         (SELECT p.collection_id FROM kobbopay_payment p
            JOIN kobbopay_payment_session s ON s.payment_id = p.id
           WHERE s.session_id = ? AND s.deleted_at IS NULL) FOR UPDATE`,
      [session],
    )
    const mustStay = (payment: PaymentRow) =>
      payment.settled_session_id === session ||
      (payment.money_seen_at !== null && !isPaidBack(payment))
    if (related.some(mustStay)) return false
    await execute(
      trx,
      `UPDATE kobbopay_payment_session SET detached_at = ?
        WHERE session_id = ? AND detached_at IS NULL AND deleted_at IS NULL`,
      [now, session],
    )
    return true
  })
}

/**
 * Notes the cart and order of a collection on its payments, as they become known, and calls for the
 * order's entitlements.
 */
export const noteOrder = (
  sql: Sql,
  collection: CollectionId,
  cart: CartId | null,
  order: OrderId | null,
): Promise<number> =>
  execute(
    sql,
    `WITH noted AS (UPDATE kobbopay_payment
        SET cart_id = COALESCE(cart_id, ?), order_id = COALESCE(order_id, ?), updated_at = now()
      WHERE collection_id = ? AND deleted_at IS NULL AND (cart_id IS DISTINCT FROM COALESCE(cart_id, ?)
        OR order_id IS DISTINCT FROM COALESCE(order_id, ?))
      RETURNING order_id) ${dueOrders("noted")}`,
    [cart, order, collection, cart, order],
  )

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
 * Notes that Medusa shows what was wanted, and calls for the order's entitlements: only if the same is
 * still wanted, for a read made meanwhile by the provider may have raised it.
 */
export const markConverged = (
  sql: Sql,
  payment: Pick<PaymentRow, "id" | "want">,
  at: Date,
): Promise<number> =>
  execute(
    sql,
    `WITH converged AS (UPDATE kobbopay_payment
        SET converged_at = ?, updated_at = now(),
            captured_at = CASE WHEN want = 'captured' THEN COALESCE(captured_at, ?) ELSE captured_at END
      WHERE id = ? AND want = ? RETURNING order_id) ${dueOrders("converged")}`,
    [at, at, payment.id, payment.want],
  )

/**
 * Reserves the one session on which a payment's money is booked: several may show it, and Medusa would
 * make a Payment for each. False when it is another one that still exists.
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
        SELECT 1 FROM payment_session s WHERE s.id = settled_session_id AND s.deleted_at IS NULL))`,
    [session, payment, session],
  )) === 1

/**
 * Notes that a person accepted a payment's money for a store amount. What they said of finality before
 * stays said.
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
            accepted_minor = ?, accepted_amount = ?, accepted_by = ?, accepted_at = ?, converged_at = NULL, current = false, updated_at = now()
      WHERE id = ?`,
    [by.accepted, by.minor?.toString() ?? null, by.amount, by.actor, now, id],
  )

export const noteFailedRead = (
  sql: Sql,
  id: PaymentId,
  cause: string,
  nextLookAt: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment
        SET failures = failures + 1, last_error = ?, next_look_at = ?, updated_at = now()
      WHERE id = ?`,
    [cause, nextLookAt, id],
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

/** Adds to a payment's history, and calls for the entitlements of its order. */
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
