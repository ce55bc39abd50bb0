import { z } from "@medusajs/framework/zod"
import { EXPIRY, type Ground } from "./ground"

const list = z.array(z.string())
const count = z.coerce.number()

const bookedSchema = z.object({
  id: z.string(),
  marked: z.boolean(),
  /** Decimal strings, store currency. */
  captures: list,
})

const paymentSchema = z.object({
  id: z.string(),
  account_id: z.string(),
  kobbopay_id: z.string().nullable(),
  reference: z.string(),
  collection_id: z.string(),
  state: z.string(),
  target: z.string(),
  converged: z.boolean(),
  /** Minor units of the asset. */
  expected_minor: z.string(),
  decimals: z.number(),
  money_seen: z.boolean(),
  /** Its money was first seen after the offer and the grace: processes may have been down till then. */
  seen_late: z.boolean(),
  created_at: z.date(),
  window_over: z.boolean(),
  /** Medusa's payments on the sessions that show it, the cancelled ones left out. */
  booked: z.array(bookedSchema),
  /** Whether a session of Medusa that still exists shows it. */
  shown: z.boolean(),
  /** Classes of its open exceptions. */
  open: list,
})
/** A payment of the ledger, with what Medusa books of it. */
export type Payment = z.infer<typeof paymentSchema>

const PAYMENTS = `
  SELECT p.id, p.account_id, p.kobbopay_id, p.reference, p.collection_id, p.state, p.target,
    p.converged_at IS NOT NULL AS converged, p.expected_minor, p.decimals,
    p.money_seen_at IS NOT NULL AS money_seen,
    coalesce(p.money_seen_at > p.window_ends_at + interval '${EXPIRY.cancelOrderAfter} milliseconds', false)
      AS seen_late, p.created_at, p.window_ends_at < now() AS window_over,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'marked', m.captured_at IS NOT NULL,
        'captures', ARRAY(SELECT c.raw_amount->>'value' FROM capture c
          WHERE c.payment_id = m.id AND c.deleted_at IS NULL))), '[]')
      FROM kobbopay_payment_session k JOIN payment m ON m.payment_session_id = k.session_id
      WHERE k.payment_id = p.id AND k.detached_at IS NULL AND k.deleted_at IS NULL
        AND m.deleted_at IS NULL AND m.canceled_at IS NULL) AS booked,
    EXISTS (SELECT 1 FROM kobbopay_payment_session k JOIN payment_session s ON s.id = k.session_id
      WHERE k.payment_id = p.id AND k.detached_at IS NULL AND k.deleted_at IS NULL
        AND s.deleted_at IS NULL) AS shown,
    ARRAY(SELECT class FROM kobbopay_exception e
      WHERE e.payment_id = p.id AND e.state = 'open' AND e.deleted_at IS NULL ORDER BY class) AS open
  FROM kobbopay_payment p WHERE p.deleted_at IS NULL`

const collectionSchema = z.object({
  id: z.string(),
  /** What it asks for, a decimal string of the store currency. */
  amount: z.string(),
  orders: z.array(z.object({ id: z.string(), status: z.string() })),
  /** Orders placed from its cart. */
  cart_orders: count,
  /** Payments of whatever provider, the cancelled ones left out. */
  payments: z.array(bookedSchema.extend({ amount: z.string() })),
  /** What the orders' transactions say was captured. */
  transactions: list,
})
/** A payment collection that ever showed a payment of ours. */
export type Collection = z.infer<typeof collectionSchema>

const COLLECTIONS = `
  SELECT c.id, c.raw_amount->>'value' AS amount,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'status', o.status)), '[]')
      FROM order_payment_collection l JOIN "order" o ON o.id = l.order_id
      WHERE l.payment_collection_id = c.id AND l.deleted_at IS NULL) AS orders,
    (SELECT count(DISTINCT oc.order_id) FROM cart_payment_collection cc
      JOIN order_cart oc ON oc.cart_id = cc.cart_id AND oc.deleted_at IS NULL
      WHERE cc.payment_collection_id = c.id AND cc.deleted_at IS NULL) AS cart_orders,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'marked', m.captured_at IS NOT NULL,
        'amount', m.raw_amount->>'value',
        'captures', ARRAY(SELECT x.raw_amount->>'value' FROM capture x
          WHERE x.payment_id = m.id AND x.deleted_at IS NULL))), '[]')
      FROM payment m WHERE m.payment_collection_id = c.id AND m.deleted_at IS NULL
        AND m.canceled_at IS NULL) AS payments,
    ARRAY(SELECT t.raw_amount->>'value' FROM order_transaction t
      JOIN order_payment_collection l ON l.order_id = t.order_id AND l.deleted_at IS NULL
      WHERE l.payment_collection_id = c.id AND t.deleted_at IS NULL
        AND t.reference = 'capture') AS transactions
  FROM payment_collection c
  WHERE c.id IN (SELECT collection_id FROM kobbopay_payment WHERE deleted_at IS NULL)`

const eventSchema = z.object({
  id: z.string(),
  account_id: z.string(),
  event_id: z.string().nullable(),
  kobbopay_ids: list,
  type: z.string(),
  state: z.string(),
})
export type Event = z.infer<typeof eventSchema>

const EVENTS = `SELECT id, account_id, event_id, kobbopay_ids, type, state FROM kobbopay_event
  WHERE deleted_at IS NULL`

const textOf = z.object({ text: z.string() }).transform((row) => row.text)

/** What must be empty once all has come to rest: each row says in words what is left. */
const LEFT = `
  SELECT 'collection ' || id || ' is under the lease of a process that is gone' AS text FROM kobbopay_collection
    WHERE lease_owner IS NOT NULL AND lease_until < clock_timestamp() - interval '30 seconds'
  UNION ALL
  SELECT 'collection ' || id || ' still fails: ' || coalesce(last_error, '') FROM kobbopay_collection
    WHERE failures > 0 AND last_error IS NOT NULL
  UNION ALL
  SELECT 'collection ' || id || ' is marked as cancelling' FROM kobbopay_collection WHERE cancelling_at IS NOT NULL
  UNION ALL
  SELECT 'order ' || o.id || ' is cancelled and keeps ' || r.quantity || ' reserved (' || r.id || ')'
    FROM reservation_item r JOIN order_item i ON i.item_id = r.line_item_id
    JOIN "order" o ON o.id = i.order_id
    WHERE r.deleted_at IS NULL AND o.status = 'canceled'`

/**
 * Medusa counts reserved stock by reading and writing under its lock. Where that lock is in memory, processes count beside each
 * other; only one that all share makes this exact.
 */
const DRIFT = `
  SELECT 'stock level ' || l.id || ' counts ' || l.reserved_quantity || ' as reserved, its reservations come to '
      || coalesce(sum(r.quantity), 0) AS text
    FROM inventory_level l LEFT JOIN reservation_item r ON r.inventory_item_id = l.inventory_item_id
      AND r.location_id = l.location_id AND r.deleted_at IS NULL
    WHERE l.deleted_at IS NULL GROUP BY l.id HAVING l.reserved_quantity <> coalesce(sum(r.quantity), 0)`

/** What a process that was killed inside one of Medusa's own workflows left of it; nothing of ours to undo. */
const REMAINS = `
  SELECT 'order ' || o.id || ' has no payment collection: its cart''s completion was cut off' AS text
    FROM "order" o WHERE o.deleted_at IS NULL AND NOT EXISTS
      (SELECT 1 FROM order_payment_collection l WHERE l.order_id = o.id AND l.deleted_at IS NULL)
  UNION
  SELECT 'order ' || o.id || ' is open without its reservation' FROM "order" o
    JOIN order_item i ON i.order_id = o.id AND i.deleted_at IS NULL
    WHERE o.deleted_at IS NULL AND o.status <> 'canceled' AND NOT EXISTS
      (SELECT 1 FROM reservation_item r WHERE r.line_item_id = i.item_id AND r.deleted_at IS NULL)
  UNION
  SELECT 'reservation ' || r.id || ' belongs to no order' FROM reservation_item r
    WHERE r.deleted_at IS NULL AND NOT EXISTS
      (SELECT 1 FROM order_item i WHERE i.item_id = r.line_item_id)`

const astraySchema = z.object({ id: z.string(), class: z.string(), subject_id: z.string() })
const ASTRAY = `SELECT id, class, subject_id FROM kobbopay_exception
  WHERE state = 'open' AND deleted_at IS NULL AND payment_id IS NULL`

/** Everything about money that the database holds. */
export type Books = {
  payments: Payment[]
  collections: ReadonlyMap<string, Collection>
  events: Event[]
  /** Open exceptions that belong to no payment. */
  astray: z.infer<typeof astraySchema>[]
  left: string[]
  remains: string[]
  /** Stock levels that disagree with their reservations. */
  drift: string[]
}

export async function readBooks({ rows }: Pick<Ground, "rows">): Promise<Books> {
  const collections = await rows(collectionSchema, COLLECTIONS)
  return {
    payments: await rows(paymentSchema, PAYMENTS),
    collections: new Map(collections.map((each) => [each.id, each])),
    events: await rows(eventSchema, EVENTS),
    astray: await rows(astraySchema, ASTRAY),
    left: await rows(textOf, LEFT),
    remains: await rows(textOf, REMAINS),
    drift: await rows(textOf, DRIFT),
  }
}
