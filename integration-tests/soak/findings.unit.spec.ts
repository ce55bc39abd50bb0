import type { Delivery, PaymentView } from "../../src/sandbox"
import type { Books, Collection, Payment } from "./books"
import { Diary } from "./diary"
import { caseOf, doubledIn, explains, lostOf, stuckIn, unrecorded } from "./findings"

const CREATED = new Date("2026-01-01T10:00:00Z")
const after = (seconds: number) => new Date(CREATED.getTime() + seconds * 1_000).toISOString()

type Transfer = PaymentView["transfers"][number]
const transfer = (change: Partial<Transfer> = {}): Transfer => ({
  hash: "h1",
  token: "USDTTRC",
  amount: "10.5",
  confirmed: true,
  at: after(5),
  ...change,
})

const view = (...transfers: Transfer[]): PaymentView => ({
  id: "trk_1",
  profile: "invoice",
  reference: "r1",
  token: "USDTTRC",
  asset: "USDT",
  network: "tron",
  address: "T1",
  memo: null,
  amount: "10.5",
  status: "Confirmed",
  received: "10.5",
  received_by_token: {},
  transfers,
  created_at: CREATED.toISOString(),
  expires_at: null,
  pay_url: "",
})

const BOOKED = { id: "pay_1", marked: true, captures: ["10.5"] }

const ledger = (change: Partial<Payment> = {}): Payment => ({
  id: "kpay_1",
  account_id: "kobbopay",
  kobbopay_id: "trk_1",
  reference: "r1",
  collection_id: "col_1",
  state: "confirmed",
  target: "captured",
  converged: true,
  expected_minor: "10500000",
  decimals: 6,
  money_seen: true,
  seen_late: false,
  window_over: true,
  shown: true,
  created_at: CREATED,
  booked: [BOOKED],
  open: [],
  ...change,
})

const collection = (change: Partial<Collection> = {}): Collection => ({
  id: "col_1",
  amount: "10.5",
  cart_orders: 1,
  orders: [{ id: "order_1", status: "pending" }],
  payments: [{ ...BOOKED, amount: "10.5" }],
  transactions: ["10.5"],
  ...change,
})

const books = (
  payment: Payment,
  of: Collection = collection(),
  more: Partial<Books> = {},
): Books => ({
  payments: [payment],
  collections: new Map([[of.id, of]]),
  events: [],
  astray: [],
  left: [],
  remains: [],
  drift: [],
  ...more,
})

const caseWith = (
  transfers: Transfer[],
  payment: Partial<Payment> = {},
  of: Partial<Collection> = {},
  diary = new Diary(),
) => {
  const row = ledger(payment)
  return caseOf(view(...transfers), row, books(row, collection(of)), diary)
}

const UNBOOKED = { booked: [] }
const UNPAID = { payments: [], transactions: [] }

describe("lost", () => {
  test("is nothing where the money is captured once", () => {
    expect(lostOf(caseWith([transfer()]))).toEqual([])
    expect(lostOf(caseWith([], UNBOOKED, UNPAID))).toEqual([])
  })

  test("is money that is neither captured nor an exception, of whatever kind", () => {
    for (const each of [
      transfer({ confirmed: false }),
      transfer({ amount: "1" }),
      transfer({ token: "USDTBSC" }),
      transfer({ at: after(60) }),
    ]) {
      expect(lostOf(caseWith([each], UNBOOKED, UNPAID))).toHaveLength(1)
      expect(lostOf(caseWith([each], { ...UNBOOKED, open: ["underpaid"] }, UNPAID))).toEqual([])
    }
  })

  test("is money in time that is only an exception", () => {
    const excused = { ...UNBOOKED, open: ["late_payment"] }
    expect(lostOf(caseWith([transfer()], excused, UNPAID))).toHaveLength(1)
    const cancelled = { ...UNPAID, orders: [{ id: "order_1", status: "canceled" }] }
    expect(lostOf(caseWith([transfer()], excused, cancelled))).toEqual([])
  })

  test("is a capture without final money, and a surplus without an exception", () => {
    expect(lostOf(caseWith([transfer({ confirmed: false })]))).toHaveLength(1)
    const twice = [transfer(), transfer({ hash: "h2" })]
    expect(lostOf(caseWith(twice))).toHaveLength(1)
    expect(lostOf(caseWith(twice, { open: ["overpaid"] }))).toEqual([])
  })

  test("is an event that was answered with 2xx and has no row", () => {
    const delivery: Delivery = {
      id: "dlv_1",
      event_id: "payment:trk_1:payment.paid",
      event: "payment.paid",
      profile: "invoice",
      payment_id: "trk_1",
      reference: "r1",
      try: 1,
      at: after(6),
      url: null,
      outcome: "delivered",
      status: 200,
      faults: [],
    }
    const row = {
      id: "kpevt_1",
      account_id: "kobbopay",
      event_id: delivery.event_id,
      state: "done",
      kobbopay_ids: ["trk_1"],
      type: "payment.paid",
    }
    const known = books(ledger(), collection(), { events: [row] })
    expect(unrecorded([delivery], known)).toEqual([])
    expect(unrecorded([delivery], books(ledger()))).toHaveLength(1)
    expect(unrecorded([{ ...delivery, event: "payment.confirmed" }], known)).toHaveLength(1)
    expect(unrecorded([{ ...delivery, outcome: "refused" }], books(ledger()))).toEqual([])
  })
})

describe("doubled", () => {
  test("is nothing where each book holds the money once", () => {
    expect(doubledIn(collection())).toEqual([])
    expect(doubledIn(collection(UNPAID))).toEqual([])
  })

  test("is a second order, payment, capture or transaction", () => {
    const order = { id: "order_1", status: "pending" }
    const payment = { ...BOOKED, amount: "10.5" }
    for (const change of [
      { orders: [order, { ...order, id: "order_2" }] },
      { cart_orders: 2 },
      { payments: [payment, { ...payment, id: "pay_2", captures: [] }] },
      { payments: [{ ...payment, captures: ["5", "5.5"] }] },
      { payments: [{ ...payment, captures: ["21"] }] },
      { transactions: ["10.5", "10.5"] },
    ]) {
      expect(doubledIn(collection(change))).not.toEqual([])
    }
  })
})

describe("stuck", () => {
  const event = { id: "kpevt_1", account_id: "kobbopay", event_id: null, type: "payment.paid" }

  test("is nothing where all came to rest", () => {
    expect(stuckIn(books(ledger()))).toEqual([])
  })

  test("is an unworked event, an unmet target, a half booked capture, an unpaid open order", () => {
    const ended = { state: "expired", target: "order_cancelled", booked: [] }
    for (const world of [
      books(ledger(), collection(), {
        events: [{ ...event, kobbopay_ids: [], state: "received" }],
      }),
      books(ledger({ converged: false })),
      books(ledger({ state: "creating", target: "nothing" })),
      books(ledger(), collection({ transactions: [] })),
      books(ledger(), collection({ payments: [{ ...BOOKED, amount: "10.5", marked: false }] })),
      books(ledger(ended), collection(UNPAID)),
      books(ledger(), collection(), { left: ["a reservation"] }),
    ]) {
      expect(stuckIn(world)).toHaveLength(1)
    }
  })
})

describe("an exception is explained", () => {
  const none = new Diary()
  const ended = new Diary()
  ended.note("trk_1", "expire")

  test("by what its payer did, and by nothing else", () => {
    const under = caseWith([transfer({ amount: "5" })], UNBOOKED, UNPAID)
    const late = caseWith([transfer({ at: after(60) })], UNBOOKED, UNPAID)
    const plain = caseWith([transfer()])
    expect(explains(under, "underpaid", none)).toBe(true)
    expect(explains(plain, "underpaid", none)).toBe(false)
    expect(explains(late, "late_payment", none)).toBe(true)
    expect(explains(plain, "late_payment", none)).toBe(false)
    expect(explains(plain, "late_payment", ended)).toBe(true)
    expect(explains(caseWith([transfer({ confirmed: false })]), "stuck", none)).toBe(true)
    expect(explains(plain, "stuck", none)).toBe(false)
    expect(explains(caseWith([transfer({ token: "USDTBSC" })]), "rail_mismatch", none)).toBe(true)
    expect(explains(plain, "rail_mismatch", none)).toBe(false)
  })

  test("never, where no payer can be the reason", () => {
    for (const each of ["dead", "unknown_payment", "completion_failed", "reference_mismatch"]) {
      expect(explains(caseWith([transfer()]), each, ended)).toBe(false)
    }
  })
})
