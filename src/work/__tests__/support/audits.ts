import {
  brandAs,
  type CartId,
  type OrderId,
  type ProviderId,
  type SessionId,
} from "../../../domain/ids"
import type { Reading } from "../../../domain/reading"
import { paymentRow, type PaymentRow } from "../../../store/payment"
import { audit, type Seen } from "../../audit"
import type { ContradictionKind } from "../../contradiction-kinds"
import type { Books } from "../../../store/books"
import type { Shown } from "../../../store/order-facts"
import type { MedusaPayment, MedusaView } from "../../../store/medusa-view"

export const NOW = new Date("2026-03-01T12:00:00Z")
export const HOUR = 3_600_000
const SESSION = brandAs<SessionId>("payses_1")
const PROVIDER = brandAs<ProviderId>("pp_kobbopay_kobbopay")

/** A row of `kobbopay_payment`, as the database gives it. */
export const BASE = {
  id: "kpay_1",
  account_id: "kobbopay",
  environment: null,
  kobbopay_id: "tracker",
  reference: "reference",
  public_token: "token",
  collection_id: "pay_col_1",
  cart_id: "cart_1",
  order_id: "order_1",
  rail_id: "usdt-tron",
  token: "USDTTRC",
  asset: "USDT",
  network: "TRC20",
  decimals: 6,
  expected_minor: "10500000",
  store_amount: "10.5",
  currency_code: "usd",
  price: "1",
  address: "T",
  memo: null,
  state: "pending",
  current: true,
  target: "nothing",
  received_minor: null,
  transfers: null,
  amount_fit: null,
  refunded_minor: "0",
  written_off_minor: "0",
  failing_since: null,
  accepted: null,
  accepted_amount: null,
  accepted_minor: null,
  accepted_at: null,
  accepted_by: null,
  settled_session_id: SESSION,
  money_seen_at: null,
  paid_at: null,
  confirmed_at: null,
  captured_at: null,
  ended_at: null,
  window_ends_at: new Date(NOW.getTime() - 2 * HOUR),
  converged_at: null,
  create_lease_until: null,
  last_read_at: NOW,
  next_check_at: null,
  failures: 0,
  last_error: null,
  created_at: new Date(NOW.getTime() - 3 * HOUR),
}
/** A payment of the ledger, pending unless given otherwise. */
export const payment = (given: Partial<Record<keyof PaymentRow, unknown>> = {}): PaymentRow =>
  paymentRow.parse({ ...BASE, ...given })

/** Medusa's payment of 10.5, captured for this amount or not at all. */
export const booked = (captured: string | null): MedusaPayment => ({
  id: "pay_1",
  payment_session_id: SESSION,
  provider_id: PROVIDER,
  amount: "10.5",
  captured_at: captured === null ? null : NOW,
  canceled_at: null,
  captures: captured === null ? [] : [{ id: "capt_1", amount: captured, created_at: NOW }],
  refunds: [],
})
/** Medusa's view of an order that waits for its money. */
export const order = (given: Partial<MedusaView> = {}): MedusaView => ({
  cartId: brandAs<CartId>("cart_1"),
  orderId: brandAs<OrderId>("order_1"),
  order: "open",
  isClosed: false,
  placedAt: new Date(NOW.getTime() - 3 * HOUR),
  collections: 1,
  amount: "10.5",
  currencyCode: "usd",
  total: "10.5",
  pending: null,
  elsewhere: [],
  sessions: [
    {
      id: SESSION,
      status: "pending_authorization",
      provider_id: PROVIDER,
      amount: "10.5",
      currency_code: "usd",
      created_at: new Date(NOW.getTime() - 3 * HOUR),
    },
  ],
  payments: [],
  transactions: [],
  creditLines: [],
  ...given,
})
/** Medusa's view of an order that is paid for. */
export const captured = (amount = "10.5"): MedusaView =>
  order({
    payments: [booked(amount)],
    transactions: [{ reference: "capture", reference_id: "capt_1" }],
  })
/** A read that says nothing came. */
export const reading: Reading = {
  kobbopayId: payment().kobbopay_id ?? brandAs(""),
  state: "pending",
  astray: false,
  asset: null,
  network: null,
  token: null,
  reference: null,
  expectedMinor: null,
  receivedMinor: null,
  transfers: [],
}

/** Books in which nothing else stands. */
export const NO_BOOKS: Books = {
  exceptions: [],
  sent: [],
  released: [],
  reservations: 0,
  settledElsewhere: false,
}
const shownFor = (of: PaymentRow): Shown => ({
  session: SESSION,
  payment: of.id,
  settles: of.target === "authorized" || of.target === "captured",
})
/** Everything that an audit of one payment looks at. */
export const seen = (of: PaymentRow, view: MedusaView | null, given: Partial<Seen> = {}): Seen => ({
  payment: of,
  payments: [of],
  orderCancelledAt: null,
  readResult: reading,
  view,
  shown: [shownFor(of)],
  books: NO_BOOKS,
  provider: PROVIDER,
  captureOn: "confirmed",
  cancelOrderAfterMs: 0,
  renewForMs: HOUR,
  now: NOW,
  ...given,
})
/** All that is found; "none" by name so that a failing row tells what it found instead. */
export const kindsOf = (...given: Parameters<typeof seen>): ContradictionKind[] =>
  audit(seen(...given)).map(({ kind }) => kind)
/** The first thing that is found, or null. */
export const kindOf = (...given: Parameters<typeof seen>) => kindsOf(...given)[0] ?? null

/** Payments of the two usual ends. */
export const CONFIRMED = payment({ state: "confirmed", target: "captured" })
export const EXPIRED = payment({ state: "expired", target: "order_cancelled" })
