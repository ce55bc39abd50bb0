import fc from "fast-check"
import {
  brandAs,
  type CartId,
  type OrderId,
  type ProviderId,
  type SessionId,
} from "../../kobbopay/ids"
import { PAYMENT_STATES, type Reading } from "../../kobbopay/reading"
import { paymentRow, WANTS, type PaymentRow } from "../../store/payment"
import { CANCEL_SLACK_MS, driftOf, type Seen } from "../drift"
import type { MedusaPayment, MedusaView } from "../../store/medusa-view"

const NOW = new Date("2026-03-01T12:00:00Z")
const HOUR = 3_600_000
const SESSION = brandAs<SessionId>("payses_1")
const PROVIDER = brandAs<ProviderId>("pp_kobbopay_kobbopay")

const BASE = {
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
  want: "nothing",
  received_minor: null,
  transfers: null,
  amount_fit: null,
  paid_back_minor: "0",
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
  next_look_at: null,
  failures: 0,
  last_error: null,
  created_at: new Date(NOW.getTime() - 3 * HOUR),
}
const payment = (given: Partial<Record<keyof PaymentRow, unknown>> = {}): PaymentRow =>
  paymentRow.parse({ ...BASE, ...given })

const booked = (captured: string | null): MedusaPayment => ({
  id: "pay_1",
  payment_session_id: SESSION,
  provider_id: PROVIDER,
  amount: "10.5",
  captured_at: captured === null ? null : NOW,
  canceled_at: null,
  captures: captured === null ? [] : [{ id: "capt_1", amount: captured, created_at: NOW }],
  refunds: [],
})
const order = (given: Partial<MedusaView> = {}): MedusaView => ({
  cartId: brandAs<CartId>("cart_1"),
  orderId: brandAs<OrderId>("order_1"),
  order: "open",
  amount: "10.5",
  currencyCode: "usd",
  total: "10.5",
  pending: null,
  sessions: [
    {
      ...{ id: SESSION, status: "pending_authorization", provider_id: PROVIDER },
      ...{ amount: "10.5", currency_code: "usd" },
    },
  ],
  payments: [],
  transactions: [],
  creditLines: [],
  ...given,
})
const captured = (amount = "10.5"): MedusaView =>
  order({
    payments: [booked(amount)],
    transactions: [{ reference: "capture", reference_id: "capt_1" }],
  })
const reading: Reading = {
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

const seen = (of: PaymentRow, view: MedusaView | null, given: Partial<Seen> = {}): Seen => ({
  payment: of,
  group: [of],
  orderCancelledAt: null,
  said: reading,
  view,
  sessions: [SESSION],
  groupSessions: new Set([SESSION]),
  provider: PROVIDER,
  captureOn: "confirmed",
  cancelOrderAfterMs: 0,
  now: NOW,
  ...given,
})
const kindOf = (...given: Parameters<typeof seen>) => driftOf(seen(...given))?.kind ?? null

const CONFIRMED = payment({ state: "confirmed", want: "captured" })
const EXPIRED = payment({ state: "expired", want: "order_cancelled" })

describe("drift", () => {
  it("is none while everything waits, is paid, or ended together", () => {
    expect(kindOf(payment(), order())).toBeNull()
    expect(kindOf(CONFIRMED, captured())).toBeNull()
    expect(
      kindOf(payment({ state: "paid", want: "authorized" }), order({ payments: [booked(null)] })),
    ).toBeNull()
    expect(kindOf(EXPIRED, order({ order: "cancelled" }), { orderCancelledAt: NOW })).toBeNull()
  })

  it("confirmed and not, or not wholly, captured", () => {
    const kind = "paid_there_unpaid_here"
    expect(kindOf(CONFIRMED, order())).toBe(kind)
    expect(kindOf(CONFIRMED, null)).toBe(kind)
    expect(kindOf(CONFIRMED, order({ payments: [booked(null)] }))).toBe(kind)
    expect(kindOf(CONFIRMED, order({ payments: [booked("5")] }))).toBe(kind)
    expect(kindOf(CONFIRMED, { ...captured(), transactions: [] })).toBe(kind)
  })

  it("confirmed money that is an exception is not to be captured, so it is none", () => {
    expect(kindOf(payment({ state: "confirmed", want: "nothing" }), order())).toBeNull()
  })

  it("captured although nothing allows it", () => {
    const kind = "captured_here_not_confirmed_there"
    expect(kindOf(payment(), captured())).toBe(kind)
    expect(kindOf(payment({ state: "paid" }), captured())).toBe(kind)
    expect(kindOf(payment({ state: "partial" }), captured())).toBe(kind)
  })

  it("captured on Paid where the options say so, or by a person's word, is none", () => {
    expect(kindOf(payment({ state: "paid" }), captured(), { captureOn: "paid" })).toBeNull()
    const accepted = payment({ state: "partial", accepted: "amount", accepted_amount: "10.5" })
    expect(kindOf(accepted, captured())).toBeNull()
  })

  it("captured by another provider is not ours to judge", () => {
    const others = { ...booked("10.5"), payment_session_id: brandAs<SessionId>("payses_other") }
    expect(kindOf(payment(), order({ payments: [others] }))).toBeNull()
  })

  it("another amount captured than was asked for, or accepted", () => {
    expect(kindOf(CONFIRMED, captured("12"))).toBe("amount_differs")
    const accepted = payment({
      state: "confirmed",
      want: "captured",
      accepted: "amount",
      accepted_amount: "12",
    })
    expect(kindOf(accepted, captured("12"))).toBeNull()
    expect(kindOf(accepted, captured("10.5"))).toBe("amount_differs")
  })

  it("another amount expected at Kobbopay; an unsaid one is none", () => {
    const said = (expectedMinor: bigint | null) => ({ said: { ...reading, expectedMinor } })
    expect(kindOf(payment(), order(), said(10_500_001n))).toBe("amount_differs")
    expect(kindOf(payment(), order(), said(10_500_000n))).toBeNull()
    expect(kindOf(payment(), order(), said(null))).toBeNull()
  })

  it("an order cancelled that nobody told of, said once for its payments", () => {
    const view = order({ order: "cancelled" })
    const newer = payment({ id: "kpay_2" })
    expect(kindOf(payment(), view)).toBe("order_cancelled_unnoticed")
    expect(kindOf(payment(), view, { group: [payment(), newer] })).toBeNull()
    expect(kindOf(newer, view, { group: [payment(), newer] })).toBe("order_cancelled_unnoticed")
  })

  it("an order that waits on after the grace, and not a moment before", () => {
    const end = BASE.window_ends_at.getTime()
    const at = (ms: number) => ({ cancelOrderAfterMs: HOUR, now: new Date(end + HOUR + ms) })
    expect(kindOf(EXPIRED, order(), at(CANCEL_SLACK_MS))).toBe("order_open_payment_expired")
    expect(kindOf(EXPIRED, order(), at(CANCEL_SLACK_MS - 1))).toBeNull()
  })

  it.each<[string, Partial<MedusaView>]>([
    ["another payment", { payments: [{ ...booked(null), payment_session_id: null }] }],
    ["a transaction", { transactions: [{ reference: "capture", reference_id: "x" }] }],
    [
      "a session of another provider",
      {
        sessions: [
          ...order().sessions,
          ...order().sessions.map((own) => ({ ...own, id: brandAs<SessionId>("other") })),
        ],
      },
    ],
    ["nothing at all, for it is free", { amount: "0" }],
  ])("an order that waits for %s is none", (_what, given) => {
    expect(kindOf(EXPIRED, order(given))).toBeNull()
  })

  it("an order of which another payment is still open is none", () => {
    const open = payment({ id: "kpay_2" })
    expect(kindOf(EXPIRED, order(), { group: [open, EXPIRED] })).toBeNull()
  })

  it("a payment that Kobbopay does not know is that, whatever else is wrong", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PAYMENT_STATES), fc.constantFrom(...WANTS), (state, want) => {
        const of = payment({ state, want })
        expect(kindOf(of, captured("3"), { said: "unknown" })).toBe("unknown_at_kobbopay")
      }),
    )
  })

  it("a capture is told as drift exactly when it is not allowed, or not the amount", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAYMENT_STATES),
        fc.constantFrom("paid" as const, "confirmed" as const),
        fc.constantFrom(null, "amount" as const, "finality" as const),
        fc.integer({ min: 1, max: 20 }),
        (state, captureOn, accepted, amount) => {
          const of = payment({ state, accepted, accepted_amount: accepted && "10" })
          const allowed =
            accepted !== null || state === "confirmed" || (state === "paid" && captureOn === "paid")
          const owed = accepted === null ? 10.5 : 10
          const wanted = !allowed
            ? "captured_here_not_confirmed_there"
            : amount === owed
              ? null
              : "amount_differs"
          expect(kindOf(of, captured(String(amount)), { captureOn })).toBe(wanted)
        },
      ),
    )
  })
})
