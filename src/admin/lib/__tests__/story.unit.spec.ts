import type { OrderPayment, PaymentException } from "../../../types/order-payments"
import { comparisonOf } from "../comparison"
import { byWeight, isMoving, storyOf } from "../story"

const payment = (given: Partial<OrderPayment>): OrderPayment => ({
  id: "kpay_1",
  account: "kobbopay",
  state: "pending",
  want: "nothing",
  converged: true,
  rail: "usdt-tron",
  rail_label: "USDT on Tron (TRC20)",
  asset: "USDT",
  network: "TRC20",
  amount: "10.5",
  amount_received: null,
  store_amount: "10.5",
  currency_code: "usd",
  address: "TAddress",
  memo: null,
  reference: "reference",
  kobbopay_id: "id",
  transfers: [],
  created_at: "2026-01-01T10:00:00.000Z",
  window_ends_at: "2026-01-01T10:30:00.000Z",
  ended: false,
  last_read_at: null,
  next_look_at: null,
  last_error: null,
  transitions: [],
  exceptions: [],
  group: { failures: 0, last_error: null, due_at: null },
  ...given,
})
const open: PaymentException = {
  class: "underpaid",
  state: "open",
  expected: { amount: "10.5", asset: "USDT", store_amount: "10.5" },
  observed: { amount: "5", asset: "USDTTRC", order: "open" },
  opened_at: "2026-01-01T10:10:00.000Z",
  closed_at: null,
  resolution: null,
}
const told = (given: Partial<OrderPayment>, orderCanceled = false) => {
  const one = payment(given)
  return storyOf(one, [one], orderCanceled).key
}

describe("what a merchant is told", () => {
  test.each<[string, Partial<OrderPayment>]>([
    ["creating", { state: "creating" }],
    ["waiting", { state: "pending" }],
    ["overdue", { state: "pending", ended: true }],
    ["partial", { state: "partial", exceptions: [open] }],
    ["authorizing", { state: "paid", want: "authorized", converged: false }],
    ["seen", { state: "paid", want: "authorized" }],
    ["capturing", { state: "confirmed", want: "captured", converged: false }],
    ["captured", { state: "confirmed", want: "captured" }],
    ["captured_early", { state: "paid", want: "captured" }],
    ["held", { state: "confirmed", exceptions: [open] }],
    ["held_early", { state: "paid", exceptions: [open] }],
    ["set_aside", { state: "confirmed", exceptions: [{ ...open, state: "closed" }] }],
    ["expired", { state: "expired", want: "order_cancelled", converged: false }],
    ["expired_done", { state: "expired", want: "order_cancelled" }],
    ["late", { state: "expired", exceptions: [open] }],
    ["failed_done", { state: "failed", want: "order_cancelled" }],
  ])("%s", (key, given) => {
    expect(told(given)).toBe(key)
  })

  test("an order that was canceled changes what happens next", () => {
    expect(told({ state: "pending" }, true)).toBe("unpaid_canceled")
    expect(told({ state: "confirmed", want: "captured" }, true)).toBe("captured_canceled")
  })

  test("a payment beside the one that settles the order is not used, and is folded away", () => {
    const left = payment({ id: "kpay_2", ended: true })
    const settled = payment({ state: "confirmed", want: "captured", amount_received: "10.5" })
    expect(storyOf(left, [left, settled], false).key).toBe("unused")
    expect(byWeight([left, settled])).toEqual([settled, left])
  })
})

describe("looking again", () => {
  test.each<[boolean, string, Partial<OrderPayment>[]]>([
    [true, "a payment that is awaited", [{ state: "pending" }]],
    [true, "a capture that is not booked yet", [{ state: "confirmed", converged: false }]],
    [false, "a captured payment", [{ state: "confirmed", want: "captured" }]],
    [false, "a canceled order", [{ state: "expired", want: "order_cancelled" }]],
    [
      false,
      "an expired payment beside a captured one",
      [
        { id: "kpay_2", state: "expired", want: "order_cancelled", converged: false },
        { state: "confirmed", want: "captured" },
      ],
    ],
  ])("%s for %s", (moving, _what, payments) => {
    expect(isMoving(payments.map(payment))).toBe(moving)
  })
})

describe("what is compared", () => {
  test("shows the facts that tell what is wrong, not all that were recorded", () => {
    expect(comparisonOf(open)).toEqual([{ key: "amount", expected: "10.5", observed: "5" }])
  })

  test("shows everything of a class it does not know", () => {
    expect(comparisonOf({ ...open, class: "new" }).map(({ key }) => key)).toEqual([
      "amount",
      "asset",
      "store_amount",
      "order",
    ])
  })
})
