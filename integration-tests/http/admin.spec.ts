import { z } from "@medusajs/framework/zod"
import { HttpError } from "../support/http"
import { INVOICE, SECRETS, storeSuite } from "../support/store-suite"

const answerSchema = z.object({ payments: z.array(z.record(z.string(), z.unknown())) })

storeSuite("admin", (world) => {
  const purchase = () => ({
    ...{ product: world().store.digital, rail: "usdt-tron", provider: INVOICE },
  })
  const buy = () => world().shopper.buy(purchase())
  const path = (order: string) => `/admin/kobbopay/orders/${order}`
  const paymentsOf = async (order: string) =>
    (await world().merchant.call(path(order), answerSchema)).payments
  /** The order's one payment, once it has that state and Medusa shows what it wants. */
  const reached = (order: string, wanted: Record<string, unknown>) =>
    world().worked(
      async () => {
        const [payment] = await paymentsOf(order)
        const there = Object.entries(wanted).every(([key, value]) => payment?.[key] === value)
        return there ? payment : null
      },
      `the payment showing ${JSON.stringify(wanted)}`,
    )

  test("is not for those who are not logged in", async () => {
    const { order } = await buy()
    const refused = await fetch(`${world().url}${path(order.id)}`)
    expect(refused.status).toBe(401)
    await expect(world().shopper.call(path(order.id), answerSchema)).rejects.toThrow(HttpError)
  })

  test("an order without Kobbopay payments has none", async () => {
    expect(await paymentsOf("order_unknown")).toEqual([])
  })

  test("an order that awaits its payment shows what to pay, where, and until when", async () => {
    const { order, session } = await buy()
    const [payment, ...others] = await paymentsOf(order.id)
    expect(others).toEqual([])
    expect(payment).toMatchObject({
      account: "kobbopay",
      state: "pending",
      want: "nothing",
      rail_label: "USDT on Tron (TRC20)",
      amount: session.amount,
      amount_received: null,
      store_amount: "10.5",
      currency_code: "usd",
      address: session.address,
      reference: session.reference,
      kobbopay_id: session.kobbopay_id,
      transfers: [],
      ended: false,
      exceptions: [],
      group: { failures: 0, last_error: null },
    })
  })

  test("its payment is found also while the ledger has not noted the order", async () => {
    const { order, session } = await buy()
    await world().rows(`UPDATE kobbopay_payment SET order_id = NULL WHERE reference = ?`, [
      session.reference,
    ])
    expect(await paymentsOf(order.id)).toMatchObject([{ reference: session.reference }])
  })

  test("the newest payment of several comes first", async () => {
    const rail = "usdt-bsc"
    const { collectionId, session: first, cartId } = await world().shopper.checkout(purchase())
    const second = await world().shopper.session(collectionId, { ...purchase(), rail })
    const order = await world().shopper.complete(cartId)
    expect(await paymentsOf(order.id)).toMatchObject([
      { rail, reference: second.reference },
      { rail: "usdt-tron", reference: first.reference },
    ])
  })

  test("a paid order shows the transfer and how it came to be captured", async () => {
    const { order, session } = await buy()
    world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount })
    await reached(order.id, { state: "paid", want: "authorized", converged: true })
    world().sandbox.control.confirm(session.kobbopay_id)
    const payment = await reached(order.id, { state: "confirmed", converged: true })
    expect(payment).toMatchObject({
      want: "captured",
      amount_received: session.amount,
      transfers: [{ hash: expect.stringMatching(/^\w{16,}$/), amount: session.amount }],
      exceptions: [],
      transitions: [
        { from: "creating", to: "pending", source: "checkout", amount_received: null },
        { from: "pending", to: "paid", amount_received: session.amount },
        { from: "paid", to: "confirmed", amount_received: session.amount },
      ],
    })
  })

  test("an underpaid order shows what was expected and what was seen", async () => {
    const { order, session } = await buy()
    world().sandbox.control.pay(session.kobbopay_id, { amount: "4.25", confirm: true })
    const payment = await reached(order.id, { state: "partial", amount_received: "4.25" })
    expect(payment).toMatchObject({
      want: "nothing",
      exceptions: [
        {
          class: "underpaid",
          state: "open",
          expected: { amount: session.amount },
          observed: { amount: "4.25" },
          closed_at: null,
        },
      ],
    })
  })

  test("an expired order shows that nothing came and that the order was cancelled", async () => {
    const { order, session } = await buy()
    world().sandbox.control.expire(session.kobbopay_id)
    const payment = await reached(order.id, { state: "expired", converged: true })
    expect(payment).toMatchObject({ want: "order_cancelled", amount_received: null, ended: true })
    expect(payment["transitions"]).toMatchObject([{ to: "pending" }, { to: "expired" }])
    expect((await world().shopper.order(order.id)).status).toBe("canceled")
  })

  test("says no secret, no token of the payer and no webhook body", async () => {
    const { order, session } = await buy()
    world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
    await reached(order.id, { state: "confirmed", converged: true })
    const said = JSON.stringify(await paymentsOf(order.id))
    const bodies = await world().rows(
      `SELECT raw_body FROM kobbopay_event WHERE reference = ? OR ? = ANY(kobbopay_ids)`,
      [session.reference, session.kobbopay_id],
    )
    expect(bodies).not.toEqual([])
    const hidden = [
      ...Object.values(SECRETS),
      ...["test-api-key", "test-public-id", "test-private-key", session.token],
      ...bodies.map(({ raw_body }) => JSON.stringify(String(raw_body)).slice(1, -1)),
    ]
    for (const secret of hidden) expect(said).not.toContain(secret)
    expect(said).not.toMatch(/raw_body|secret|token|signature/i)
  })
})
