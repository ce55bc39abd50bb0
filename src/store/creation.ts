import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  Environment,
  KobbopayId,
  PaymentId,
  PublicToken,
  RailId,
  Reference,
} from "../kobbopay/ids"
import { scheduleGroupOf } from "./groups"
import { reviveUnknown, wakeWaiting } from "./inbox"
import { insertTransition, type NewTransition } from "./ledger"
import { idColumn, paymentRow, type PaymentRow } from "./payment"
import { execute, newId, row, rows, type Sql } from "./sql"

/** What a new payment is made of. Amounts: `expectedMinor` in minor units of the asset. */
export type NewPayment = {
  accountId: AccountId
  /** Under which it is created. */
  environment: Environment
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
         (id, account_id, environment, reference, public_token, collection_id, rail_id, token, asset, network,
          decimals, expected_minor, store_amount, currency_code, price, window_ends_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (collection_id, account_id, rail_id, store_amount, currency_code)
         WHERE current = true AND deleted_at IS NULL DO NOTHING`,
      [
        newId("kpay"),
        wanted.accountId,
        wanted.environment,
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
  accountId: AccountId
  kobbopayId: KobbopayId
  address: string
  memo: string | null
  windowEndsAt: Date
  nextLookAt: Date
}

/**
 * Records what Kobbopay answered to the create. A second id under the same reference (a repeated
 * create that was not idempotent there) becomes a watched payment of its own: somebody might pay it.
 * Returns the payment that has the id now.
 */
export async function recordCreated(
  sql: Sql,
  id: PaymentId,
  made: CreatedAtKobbopay,
  now: Date,
): Promise<PaymentId> {
  const recorded = await sql.transaction(async (trx) => {
    const known = await adoptKnown(trx, id, made, now)
    if (known !== null) return known
    const taken = await execute(
      trx,
      `UPDATE kobbopay_payment
          SET state = 'pending', kobbopay_id = ?, address = ?, memo = ?, window_ends_at = ?,
              next_look_at = ?, create_lease_until = NULL, updated_at = now()
        WHERE id = ? AND state = 'creating'`,
      [made.kobbopayId, made.address, made.memo, made.windowEndsAt, made.nextLookAt, id],
    )
    if (taken === 1) {
      await insertTransition(trx, creationTo("pending", id, now))
    } else {
      await watchSibling(trx, id, made.kobbopayId, made.nextLookAt)
    }
    await reviveUnknown(trx, made.accountId, made.kobbopayId, now)
    await scheduleGroupOf(trx, id, made.nextLookAt)
    return id
  })
  await wakeWaiting(sql, made.accountId, made.kobbopayId, now)
  return recorded
}

/**
 * A create whose answer was lost may have come to the ledger by its webhook already, as a payment of its
 * own; when the repeated create brings the same id, that payment takes the place of the unfinished one.
 */
async function adoptKnown(
  trx: Sql,
  id: PaymentId,
  made: CreatedAtKobbopay,
  now: Date,
): Promise<PaymentId | null> {
  const known = await row(
    trx,
    z.object({ id: idColumn<PaymentId>() }),
    `SELECT id FROM kobbopay_payment
      WHERE account_id = ? AND kobbopay_id = ? AND id <> ? AND deleted_at IS NULL FOR UPDATE`,
    [made.accountId, made.kobbopayId, id],
  )
  if (known === null) return null
  const ended = await execute(
    trx,
    `UPDATE kobbopay_payment
        SET state = 'failed', want = 'order_cancelled', current = false, ended_at = ?,
            create_lease_until = NULL, updated_at = now()
      WHERE id = ? AND state = 'creating'`,
    [now, id],
  )
  if (ended === 1) await insertTransition(trx, creationTo("failed", id, now))
  await execute(
    trx,
    `UPDATE kobbopay_payment
        SET address = ?, memo = ?, window_ends_at = ?, next_look_at = ?, updated_at = now(),
            current = state = 'pending' AND money_seen_at IS NULL
      WHERE id = ?`,
    [made.address, made.memo, made.windowEndsAt, made.nextLookAt, known.id],
  )
  await scheduleGroupOf(trx, known.id, made.nextLookAt)
  return known.id
}

const creationTo = (to: "pending" | "failed", paymentId: PaymentId, at: Date): NewTransition => ({
  paymentId,
  from: "creating",
  to,
  source: to === "pending" ? "checkout" : "clock",
  receivedMinor: null,
  at,
})

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
       (id, account_id, environment, kobbopay_id, reference, public_token, collection_id, cart_id, order_id, rail_id,
        token, asset, network, decimals, expected_minor, store_amount, currency_code, price, state,
        current, window_ends_at, next_look_at)
     SELECT ?, account_id, environment, ?, reference, replace(gen_random_uuid()::text, '-', ''), collection_id, cart_id, order_id, rail_id, token, asset,
            network, decimals, expected_minor, store_amount, currency_code, price, 'pending', false,
            window_ends_at, ?
       FROM kobbopay_payment WHERE id = ? AND kobbopay_id IS DISTINCT FROM ?
     ON CONFLICT (account_id, kobbopay_id) WHERE deleted_at IS NULL DO NOTHING`,
    [newId("kpay"), kobbopayId, nextLookAt, of, kobbopayId],
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
      await insertTransition(trx, creationTo("failed", id, now))
    }
  })
}
