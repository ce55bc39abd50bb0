import type { PaymentRow } from "../../store/payment"
import { CONTRADICTIONS, type ContradictionKind } from "../contradiction-kinds"
import {
  NOW,
  HOUR,
  payment,
  booked,
  order,
  captured,
  NO_BOOKS,
  type seen,
  kindsOf,
  CONFIRMED,
  EXPIRED,
} from "./support/audits"

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
