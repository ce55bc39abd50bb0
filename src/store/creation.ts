import type { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  CollectionId,
  Environment,
  KobbopayId,
  PaymentId,
  ProviderId,
  PublicToken,
  RailId,
  Reference,
  SessionId,
} from "../kobbopay/ids"
import { dueOrders } from "./entitled-orders"
import { holdGroup, scheduleGroupOf, waking } from "./groups"
import { reviving } from "./inbox"
import { insertTransition, paymentById, type NewTransition } from "./ledger"
import { paymentColumns, paymentRow, type PaymentRow } from "./payment"
import { attaching, attachSession } from "./sessions"
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

const paymentIdRow = paymentRow.pick({ id: true })
const unfinishedRow = paymentRow.pick({
  id: true,
  collection_id: true,
  reference: true,
  expected_minor: true,
  window_ends_at: true,
})
/** What is needed of a payment to create it at Kobbopay. */
export type Unfinished = z.output<typeof unfinishedRow>

/** The right to create a payment at Kobbopay, of the caller and nobody else, until that time. */
export type Claim = { isClaimed: true; payment: Unfinished; until: Date }
/** A payment, with or without the right to create it. */
export type Claimed = Claim | { isClaimed: false; payment: PaymentRow }

/**
 * Inserts a payment in state `creating`, together with the right to create it at Kobbopay until
 * `claimedUntil`; or returns the collection's current payment for the same account, rail and store amount.
 * Of two at once both get the same row (partial unique index), and one of them the right. A current payment
 * whose window is over is retired first.
 */
export async function currentPayment(
  sql: Sql,
  wanted: NewPayment,
  claimedUntil: Date,
  now: Date,
): Promise<Claimed> {
  const made = await insertPayment(sql, wanted, claimedUntil)
  if (made !== null) return { isClaimed: true, payment: made, until: claimedUntil }
  return sql.transaction(async (trx) => {
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
    const renewed = await insertPayment(trx, wanted, claimedUntil)
    if (renewed !== null) return { isClaimed: true, payment: renewed, until: claimedUntil }
    const current = await row(
      trx,
      paymentRow,
      `SELECT * FROM kobbopay_payment
        WHERE collection_id = ? AND account_id = ? AND rail_id = ? AND store_amount = ?
          AND currency_code = ? AND current = true AND deleted_at IS NULL`,
      key,
    )
    if (current === null) throw new Error("the current payment vanished inside its transaction")
    return { isClaimed: false, payment: current }
  })
}

/** `asked` gives the collection in which to insert, or none. */
const insertFor = (asked: string): string => `
  WITH asked AS (${asked}),
    grouped AS (INSERT INTO kobbopay_group (id) SELECT id FROM asked ON CONFLICT DO NOTHING)
  INSERT INTO kobbopay_payment
    (id, account_id, environment, reference, public_token, rail_id, token, asset, network, decimals,
     expected_minor, store_amount, currency_code, price, window_ends_at, create_lease_until, collection_id)
  SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, asked.id FROM asked
  ON CONFLICT (collection_id, account_id, rail_id, store_amount, currency_code)
    WHERE current = true AND deleted_at IS NULL DO NOTHING
  RETURNING ${Object.keys(unfinishedRow.shape).join(", ")}`

const valuesOf = (wanted: Offer, claimedUntil: Date) => [
  newId("kpay"),
  wanted.accountId,
  wanted.environment,
  wanted.reference,
  wanted.publicToken,
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
  claimedUntil,
]

const INSERT_PAYMENT = {
  name: "kobbopay_insert_payment",
  text: insertFor("SELECT ?::text AS id"),
}

/** Null while the collection has a current payment for the same account, rail and store amount. */
const insertPayment = (sql: Sql, wanted: NewPayment, claimedUntil: Date) =>
  row(sql, unfinishedRow, INSERT_PAYMENT, [wanted.collectionId, ...valuesOf(wanted, claimedUntil)])

const FIRST_PAYMENT = {
  name: "kobbopay_first_payment",
  text: insertFor(`SELECT s.payment_collection_id AS id FROM payment_session s
    WHERE s.id = ? AND s.provider_id = ? AND s.deleted_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM kobbopay_payment p
        WHERE p.collection_id = s.payment_collection_id AND p.deleted_at IS NULL)`),
}

/**
 * Inserts a payment like {@link currentPayment}, if it is the first one of the session's collection: then there
 * is no other to show, and nothing else to know of the session. Null, and nothing done, when it is not.
 */
export async function firstPayment(
  sql: Sql,
  session: { id: SessionId; providerId: ProviderId },
  wanted: Offer,
  claimedUntil: Date,
): Promise<Claim | null> {
  const made = await row(sql, unfinishedRow, FIRST_PAYMENT, [
    session.id,
    session.providerId,
    ...valuesOf(wanted, claimedUntil),
  ])
  return made === null ? null : { isClaimed: true, payment: made, until: claimedUntil }
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
    `UPDATE kobbopay_payment SET create_lease_until = ?, updated_at = now()
      WHERE id = ? AND state = 'creating' AND (create_lease_until IS NULL OR create_lease_until <= ?)`,
    [until, id, now],
  )) === 1

/** Gives back the right that was taken until `until`; not one that another request took over since. */
export const releaseCreation = async (sql: Sql, id: PaymentId, until: Date): Promise<void> => {
  await execute(
    sql,
    `UPDATE kobbopay_payment SET create_lease_until = NULL WHERE id = ? AND create_lease_until = ?`,
    [id, until],
  )
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
 * Records what Kobbopay answered to the create, and makes the session show it. A second id under the same
 * reference (a repeated create that was not idempotent there) becomes a watched payment of its own:
 * somebody might pay it. Returns the payment to show. Afterwards {@link wakeWaiting} is to be called.
 */
export async function recordCreated(
  sql: Sql,
  payment: Unfinished,
  made: CreatedAtKobbopay,
  session: SessionId,
  now: Date,
): Promise<PaymentRow | null> {
  const recorded = await finishCreation(sql, payment.id, made, session, now)
  if (recorded !== null) return recorded
  return sql.transaction(async (trx) => {
    await holdGroup(trx, payment.collection_id, null)
    const known = await adoptKnown(trx, payment.id, made, now)
    if (known === null) {
      await watchSibling(trx, payment.id, made.kobbopayId, made.nextLookAt)
      const revive = reviving(made.accountId, made.kobbopayId, now)
      await execute(trx, revive.text, revive.bindings)
      await scheduleGroupOf(trx, payment.id, made.nextLookAt)
    }
    const shown = known ?? payment.id
    await attachSession(trx, session, shown, now)
    return paymentById(trx, shown)
  })
}

/**
 * The plain case of {@link recordCreated} in one statement: the payment is still being created, and no
 * other one has the id. Null, and nothing done, when it is not so.
 */
function finishCreation(
  sql: Sql,
  id: PaymentId,
  made: CreatedAtKobbopay,
  session: SessionId,
  now: Date,
): Promise<PaymentRow | null> {
  const attach = attaching("made", session, now)
  const wake = waking("(SELECT collection_id FROM made)", made.nextLookAt)
  const revive = reviving(made.accountId, made.kobbopayId, now)
  return row(
    sql,
    paymentRow,
    {
      name: "kobbopay_finish_creation",
      text: `WITH made AS (UPDATE kobbopay_payment p
        SET state = 'pending', kobbopay_id = ?, address = ?, memo = ?, window_ends_at = ?,
            next_look_at = ?, create_lease_until = NULL, updated_at = now()
      WHERE id = ? AND state = 'creating' AND NOT EXISTS (SELECT 1 FROM kobbopay_payment known
        WHERE known.account_id = ? AND known.kobbopay_id = ? AND known.deleted_at IS NULL)
      RETURNING ${paymentColumns("p")}),
     noted AS (INSERT INTO kobbopay_transition (id, payment_id, from_state, to_state, source, at)
      SELECT ?, id, 'creating', 'pending', 'checkout', ?::timestamptz FROM made),
     called AS (${dueOrders("made")}),
     ${attach.text},
     woken AS (${wake.text}),
     revived AS (${revive.text} AND EXISTS (SELECT 1 FROM made))
     SELECT * FROM made`,
    },
    [
      ...[made.kobbopayId, made.address, made.memo, made.windowEndsAt, made.nextLookAt, id],
      ...[made.accountId, made.kobbopayId, newId("kptr"), now],
      ...[...attach.bindings, ...wake.bindings, ...revive.bindings],
    ],
  )
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
    paymentIdRow,
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
  if (ended === 1) await insertTransition(trx, abandoned(id, now))
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

const abandoned = (paymentId: PaymentId, at: Date): NewTransition => ({
  paymentId,
  from: "creating",
  to: "failed",
  source: "clock",
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
      paymentIdRow,
      `UPDATE kobbopay_payment
          SET state = 'failed', want = 'order_cancelled', current = false, ended_at = ?,
              updated_at = now()
        WHERE collection_id = ? AND deleted_at IS NULL AND state = 'creating' AND window_ends_at <= ?
          AND (create_lease_until IS NULL OR create_lease_until <= ?)
        RETURNING id`,
      [now, collection, now, now],
    )
    for (const { id } of ended) {
      await insertTransition(trx, abandoned(id, now))
    }
  })
}
