import fc from "fast-check"
import {
  brandAs,
  type CartId,
  type OrderId,
  type ProviderId,
  type SessionId,
} from "../../domain/ids"
import { PAYMENT_STATES, type Reading } from "../../domain/reading"
import { paymentRow, TARGETS, type PaymentRow } from "../../store/payment"
import { audit, CANCEL_SLACK_MS, type Seen } from "../audit"
import { CONTRADICTIONS, type ContradictionKind } from "../contradiction-kinds"
import type { Books } from "../../store/books"
import type { Shown } from "../../store/order-facts"
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

const NO_BOOKS: Books = {
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
const seen = (of: PaymentRow, view: MedusaView | null, given: Partial<Seen> = {}): Seen => ({
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
const kindsOf = (...given: Parameters<typeof seen>): ContradictionKind[] =>
  audit(seen(...given)).map(({ kind }) => kind)
const kindOf = (...given: Parameters<typeof seen>) => kindsOf(...given)[0] ?? null

const CONFIRMED = payment({ state: "confirmed", target: "captured" })
const EXPIRED = payment({ state: "expired", target: "order_cancelled" })

describe("what contradicts what", () => {
  it("is none while everything waits, is paid, or ended together", () => {
    expect(kindOf(payment(), order())).toBeNull()
    expect(kindOf(CONFIRMED, captured())).toBeNull()
    expect(
      kindOf(payment({ state: "paid", target: "authorized" }), order({ payments: [booked(null)] })),
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
    expect(kindOf(payment({ state: "confirmed", target: "nothing" }), order())).toBeNull()
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
    expect(kindOf(CONFIRMED, captured("10"))).toBe("amount_differs")
    expect(kindsOf(CONFIRMED, captured("12"))).toEqual([
      "captured_more_than_asked",
      "amount_differs",
    ])
    const accepted = payment({
      state: "confirmed",
      target: "captured",
      accepted: "amount",
      accepted_amount: "12",
    })
    expect(kindOf(accepted, { ...captured("12"), total: "12" })).toBeNull()
    expect(kindsOf(accepted, { ...captured("10.5"), total: "12" })).toContain("amount_differs")
  })

  it("another amount expected at Kobbopay; an unsaid one is none", () => {
    const readResult = (expectedMinor: bigint | null) => ({
      readResult: { ...reading, expectedMinor },
    })
    expect(kindOf(payment(), order(), readResult(10_500_001n))).toBe("amount_differs")
    expect(kindOf(payment(), order(), readResult(10_500_000n))).toBeNull()
    expect(kindOf(payment(), order(), readResult(null))).toBeNull()
  })

  it("an order cancelled that the ledger does not know of, once for its payments", () => {
    const view = order({ order: "cancelled" })
    const newer = payment({ id: "kpay_2" })
    expect(kindOf(payment(), view)).toBe("order_cancelled_unnoticed")
    expect(kindOf(payment(), view, { payments: [payment(), newer] })).toBeNull()
    expect(kindOf(newer, view, { payments: [payment(), newer] })).toBe("order_cancelled_unnoticed")
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
    ["nothing at all, for it is free", { total: "0" }],
  ])("an order that waits for %s is none", (_what, given) => {
    expect(kindOf(EXPIRED, order(given))).toBeNull()
  })

  it("an order of which another payment is still open is none", () => {
    const open = payment({ id: "kpay_2" })
    expect(kindOf(EXPIRED, order(), { payments: [open, EXPIRED] })).toBeNull()
  })

  it("a payment that Kobbopay does not know is that, whatever else is wrong", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAYMENT_STATES),
        fc.constantFrom(...TARGETS),
        (state, target) => {
          const of = payment({ state, target })
          expect(kindOf(of, captured("3"), { readResult: "unknown" })).toBe("unknown_at_kobbopay")
        },
      ),
    )
  })

  it("a capture is drift exactly when it is not allowed, or not the amount", () => {
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
          const expected = [
            ...(allowed ? [] : ["captured_here_not_confirmed_there"]),
            ...(amount > 10.5 ? ["captured_more_than_asked"] : []),
            ...(amount === owed ? [] : ["amount_differs"]),
          ]
          expect(kindsOf(of, captured(String(amount)), { captureOn })).toEqual(expected)
        },
      ),
    )
  })
})

/** Each kind with a case that has it, and the nearest one that has not. */
const HOLDING = {
  state: "confirmed",
  received_minor: "10500000",
  amount_fit: "fits",
  money_seen_at: NOW,
  confirmed_at: NOW,
  target: "nothing",
} as const
const withOpen = (of: PaymentRow, found: string) => ({
  books: { ...NO_BOOKS, exceptions: [{ paymentId: of.id, class: found }] },
})
const refunded = (amount: string, metadata: { kobbopay_refund_id?: string } | null = null) => {
  const view = captured()
  const begun = new Date(NOW.getTime() - HOUR)
  const refund = { id: "ref_1", amount, created_at: begun, metadata }
  return { ...view, payments: view.payments.map((one) => ({ ...one, refunds: [refund] })) }
}
const released = (gate: string) => ({
  books: { ...NO_BOOKS, released: [{ units: 2, gate }] },
})
const held = payment(HOLDING)
type Case = Parameters<typeof seen>
const TABLE: Record<ContradictionKind, { found: Case[]; not: Case[] }> = {
  unknown_at_kobbopay: {
    found: [[payment(), order(), { readResult: "unknown" }]],
    not: [[payment(), order(), { readResult: null }]],
  },
  captured_here_not_confirmed_there: {
    found: [[payment(), captured()]],
    not: [[CONFIRMED, captured()]],
  },
  captured_more_than_asked: {
    found: [
      [CONFIRMED, { ...captured(), total: "10" }],
      [
        CONFIRMED,
        {
          ...captured(),
          payments: [booked("10.5"), { ...booked("1"), id: "pay_2", payment_session_id: null }],
        },
      ],
    ],
    not: [
      [CONFIRMED, { ...captured(), total: "10.4999" }],
      [CONFIRMED, { ...captured(), total: "10" }, withOpen(CONFIRMED, "refund_owed")],
      [CONFIRMED, { ...captured(), order: "cancelled", total: "0" }, { orderCancelledAt: NOW }],
      [CONFIRMED, { ...refunded("0.5"), total: "10" }, { books: { ...NO_BOOKS, sent: ["ref_1"] } }],
    ],
  },
  refunded_without_sending: {
    found: [[CONFIRMED, refunded("1")]],
    not: [
      [CONFIRMED, refunded("1"), { books: { ...NO_BOOKS, sent: ["ref_1"] } }],
      [
        CONFIRMED,
        refunded("1", { kobbopay_refund_id: "kref_1" }),
        { books: { ...NO_BOOKS, sent: ["kref_1"] } },
      ],
    ],
  },
  released_without_money: {
    found: [
      [held, order(), { ...released("confirmed") }],
      [held, order({ payments: [booked(null)] }), released("confirmed")],
    ],
    not: [
      [CONFIRMED, captured(), released("confirmed")],
      [
        payment({ state: "paid", target: "authorized" }),
        order({ payments: [booked(null)] }),
        released("paid"),
      ],
    ],
  },
  paid_there_unpaid_here: {
    found: [[CONFIRMED, order()]],
    not: [[payment({ state: "confirmed", target: "nothing" }), order()]],
  },
  amount_differs: {
    found: [[CONFIRMED, captured("12")]],
    not: [[CONFIRMED, captured("10.5001")]],
  },
  money_in_nothing: {
    found: [[held, order()]],
    not: [
      [held, order(), withOpen(held, "superseded")],
      [payment({ ...HOLDING, refunded_minor: "10500000" }), order()],
      [payment({ ...HOLDING, written_off_minor: "10500000" }), order()],
      [payment({ ...HOLDING, target: "captured" }), captured()],
    ],
  },
  order_cancelled_unnoticed: {
    found: [[payment(), order({ order: "cancelled" })]],
    not: [[payment(), order({ order: "cancelled" }), { orderCancelledAt: NOW }]],
  },
  stock_held_for_nothing: {
    found: [
      [
        EXPIRED,
        order({ order: "cancelled" }),
        { orderCancelledAt: NOW, books: { ...NO_BOOKS, reservations: 1 } },
      ],
    ],
    not: [[payment(), order(), { books: { ...NO_BOOKS, reservations: 1 } }]],
  },
  order_open_payment_expired: {
    found: [
      [EXPIRED, order()],
      [payment({ state: "expired", target: "nothing" }), order()],
    ],
    not: [
      [EXPIRED, order(), withOpen(EXPIRED, "ambiguous_finality")],
      [EXPIRED, order({ isClosed: true })],
      [payment(), order()],
    ],
  },
}

describe.each(CONTRADICTIONS)("%s", (kind) => {
  it("is found where it is", () => {
    for (const given of TABLE[kind].found) expect(kindsOf(...given)).toContain(kind)
  })
  it("and not where it is not", () => {
    for (const given of TABLE[kind].not) expect(kindsOf(...given)).not.toContain(kind)
  })
})
