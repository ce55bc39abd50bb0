import type { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  Environment,
  PaymentId,
  ProviderId,
  PublicToken,
  RailId,
  Reference,
  SessionId,
} from "../domain/ids"
import { hasEnded } from "./lease"
import { insertTransition, type NewTransition } from "./transitions"
import { paymentIdRow, paymentRow, type PaymentRow } from "./payment"
import { execute, newId, row, rows, type Sql } from "./sql"

/** What a new payment is made of. Amounts: `expectedMinor` in minor units of the asset. */
export type Offer = {
  accountId: AccountId
  /** Under which it is created. */
  environment: Environment
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
export type NewPayment = Offer & { collectionId: CollectionId }

const unfinishedRow = paymentRow.pick({
  id: true,
  collection_id: true,
  reference: true,
  rail_id: true,
  token: true,
  asset: true,
  network: true,
  decimals: true,
  memo: true,
  expected_minor: true,
  account_id: true,
  order_id: true,
  window_ends_at: true,
})
/** What is needed of a payment to create it at Kobbopay. */
export type Unfinished = z.output<typeof unfinishedRow>

/** The right to create a payment at Kobbopay, of the caller and nobody else, until that time: a timed lease. */
export type RightToCreate = { mayCreate: true; payment: Unfinished; until: Date }
/** A payment, with or without the right to create it. */
export type CurrentPayment = RightToCreate | { mayCreate: false; payment: PaymentRow }

/** The one payment that checkouts of this collection, account, rail and amount share. */
const IS_CURRENT = `collection_id = :collection_id AND account_id = :account_id AND rail_id = :rail_id
  AND store_amount = :store_amount AND currency_code = :currency_code AND current = true
  AND deleted_at IS NULL`

/**
 * Inserts a payment in state `creating`, together with the right to create it at Kobbopay until
 * `claimedUntil`; or returns the collection's current payment for the same account, rail and store amount.
 * Of two at once both get the same row (partial unique index), and one of them the right. A current payment
 * whose window is over, or that was made in another environment, is retired first.
 */
export async function currentPayment(
  sql: Sql,
  requested: NewPayment,
  claimedUntil: Date,
  now: Date,
): Promise<CurrentPayment> {
  const made = await insertPayment(sql, requested, claimedUntil)
  if (made !== null) return { mayCreate: true, payment: made, until: claimedUntil }
  return sql.transaction(async (trx) => {
    const key = {
      collection_id: requested.collectionId,
      account_id: requested.accountId,
      rail_id: requested.railId,
      store_amount: requested.storeAmount,
      currency_code: requested.currencyCode,
    }
    await execute(
      trx,
      `UPDATE kobbopay_payment SET current = false, updated_at = now()
        WHERE ${IS_CURRENT} AND (window_ends_at <= :now OR environment <> :environment)`,
      { ...key, now, environment: requested.environment },
    )
    const renewed = await insertPayment(trx, requested, claimedUntil)
    if (renewed !== null) return { mayCreate: true, payment: renewed, until: claimedUntil }
    const current = await row(
      trx,
      paymentRow,
      `SELECT * FROM kobbopay_payment WHERE ${IS_CURRENT}`,
      key,
    )
    if (current === null) throw new Error("the current payment vanished inside its transaction")
    return { mayCreate: false, payment: current }
  })
}

/** `asked` gives the collection in which to insert, or none. */
const insertFor = (asked: string): string => `
  WITH asked AS (${asked}),
    known AS (INSERT INTO kobbopay_collection (id) SELECT id FROM asked ON CONFLICT DO NOTHING)
  INSERT INTO kobbopay_payment
    (id, account_id, environment, reference, public_token, rail_id, token, asset, network, decimals,
     expected_minor, store_amount, currency_code, price, window_ends_at, create_lease_until, collection_id)
  SELECT :id, :account_id, :environment, :reference, :public_token, :rail_id, :token, :asset, :network, :decimals,
     :expected_minor, :store_amount, :currency_code, :price, :window_ends_at, :claimed_until, asked.id FROM asked
  ON CONFLICT (collection_id, account_id, rail_id, store_amount, currency_code)
    WHERE current = true AND deleted_at IS NULL DO NOTHING
  RETURNING ${Object.keys(unfinishedRow.shape).join(", ")}`

const valuesOf = (requested: Offer, claimedUntil: Date) => ({
  id: newId("kpay"),
  account_id: requested.accountId,
  environment: requested.environment,
  reference: requested.reference,
  public_token: requested.publicToken,
  rail_id: requested.railId,
  token: requested.token,
  asset: requested.asset,
  network: requested.network,
  decimals: requested.decimals,
  expected_minor: requested.expectedMinor.toString(),
  store_amount: requested.storeAmount,
  currency_code: requested.currencyCode,
  price: requested.price,
  window_ends_at: requested.windowEndsAt,
  claimed_until: claimedUntil,
})

const INSERT_PAYMENT = {
  name: "kobbopay_insert_payment",
  text: insertFor("SELECT :collection_id::text AS id"),
}

/** Null while the collection has a current payment for the same account, rail and store amount. */
const insertPayment = (sql: Sql, requested: NewPayment, claimedUntil: Date) =>
  row(sql, unfinishedRow, INSERT_PAYMENT, {
    ...valuesOf(requested, claimedUntil),
    collection_id: requested.collectionId,
  })

const FIRST_PAYMENT = {
  name: "kobbopay_first_payment",
  text: insertFor(`SELECT s.payment_collection_id AS id FROM payment_session s
    WHERE s.id = :session_id AND s.provider_id = :provider_id AND s.deleted_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM kobbopay_payment p
        WHERE p.collection_id = s.payment_collection_id AND p.deleted_at IS NULL)
      AND NOT EXISTS (SELECT 1 FROM order_payment_collection l
        WHERE l.payment_collection_id = s.payment_collection_id AND l.deleted_at IS NULL)`),
}

/**
 * Inserts a payment like {@link currentPayment}, if it is the first one of the session's collection, and no
 * order was placed from that: then there is no other to show, and nothing else to know of the session. Null, and nothing done, when it is not.
 */
export async function firstPayment(
  sql: Sql,
  session: { id: SessionId; providerId: ProviderId },
  requested: Offer,
  claimedUntil: Date,
): Promise<RightToCreate | null> {
  const made = await row(sql, unfinishedRow, FIRST_PAYMENT, {
    ...valuesOf(requested, claimedUntil),
    session_id: session.id,
    provider_id: session.providerId,
  })
  return made === null ? null : { mayCreate: true, payment: made, until: claimedUntil }
}

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
    `UPDATE kobbopay_payment SET create_lease_until = :until, updated_at = now()
      WHERE id = :id AND state = 'creating' AND ${hasEnded("create_lease_until")}`,
    { id, until, now },
  )) === 1

/**
 * Releases, from `at` on, the right that was taken until `until`; not one that another request took over
 * since.
 */
export const releaseCreation = async (
  sql: Sql,
  id: PaymentId,
  until: Date,
  at: Date,
): Promise<void> => {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET create_lease_until = ? WHERE id = ? AND create_lease_until = ?`,
    [at, id, until],
  )
}

/**
 * Ends payments whose creation at Kobbopay never finished within their window: no address of theirs was
 * ever shown, so nobody can pay them.
 */
export async function endExpiredCreations(
  sql: Sql,
  collection: CollectionId,
  now: Date,
): Promise<void> {
  await sql.transaction(async (trx) => {
    const ended = await rows(
      trx,
      paymentIdRow,
      `UPDATE kobbopay_payment
          SET state = 'failed', target = 'order_cancelled', current = false, ended_at = :now,
              updated_at = now()
        WHERE collection_id = :collection_id AND deleted_at IS NULL AND state = 'creating'
          AND window_ends_at <= :now AND ${hasEnded("create_lease_until")}
        RETURNING id`,
      { collection_id: collection, now },
    )
    for (const { id } of ended) {
      await insertTransition(trx, creationExpired(id, now))
    }
  })
}

/** No address of it was ever shown under its own row. */
export const creationExpired = (paymentId: PaymentId, at: Date): NewTransition => ({
  paymentId,
  from: "creating",
  to: "failed",
  source: "clock",
  receivedMinor: null,
  at,
})
