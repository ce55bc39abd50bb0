import type {
  OrderPayment,
  PaymentException,
  PaymentRefund,
  Person,
} from "../../../types/order-payments"
import { comparisonOf } from "../comparison"
import { historyOf } from "../history-entries"
import { withNames } from "../people"
import { byWeight, isMoving, markOf, situationOf } from "../situation"

const payment = (given: Partial<OrderPayment>): OrderPayment => ({
  id: "kpay_1",
  account: "kobbopay",
  state: "pending",
  target: "nothing",
  converged: true,
  rail: "usdt-tron",
  rail_label: "USDT on Tron (TRC20)",
  asset: "USDT",
  network: "TRC20",
  amount: "10.5",
  amount_received: null,
  store_amount: "10.5",
  currency_code: "usd",
  order_asks: "10.5",
  captured_at: null,
  accepted_amount: null,
  accepted_by: null,
  accepted_at: null,
  refunded: "0",
  left_to_refund: "0",
  excess: "0",
  refunds: [],
  address: "TAddress",
  memo: null,
  reference: "reference",
  kobbopay_id: "id",
  transfers: [],
  created_at: "2026-01-01T10:00:00.000Z",
  window_ends_at: "2026-01-01T10:30:00.000Z",
  ended: false,
  last_read_at: null,
  next_check_at: null,
  last_error: null,
  transitions: [],
  exceptions: [],
  collection: { failures: 0, last_error: null, due_at: null },
  ...given,
})
const open: PaymentException = {
  id: "kpex_1",
  class: "underpaid",
  state: "open",
  expected: { amount: "10.5", asset: "USDT", store_amount: "10.5" },
  observed: { amount: "5", asset: "USDTTRC", order: "open" },
  opened_at: "2026-01-01T10:10:00.000Z",
  closed_at: null,
  actor: null,
  resolution: null,
  note: null,
  actions: ["accept", "refund", "dismiss"],
  accepts: "amount",
  waited_for: false,
}
const anna: Person = { id: "user_anna", name: "Anna" }
const accepted: Partial<OrderPayment> = {
  accepted_amount: "10.5",
  accepted_by: anna,
  accepted_at: "2026-01-01T10:20:00.000Z",
  amount_received: "5",
  left_to_refund: "5",
}
const closed: PaymentException = {
  ...open,
  state: "closed",
  closed_at: "2026-01-01T10:20:00.000Z",
  actor: anna,
  resolution: "accepted",
  note: "agreed",
  actions: [],
}
const refund: PaymentRefund = {
  id: "kpref_1",
  amount: "5",
  hash: "hash",
  actor: anna,
  note: "returned",
  at: "2026-01-01T10:40:00.000Z",
  booked_amount: "5",
  state: "booked",
}
const allBack: Partial<OrderPayment> = { refunded: "5", refunds: [refund] }
const situation = (given: Partial<OrderPayment>, orderCanceled = false) => {
  const one = payment(given)
  return situationOf(one, [one], orderCanceled).key
}

describe("the situation", () => {
  test.each<[string, Partial<OrderPayment>]>([
    ["creating", { state: "creating" }],
    ["waiting", { state: "pending" }],
    ["overdue", { state: "pending", ended: true }],
    ["partial", { state: "partial", exceptions: [open] }],
    ["authorizing", { state: "paid", target: "authorized", converged: false }],
    ["seen", { state: "paid", target: "authorized" }],
    ["capturing", { state: "confirmed", target: "captured", converged: false }],
    ["captured", { state: "confirmed", target: "captured" }],
    ["captured_open", { state: "confirmed", target: "captured", exceptions: [open] }],
    ["captured_early", { state: "paid", target: "captured" }],
    ["held", { state: "confirmed", exceptions: [open] }],
    ["held_early", { state: "paid", exceptions: [open] }],
    ["set_aside", { state: "confirmed", exceptions: [{ ...open, state: "closed" }] }],
    ["set_aside", { state: "expired", exceptions: [closed] }],
    ["expired", { state: "expired", target: "order_cancelled", converged: false }],
    ["expired_done", { state: "expired", target: "order_cancelled" }],
    ["late", { state: "expired", exceptions: [open] }],
    ["failed_done", { state: "failed", target: "order_cancelled" }],
  ])("%s", (key, given) => {
    expect(situation(given)).toBe(key)
  })

  test.each<[string, Partial<OrderPayment>]>([
    ["capturing", { state: "partial", target: "captured", converged: false }],
    ["captured_accepted", { state: "partial", target: "captured" }],
    ["captured_accepted", { state: "expired", target: "captured" }],
    ["captured_accepted", { state: "paid", target: "captured" }],
    ["seen", { state: "partial", target: "authorized" }],
    ["accepted", { state: "partial" }],
    ["partial", { state: "partial", exceptions: [open] }],
  ])("of accepted money: %s, whatever state Kobbopay gives it", (key, given) => {
    expect(situation({ ...accepted, ...given })).toBe(key)
  })

  test.each<[string, Partial<OrderPayment>]>([
    ["refunded", { state: "partial" }],
    ["refunded", { state: "expired" }],
    ["refunded", { state: "confirmed", target: "captured" }],
    [
      "refunding",
      { state: "confirmed", target: "captured", refunds: [{ ...refund, state: "recorded" }] },
    ],
    ["captured", { state: "confirmed", target: "captured", left_to_refund: "5" }],
  ])("of money that was sent back: %s", (key, given) => {
    expect(situation({ ...allBack, ...given })).toBe(key)
  })

  test("a canceled order owes what was captured, until it was sent back or set aside", () => {
    const captured_at = "2026-01-01T10:15:00.000Z"
    const owed: Partial<OrderPayment> = { state: "confirmed", captured_at, left_to_refund: "5" }
    const owes = { ...open, class: "refund_owed" }
    expect(situation({ ...owed, exceptions: [owes] }, true)).toBe("refund_owed")
    expect(situation({ ...owed, exceptions: [{ ...closed, class: "refund_owed" }] }, true)).toBe(
      "captured_canceled",
    )
    expect(situation({ ...owed, ...allBack, left_to_refund: "0" }, true)).toBe("refunded")
  })

  test("an order that was canceled changes what happens next", () => {
    expect(situation({ state: "pending" }, true)).toBe("unpaid_canceled")
    expect(situation({ state: "confirmed", target: "captured" }, true)).toBe("captured_canceled")
  })

  test("a payment beside the one that settles the order is not used, and is folded away", () => {
    const left = payment({ id: "kpay_2", ended: true })
    const settled = payment({ state: "confirmed", target: "captured", amount_received: "10.5" })
    expect(situationOf(left, [left, settled], false).key).toBe("unused")
    expect(byWeight([left, settled])).toEqual([settled, left])
  })
})

describe("checking again", () => {
  test.each<[boolean, string, Partial<OrderPayment>[]]>([
    [true, "a payment that is awaited", [{ state: "pending" }]],
    [true, "a capture that is not booked yet", [{ state: "confirmed", converged: false }]],
    [
      true,
      "a refund that is not booked yet",
      [{ state: "confirmed", target: "captured", refunds: [{ ...refund, state: "recorded" }] }],
    ],
    [false, "a captured payment", [{ state: "confirmed", target: "captured" }]],
    [false, "a canceled order", [{ state: "expired", target: "order_cancelled" }]],
    [
      false,
      "an expired payment beside a captured one",
      [
        { id: "kpay_2", state: "expired", target: "order_cancelled", converged: false },
        { state: "confirmed", target: "captured" },
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

describe("what happened", () => {
  const decided = payment({
    state: "partial",
    captured_at: "2026-01-01T10:21:00.000Z",
    exceptions: [
      { ...closed, class: "overpaid", resolution: "refunded", closed_at: refund.at },
      closed,
    ],
    refunds: [refund],
    transitions: [
      { from: "creating", to: "pending", source: "checkout" },
      { from: "pending", to: "partial", source: "read" },
      { from: "partial", to: "partial", source: "admin", actor: anna, note: "agreed" },
    ].map((change) => ({
      at: "2026-01-01T10:10:00.000Z",
      amount_received: "5",
      actor: null,
      note: null,
      ...change,
    })),
  })

  test("the newest first, each decision once, with who took it and what they said", () => {
    expect(historyOf(decided).map(({ kind, by, note }) => [kind, by?.name, note])).toEqual([
      ["refunded", "Anna", "returned"],
      ["closed", undefined, null],
      ["captured", undefined, null],
      ["closed", "Anna", "agreed"],
      ["opened", undefined, null],
      ["opened", undefined, null],
      ["changed", undefined, null],
      ["created", undefined, null],
    ])
  })

  test("what is over by itself was closed by nobody", () => {
    const over = { ...closed, actor: { id: "kobbopay", name: "kobbopay" }, resolution: "cleared" }
    expect(historyOf(payment({ exceptions: [over] }))[0]).toMatchObject({
      kind: "closed",
      how: "cleared",
      by: null,
      note: null,
    })
  })

  test("who was faster is named", () => {
    const message = "This exception was closed already, by user_anna as accepted."
    expect(withNames(message, decided)).toBe(
      "This exception was closed already, by Anna as accepted.",
    )
  })

  test("a refund that becomes booked makes the order's own view out of date", () => {
    const before = payment({ refunds: [{ ...refund, state: "recorded" }] })
    expect(markOf([before])).not.toBe(markOf([payment({ refunds: [refund] })]))
    expect(markOf([before])).toBe(markOf([{ ...before, last_read_at: refund.at }]))
  })
})
