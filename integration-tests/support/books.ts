import { isDeepStrictEqual } from "node:util"
import { z } from "@medusajs/framework/zod"
import { viewIsMedusas } from "./query-view"
import type { World } from "./store-suite"

const count = z.number()
const list = z.array(z.string())

const booksSchema = z.object({
  /** Orders placed from the collection, and the status of the one there may be. */
  orders: count,
  order: z.string().nullable(),
  /** Medusa's payments; those of them that it marked cancelled or captured. */
  payments: count,
  cancelled: count,
  marked: count,
  /** Booked amounts, decimal strings of the store currency. */
  captures: list,
  transactions: list,
  refunds: count,
  /** The ledger's payments, the oldest first: state, and the target of each. */
  ledger: list,
  targets: list,
  /** Classes of exceptions, open and closed, in alphabetical order. */
  open: list,
  closed: list,
  /** Events not worked yet. */
  unworked: count,
})

/** Everything about money that the database holds of one payment collection. */
export type Books = z.infer<typeof booksSchema>

const ZERO = { payments: 0, cancelled: 0, marked: 0, captures: [], transactions: [], refunds: 0 }
const CALM = { open: [], closed: [], unworked: 0 }

/** An order that waits for its money, of which nothing was seen. */
export const AWAITING: Books = {
  ...ZERO,
  ...CALM,
  orders: 1,
  order: "pending",
  ledger: ["pending"],
  targets: ["nothing"],
}

/** An order whose money was seen and is not final. */
export const AUTHORIZED: Books = {
  ...AWAITING,
  payments: 1,
  ledger: ["paid"],
  targets: ["authorized"],
}

/** An order that is paid for: one capture of that amount, once in each of Medusa's books. */
export const capturedFor = (amount: string): Books => ({
  ...AUTHORIZED,
  marked: 1,
  captures: [amount],
  transactions: [amount],
  ledger: ["confirmed"],
  targets: ["captured"],
})

/** An order that ended without money. */
export const CANCELLED: Books = {
  ...AWAITING,
  order: "canceled",
  ledger: ["expired"],
  targets: ["order_cancelled"],
}

const STATEMENT = `
  WITH c AS (SELECT ?::text AS id),
    orders AS (SELECT o.id, o.status FROM order_payment_collection l JOIN "order" o ON o.id = l.order_id
      WHERE l.payment_collection_id = (SELECT id FROM c) AND l.deleted_at IS NULL),
    paid AS (SELECT * FROM payment
      WHERE payment_collection_id = (SELECT id FROM c) AND deleted_at IS NULL),
    ledger AS (SELECT * FROM kobbopay_payment WHERE collection_id = (SELECT id FROM c)),
    faults AS (SELECT * FROM kobbopay_exception
      WHERE payment_id IN (SELECT id FROM ledger) AND deleted_at IS NULL)
  SELECT
    (SELECT count(*)::int FROM orders) AS orders,
    (SELECT max(status::text) FROM orders) AS "order",
    (SELECT count(*)::int FROM paid) AS payments,
    (SELECT count(*)::int FROM paid WHERE canceled_at IS NOT NULL) AS cancelled,
    (SELECT count(*)::int FROM paid WHERE captured_at IS NOT NULL) AS marked,
    ARRAY(SELECT raw_amount->>'value' FROM capture WHERE deleted_at IS NULL
      AND payment_id IN (SELECT id FROM paid) ORDER BY created_at) AS captures,
    ARRAY(SELECT raw_amount->>'value' FROM order_transaction WHERE deleted_at IS NULL
      AND order_id IN (SELECT id FROM orders) ORDER BY created_at) AS transactions,
    (SELECT count(*)::int FROM refund WHERE deleted_at IS NULL
      AND payment_id IN (SELECT id FROM paid)) AS refunds,
    ARRAY(SELECT state FROM ledger ORDER BY created_at, id) AS ledger,
    ARRAY(SELECT target FROM ledger ORDER BY created_at, id) AS targets,
    ARRAY(SELECT class FROM faults WHERE state = 'open' ORDER BY class) AS open,
    ARRAY(SELECT class FROM faults WHERE state = 'closed' ORDER BY class) AS closed,
    (SELECT count(*)::int FROM kobbopay_event e WHERE e.state = 'received' AND EXISTS
      (SELECT 1 FROM ledger l WHERE l.account_id = e.account_id
        AND l.kobbopay_id = ANY(e.kobbopay_ids))) AS unworked`

/** Reads the books of one payment collection. */
export async function booksOf(world: World, collectionId: string): Promise<Books> {
  const [found] = await world.rows(STATEMENT, [collectionId])
  return booksSchema.parse(found)
}

/** Works what is due until the books of a collection are as expected; fails showing the difference. */
export async function booksBecome(world: World, collectionId: string, expected: Books) {
  const same = async () => isDeepStrictEqual(await booksOf(world, collectionId), expected)
  await world.worked(same, "the books").catch(() => undefined)
  expect(await booksOf(world, collectionId)).toEqual(expected)
}

/** Lets every webhook arrive and all work be done; then the books must be as expected. */
export async function booksRest(world: World, collectionId: string, expected: Books) {
  await Promise.all([world.sandbox.control.quiet(), world.second.control.quiet()])
  await world.worker.drain()
  expect(await booksOf(world, collectionId)).toEqual(expected)
  await viewIsMedusas(world, collectionId)
}

/** Makes everything of a collection due now: what a sweep finds when the time has come. */
export async function allDue(world: World, collectionId: string): Promise<void> {
  for (const statement of [
    `UPDATE kobbopay_payment SET next_check_at = now() - interval '1 second' WHERE collection_id = ?`,
    `UPDATE kobbopay_event SET next_attempt_at = now() - interval '1 second' WHERE state = 'received'
       AND (collection_id = ? OR collection_id IS NULL)`,
    `UPDATE kobbopay_collection SET due_at = now() - interval '1 second' WHERE id = ?`,
  ]) {
    await world.rows(statement, [collectionId])
  }
}

/** Checks everything of a collection, so many times, as sweeps would. */
export async function checkAll(world: World, collectionId: string, times = 1): Promise<void> {
  for (let count = 0; count < times; count++) {
    await allDue(world, collectionId)
    await world.worker.drain()
  }
}

/** The states that the ledger's payments of a collection were moved to, in their order. */
export async function transitionsOf(world: World, collectionId: string): Promise<unknown[]> {
  const found = await world.rows(
    `SELECT to_state FROM kobbopay_transition WHERE payment_id IN
       (SELECT id FROM kobbopay_payment WHERE collection_id = ?) ORDER BY at, id`,
    [collectionId],
  )
  return found.map(({ to_state }) => to_state)
}
