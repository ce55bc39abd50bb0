import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CartId,
  CollectionId,
  KobbopayId,
  OrderId,
  PaymentId,
  ProviderId,
  PublicToken,
  RailId,
  Reference,
  SessionId,
} from "../kobbopay/ids"
import { idColumn, paymentRow, type PaymentRow } from "./payment"
import { execute, newId, row, rows, type Sql } from "./sql"

/** What a new payment is made of. Amounts: `expectedMinor` in minor units of the asset. */
export type NewPayment = {
  accountId: AccountId
  collectionId: CollectionId
  reference: Reference
  publicToken: PublicToken
  railId: RailId
  token: string
  asset: string
  network: string
  decimals: number
  expectedMinor: bigint
  storeAmount: string
  currencyCode: string
  price: string
  windowEndsAt: Date
}

const sessionRow = z.object({
  session_id: idColumn<SessionId>(),
  status: z.string(),
  provider_id: idColumn<ProviderId>(),
  collection_id: idColumn<CollectionId>(),
  session_amount: z.string(),
  session_currency: z.string(),
  collection_amount: z.string(),
  collection_currency: z.string(),
})
export type MedusaSession = z.output<typeof sessionRow>

/**
 * The one read of Medusa's own tables by SQL: a provider is told neither its own id nor the
 * collection of the session it serves, nor what the collection asks for now. Amounts are decimal
 * strings of the store currency.
 */
export const medusaSession = (sql: Sql, id: SessionId): Promise<MedusaSession | null> =>
  row(
    sql,
    sessionRow,
    `SELECT s.id AS session_id, s.status, s.provider_id, s.payment_collection_id AS collection_id,
            s.raw_amount->>'value' AS session_amount, s.currency_code AS session_currency,
            c.raw_amount->>'value' AS collection_amount, c.currency_code AS collection_currency
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

/** A payment of the collection that holds money, if there is one. */
export const moneyIn = (sql: Sql, collection: CollectionId): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment
      WHERE collection_id = ? AND money_seen_at IS NOT NULL AND deleted_at IS NULL ORDER BY money_seen_at LIMIT 1`,
    [collection],
  )

/**
 * Returns the collection's current payment for the same account, rail and store amount, or inserts
 * one in state `creating`; of two at once both get the same row (partial unique index). A current
 * payment whose window is over is retired first.
 */
export async function currentPayment(sql: Sql, wanted: NewPayment, now: Date): Promise<PaymentRow> {
  return sql.transaction(async (trx) => {
    await execute(trx, `INSERT INTO kobbopay_group (id) VALUES (?) ON CONFLICT DO NOTHING`, [
      wanted.collectionId,
    ])
    const key = [
      wanted.collectionId,
      wanted.accountId,
      wanted.railId,
      wanted.storeAmount,
      wanted.currencyCode,
    ]
    await execute(
      trx,
      `UPDATE kobbopay_payment SET current = false, updated_at = now()
        WHERE collection_id = ? AND account_id = ? AND rail_id = ? AND store_amount = ?
          AND currency_code = ? AND current = true AND deleted_at IS NULL AND window_ends_at <= ?`,
      [...key, now],
    )
    await execute(
      trx,
      `INSERT INTO kobbopay_payment
         (id, account_id, reference, public_token, collection_id, rail_id, token, asset, network,
          decimals, expected_minor, store_amount, currency_code, price, window_ends_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (collection_id, account_id, rail_id, store_amount, currency_code)
         WHERE current = true AND deleted_at IS NULL DO NOTHING`,
      [
        newId("kpay"),
        wanted.accountId,
        wanted.reference,
        wanted.publicToken,
        wanted.collectionId,
        wanted.railId,
        wanted.token,
        wanted.asset,
        wanted.network,
        wanted.decimals,
        wanted.expectedMinor.toString(),
        wanted.storeAmount,
        wanted.currencyCode,
        wanted.price,
        wanted.windowEndsAt,
      ],
    )
    const current = await row(
      trx,
      paymentRow,
      `SELECT * FROM kobbopay_payment
        WHERE collection_id = ? AND account_id = ? AND rail_id = ? AND store_amount = ?
          AND currency_code = ? AND current = true AND deleted_at IS NULL`,
      key,
    )
    if (current === null) throw new Error("the current payment vanished inside its transaction")
    return current
  })
}

/** The collection's current payment for the same account, rail and store amount, inside its window. */
export const findCurrent = (
  sql: Sql,
  wanted: Pick<
    NewPayment,
    "collectionId" | "accountId" | "railId" | "storeAmount" | "currencyCode"
  >,
  now: Date,
): Promise<PaymentRow | null> =>
  row(
    sql,
    paymentRow,
    `SELECT * FROM kobbopay_payment
      WHERE collection_id = ? AND account_id = ? AND rail_id = ? AND store_amount = ?
        AND currency_code = ? AND current = true AND deleted_at IS NULL AND window_ends_at > ?`,
    [
      wanted.collectionId,
      wanted.accountId,
      wanted.railId,
      wanted.storeAmount,
      wanted.currencyCode,
      now,
    ],
  )

/**
 * Takes the right to create the payment at Kobbopay, for one request at a time. False when another
 * request holds it or the payment exists already.
 */
export const claimCreation = async (
  sql: Sql,
  id: PaymentId,
  now: Date,
  until: Date,
): Promise<boolean> =>
  (await execute(
    sql,
    `UPDATE kobbopay_payment SET create_lease_until = ?, updated_at = now()
      WHERE id = ? AND state = 'creating' AND (create_lease_until IS NULL OR create_lease_until <= ?)`,
    [until, id, now],
  )) === 1

export const releaseCreation = async (sql: Sql, id: PaymentId): Promise<void> => {
  await execute(sql, `UPDATE kobbopay_payment SET create_lease_until = NULL WHERE id = ?`, [id])
}

export type CreatedAtKobbopay = {
  kobbopayId: KobbopayId
  address: string
  memo: string | null
  windowEndsAt: Date
  nextLookAt: Date
}

/**
 * Records what Kobbopay answered to the create. A second id under the same reference (a repeated
 * create that was not idempotent there) becomes a watched payment of its own: somebody might pay it.
 */
export async function recordCreated(
  sql: Sql,
  id: PaymentId,
  made: CreatedAtKobbopay,
  now: Date,
): Promise<void> {
  await sql.transaction(async (trx) => {
    const taken = await execute(
      trx,
      `UPDATE kobbopay_payment
          SET state = 'pending', kobbopay_id = ?, address = ?, memo = ?, window_ends_at = ?,
              next_look_at = ?, create_lease_until = NULL, updated_at = now()
        WHERE id = ? AND state = 'creating'`,
      [made.kobbopayId, made.address, made.memo, made.windowEndsAt, made.nextLookAt, id],
    )
    if (taken === 1) {
      await insertTransition(trx, {
        paymentId: id,
        from: "creating",
        to: "pending",
        source: "checkout",
        receivedMinor: null,
        at: now,
      })
    } else {
      await watchSibling(trx, id, made.kobbopayId, made.nextLookAt)
    }
    await scheduleGroupOf(trx, id, made.nextLookAt)
  })
}

/**
 * Adds a watched payment beside the one it belongs to, for a further Kobbopay id under the same
 * reference. It is never shown; its money would be an exception.
 */
export const watchSibling = (
  sql: Sql,
  of: PaymentId,
  kobbopayId: KobbopayId,
  nextLookAt: Date,
): Promise<number> =>
  execute(
    sql,
    `INSERT INTO kobbopay_payment
       (id, account_id, kobbopay_id, reference, public_token, collection_id, cart_id, order_id, rail_id,
        token, asset, network, decimals, expected_minor, store_amount, currency_code, price, state,
        current, window_ends_at, next_look_at)
     SELECT ?, account_id, ?, reference, replace(gen_random_uuid()::text, '-', ''), collection_id, cart_id, order_id, rail_id, token, asset,
            network, decimals, expected_minor, store_amount, currency_code, price, 'pending', false,
            window_ends_at, ?
       FROM kobbopay_payment WHERE id = ? AND kobbopay_id IS DISTINCT FROM ?
     ON CONFLICT (account_id, kobbopay_id) WHERE deleted_at IS NULL DO NOTHING`,
    [newId("kpay"), kobbopayId, nextLookAt, of, kobbopayId],
  )

/** Brings the group's next work forward to `at` if it is later, or was resting. */
const scheduleGroupOf = (sql: Sql, payment: PaymentId, at: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_group SET due_at = LEAST(COALESCE(due_at, ?), ?), wakes = wakes + 1
      WHERE id = (SELECT collection_id FROM kobbopay_payment WHERE id = ?)`,
    [at, at, payment],
  )

/** Makes a payment due for a look at once. */
export async function lookNow(sql: Sql, payment: PaymentId, now: Date): Promise<void> {
  await execute(sql, `UPDATE kobbopay_payment SET next_look_at = ? WHERE id = ?`, [now, payment])
  await scheduleGroupOf(sql, payment, now)
}

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
  })
}

/**
 * Detaches a session from what it shows. Returns false, and changes nothing, once money was seen on any
 * payment of its collection.
 */
export async function detachSession(sql: Sql, session: SessionId, now: Date): Promise<boolean> {
  return sql.transaction(async (trx) => {
    const related = await rows(
      trx,
      z.object({ money_seen_at: z.date().nullable() }),
      `SELECT money_seen_at FROM kobbopay_payment WHERE deleted_at IS NULL AND collection_id IN
         (SELECT p.collection_id FROM kobbopay_payment p
            JOIN kobbopay_payment_session s ON s.payment_id = p.id
           WHERE s.session_id = ? AND s.deleted_at IS NULL) FOR UPDATE`,
      [session],
    )
    if (related.some((payment) => payment.money_seen_at !== null)) return false
    await execute(
      trx,
      `UPDATE kobbopay_payment_session SET detached_at = ?
        WHERE session_id = ? AND detached_at IS NULL AND deleted_at IS NULL`,
      [now, session],
    )
    return true
  })
}

/** Notes the cart and order of a collection on its payments, as they become known. */
export const noteOrder = (
  sql: Sql,
  collection: CollectionId,
  cart: CartId | null,
  order: OrderId | null,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_payment
        SET cart_id = COALESCE(cart_id, ?), order_id = COALESCE(order_id, ?), updated_at = now()
      WHERE collection_id = ? AND deleted_at IS NULL AND (cart_id IS DISTINCT FROM COALESCE(cart_id, ?)
        OR order_id IS DISTINCT FROM COALESCE(order_id, ?))`,
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

export const markConverged = (sql: Sql, id: PaymentId, at: Date | null): Promise<number> =>
  execute(sql, `UPDATE kobbopay_payment SET converged_at = ?, updated_at = now() WHERE id = ?`, [
    at,
    id,
  ])

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

/**
 * Ends payments whose creation at Kobbopay never finished within their window: no address of theirs was
 * ever shown, so nobody can pay them.
 */
export async function endAbandonedCreations(
  sql: Sql,
  collection: CollectionId,
  now: Date,
): Promise<void> {
  await sql.transaction(async (trx) => {
    const ended = await rows(
      trx,
      z.object({ id: idColumn<PaymentId>() }),
      `UPDATE kobbopay_payment
          SET state = 'failed', want = 'order_cancelled', current = false, ended_at = ?,
              updated_at = now()
        WHERE collection_id = ? AND deleted_at IS NULL AND state = 'creating' AND window_ends_at <= ?
          AND (create_lease_until IS NULL OR create_lease_until <= ?)
        RETURNING id`,
      [now, collection, now, now],
    )
    for (const { id } of ended) {
      await insertTransition(trx, {
        paymentId: id,
        from: "creating",
        to: "failed",
        source: "clock",
        receivedMinor: null,
        at: now,
      })
    }
  })
}

export type NewTransition = {
  paymentId: PaymentId
  from: string
  to: string
  source: "read" | "checkout" | "event" | "clock"
  receivedMinor: bigint | null
  at: Date
}

export const insertTransition = (sql: Sql, change: NewTransition): Promise<number> =>
  execute(
    sql,
    `INSERT INTO kobbopay_transition
       (id, payment_id, from_state, to_state, source, received_minor, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      newId("kptr"),
      change.paymentId,
      change.from,
      change.to,
      change.source,
      change.receivedMinor?.toString() ?? null,
      change.at,
    ],
  )
