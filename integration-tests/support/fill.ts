/** Due only in the future, so that a running worker leaves it alone; asked for with a later clock. */
export const FUTURE = "now() + interval '1 day'"

/** Events that are done; the one parameter is how many. */
export const FILL_EVENTS = `
INSERT INTO kobbopay_event (id, account_id, body_hash, event_id, delivery_ids, type, reported_state, kobbopay_ids,
  reference, payment_id, collection_id, raw_body, secret_index, received_at, last_seen_at, state, outcome, done_at)
SELECT 'kpevt_' || n, 'kobbopay', encode(sha256(n::text::bytea), 'hex'), 'event-' || n,
  ARRAY['delivery-' || n], 'payment.paid', 'paid', ARRAY['trk-' || n / 4], 'order-' || n / 4,
  'kpay_' || n / 4, 'pay_col_' || n / 4, repeat('x', 250), 0, now(), now(), 'done', 'paid', now()
FROM generate_series(1, $1) n`

/** Payments: how many, their state, and what their ids begin with. */
export const FILL_PAYMENTS = `
INSERT INTO kobbopay_payment (id, account_id, kobbopay_id, reference, public_token, collection_id, rail_id,
  token, asset, network, decimals, expected_minor, store_amount, currency_code, price, state, current,
  window_ends_at, next_check_at)
SELECT $3::text || n, 'kobbopay', $3::text || n, $3::text || n, $3::text || n, $3::text || n, 'usdt-tron',
  'USDTTRC', 'USDT', 'tron', 6, '10500000', '10.5', 'usd', '1', $2::text, false,
  now(), CASE WHEN $2::text = 'pending' THEN ${FUTURE} END
FROM generate_series(1, $1::int) n`

/** The collections of such payments, by the same parameters. */
export const FILL_COLLECTIONS = `
INSERT INTO kobbopay_collection (id, due_at)
SELECT $3::text || n, CASE WHEN $2::text = 'pending' THEN ${FUTURE} END
FROM generate_series(1, $1::int) n`

/** What hangs on payments whose ids begin with the first parameter: so many of each kind. */
export const FILL_HISTORY = [
  `INSERT INTO kobbopay_payment_session (id, session_id, payment_id)
   SELECT $1::text || n, $1::text || n, $1::text || n FROM generate_series(1, $2::int) n`,
  `INSERT INTO kobbopay_transition (id, payment_id, from_state, to_state, source, at)
   SELECT $1::text || n, $1::text || n, 'pending', 'paid', 'read', now() FROM generate_series(1, $2::int) n`,
  `INSERT INTO kobbopay_exception (id, class, subject_id, payment_id, account_id, expected, observed,
     fingerprint, state, opened_at, last_seen_at)
   SELECT $1::text || n, 'late', $1::text || n, $1::text || n, 'kobbopay', '{}', '{}', '', 'closed', now(), now()
     FROM generate_series(1, $2::int) n`,
  `INSERT INTO kobbopay_refund (id, payment_id, collection_id, account_id, order_id, amount_minor, hash,
     currency_code, state, actor, recorded_at)
   SELECT $1::text || n, $1::text || n, $1::text || n, 'kobbopay', $1::text || n, '1', n::text, 'usd', 'booked',
     'user_1', now() FROM generate_series(1, $2::int) n`,
  `INSERT INTO kobbopay_transfer (id, payment_id, scope, key)
   SELECT $1::text || n, $1::text || n, 'network tron', $1::text || n FROM generate_series(1, $2::int) n`,
  `INSERT INTO kobbopay_entitlement (id, order_id, line_item_id, title, quantity, release_on)
   SELECT $1::text || n, $1::text || n, $1::text || n, 'Licence', 1, 'confirmed'
     FROM generate_series(1, $2::int) n`,
]
