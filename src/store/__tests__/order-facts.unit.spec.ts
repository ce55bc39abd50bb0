import {
  brandAs,
  type CartId,
  type OrderId,
  type PaymentId,
  type ProviderId,
  type SessionId,
} from "../../domain/ids"
import type { MedusaPayment, MedusaView } from "../medusa-view"
import { asksOf, orderFacts, type Shown } from "../order-facts"

const AT = new Date("2026-03-01T12:00:00Z")
const OURS = brandAs<ProviderId>("pp_kobbopay_kobbopay")
const BANK = brandAs<ProviderId>("pp_system_default")
const id = (name: string) => brandAs<PaymentId>(name)
const session = (name: string) => brandAs<SessionId>(name)

const payment = { id: id("a"), store_amount: "10", accepted_amount: null, currency_code: "usd" }
const shows = (of: string, settles = true): Shown => ({
  session: session(`session ${of}`),
  payment: id(of),
  settles,
})
/** Medusa's payment on the session of one of ours, or of another provider. */
const booked = (
  of: string,
  amount: string,
  change: { captured?: string; refunded?: string; canceled?: true; provider?: ProviderId } = {},
): MedusaPayment => ({
  id: `pay ${of}`,
  payment_session_id: session(`session ${of}`),
  provider_id: change.provider ?? OURS,
  amount,
  captured_at: change.captured === amount ? AT : null,
  canceled_at: change.canceled ? AT : null,
  captures: change.captured ? [{ id: `c ${of}`, amount: change.captured, created_at: AT }] : [],
  refunds: change.refunded
    ? [{ id: `r ${of}`, amount: change.refunded, created_at: AT, metadata: null }]
    : [],
})
const view = (change: Partial<MedusaView> = {}): MedusaView => ({
  cartId: brandAs<CartId>("cart"),
  orderId: brandAs<OrderId>("order"),
  order: "open",
  isClosed: false,
  placedAt: AT,
  collections: 1,
  amount: "10",
  currencyCode: "usd",
  total: "10",
  pending: null,
  payments: [],
  transactions: [],
  creditLines: [],
  elsewhere: [],
  sessions: [
    {
      id: session("session a"),
      status: "pending",
      provider_id: OURS,
      amount: "10",
      currency_code: "usd",
      created_at: AT,
    },
  ],
  ...change,
})
const none = {
  order: "open",
  covered: false,
  superseded: false,
  orderChanged: false,
  settled: false,
  captured: false,
  overCaptured: false,
  asks: "10 usd",
  placedAt: AT,
}
const TOTAL_20 = { total: "20", amount: "20" }
const bank = (amount: string, captured?: string) =>
  booked("bank", amount, { provider: BANK, ...(captured === undefined ? {} : { captured }) })

describe("facts about an order", () => {
  test.each<[string, Partial<MedusaView>, Shown[], object]>([
    ["nothing is booked yet", {}, [shows("a")], {}],
    [
      "a cart asks as an order does",
      { order: "none", placedAt: null },
      [shows("a")],
      {
        order: "none",
        placedAt: null,
      },
    ],
    ["its own authorization asks for no room", { payments: [booked("a", "10")] }, [shows("a")], {}],
    [
      "its own capture settles it",
      { payments: [booked("a", "10", { captured: "10" })] },
      [shows("a")],
      { settled: true, captured: true },
    ],
    [
      "another provider pays all",
      { payments: [bank("10")] },
      [shows("a")],
      {
        covered: true,
        orderChanged: true,
        asks: "0 usd",
      },
    ],
    [
      "another provider's cancelled payment pays nothing",
      { payments: [booked("bank", "10", { provider: BANK, canceled: true })] },
      [shows("a")],
      {},
    ],
    [
      "another provider, or another collection of the order, pays the other half",
      { ...TOTAL_20, collections: 2, payments: [bank("10")] },
      [shows("a")],
      {},
    ],
    [
      "what was refunded of another payment is asked for again",
      { payments: [booked("bank", "10", { provider: BANK, captured: "10", refunded: "10" })] },
      [shows("a")],
      {},
    ],
    [
      "another payment of ours that is to settle pays",
      { payments: [booked("b", "10")] },
      [shows("a"), shows("b")],
      { covered: true, orderChanged: true, asks: "0 usd" },
    ],
    [
      "another payment of ours that is not to settle leaves room",
      { payments: [booked("b", "10")] },
      [shows("a"), shows("b", false)],
      {},
    ],
    [
      "unless it was captured",
      { payments: [booked("b", "10", { captured: "10" })] },
      [shows("a"), shows("b", false)],
      { covered: true, orderChanged: true, asks: "0 usd" },
    ],
    ["no live session shows it", { sessions: [] }, [shows("a")], { superseded: true }],
    [
      "what is settled is not superseded",
      {
        sessions: [],
        payments: [booked("a", "10", { captured: "10" })],
      },
      [shows("a")],
      { settled: true, captured: true },
    ],
    [
      "the order costs more",
      { total: "12" },
      [shows("a")],
      {
        orderChanged: true,
        asks: "12 usd",
      },
    ],
    ["by less than half a cent", { total: "10.0049" }, [shows("a")], { asks: "10.0049 usd" }],
    [
      "it costs more once authorized: a part of it is paid",
      { total: "12", payments: [booked("a", "10")] },
      [shows("a")],
      { asks: "12 usd" },
    ],
    [
      "it costs less once authorized: too much would be captured",
      { total: "8", payments: [booked("a", "10")] },
      [shows("a")],
      { orderChanged: true, asks: "8 usd" },
    ],
    [
      "it costs less once captured: the surplus is owed back",
      { total: "8", payments: [booked("a", "10", { captured: "10" })] },
      [shows("a")],
      { settled: true, captured: true, overCaptured: true, asks: "8 usd" },
    ],
    [
      "until it is refunded",
      { total: "8", payments: [booked("a", "10", { captured: "10", refunded: "2" })] },
      [shows("a")],
      { settled: true, captured: true, asks: "8 usd" },
    ],
    [
      "captured, and another provider captured too",
      { payments: [booked("a", "10", { captured: "10" }), bank("10", "10")] },
      [shows("a")],
      { settled: true, captured: true, covered: true, overCaptured: true, asks: "0 usd" },
    ],
    [
      "a cancelled order is not over-captured, it is over",
      { order: "cancelled", total: "0", payments: [booked("a", "10", { captured: "10" })] },
      [shows("a")],
      { order: "cancelled", settled: true, captured: true, covered: false, asks: "0 usd" },
    ],
    [
      "another currency",
      { currencyCode: "eur" },
      [shows("a")],
      {
        orderChanged: true,
        asks: "10 eur",
      },
    ],
  ])("%s", (_what, given, shown, changed) => {
    expect(orderFacts(payment, shown, view(given))).toEqual({ ...none, ...changed })
  })

  test("without a collection there is nothing to settle, and nothing asks", () => {
    expect(orderFacts(payment, [shows("a")], null)).toMatchObject({
      order: "none",
      superseded: true,
      asks: null,
      settled: false,
    })
  })
  test("what a person accepted it for is what it settles", () => {
    const accepted = { ...payment, accepted_amount: "12" }
    expect(orderFacts(accepted, [shows("a")], view({ total: "12" })).orderChanged).toBe(false)
    expect(orderFacts(accepted, [shows("a")], view()).orderChanged).toBe(true)
  })
  test("what is asked of nobody in particular is all that no payment stands for", () => {
    const shown = [shows("a"), shows("b", false)]
    const payments = [booked("a", "10"), booked("b", "5")]
    expect(asksOf(view({ ...TOTAL_20, payments }), shown, null)).toBe("10")
    expect(asksOf(view({ ...TOTAL_20, payments }), shown, id("a"))).toBe("20")
  })
})
