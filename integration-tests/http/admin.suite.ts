import { z } from "@medusajs/framework/zod"
import { HttpError } from "../support/http"
import { INVOICE, SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const answerSchema = z.object({ payments: z.array(z.record(z.string(), z.unknown())) })

storeSuite("admin", (world) => {
  const purchase = () => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider: INVOICE,
  })
  const buy = () => world().shopper.buy(purchase())
  const path = (order: string) => `/admin/kobbopay/orders/${order}`
  const paymentsOf = async (order: string) =>
    (await world().merchant.call(path(order), answerSchema)).payments
  /** The order's one payment, once it has that state and Medusa shows its target. */
  const reached = (order: string, expected: Record<string, unknown>) =>
    world().worked(
      async () => {
        const [payment] = await paymentsOf(order)
        const there = Object.entries(expected).every(([key, value]) => payment?.[key] === value)
        return there ? payment : null
      },
      `the payment showing ${JSON.stringify(expected)}`,
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
      target: "nothing",
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
      collection: { failures: 0, last_error: null },
    })
  })

  test("its payment is found also while the ledger does not know the order", async () => {
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
    await reached(order.id, { state: "paid", target: "authorized", converged: true })
    world().sandbox.control.confirm(session.kobbopay_id)
    const payment = await reached(order.id, { state: "confirmed", converged: true })
    expect(payment).toMatchObject({
      target: "captured",
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
      target: "nothing",
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
    expect(payment).toMatchObject({ target: "order_cancelled", amount_received: null, ended: true })
    expect(payment["transitions"]).toMatchObject([{ to: "pending" }, { to: "expired" }])
    expect((await world().shopper.order(order.id)).status).toBe("canceled")
  })

  describe("what a person can do and did", () => {
    const ADMIN = { id: expect.stringMatching(/^user_/), name: "admin@example.com" }
    const post = (to: string, body: object) =>
      world().merchant.call(`/admin/kobbopay/${to}`, z.looseObject({}), { body })
    const actionsSchema = z.array(z.looseObject({ id: z.string(), class: z.string() }))
    /** The order's payment and its open exception of that class. */
    const troubled = async (order: string, expected: string) =>
      world().worked(async () => {
        const [payment] = await paymentsOf(order)
        const found = actionsSchema
          .parse(payment?.["exceptions"] ?? [])
          .find((one) => one.class === expected && one["state"] === "open")
        return found === undefined ? null : { found, payment: String(payment?.["id"]) }
      }, `an open exception ${expected}`)

    test("an underpaid payment offers its actions; accepted, it says who decided and what for", async () => {
      const { order, session } = await buy()
      world().sandbox.control.pay(session.kobbopay_id, {
        amount: "10",
        due: "10.5",
        confirm: true,
      })
      const { found } = await troubled(order.id, "underpaid")
      expect(found).toMatchObject({
        actions: ["accept", "refund", "dismiss"],
        accepts: "amount",
        actor: null,
        resolution: null,
        note: null,
      })
      const [before] = await paymentsOf(order.id)
      expect(before).toMatchObject({
        order_asks: "10.5",
        refunded: "0",
        left_to_refund: "10",
        excess: "0",
        accepted_by: null,
        accepted_at: null,
        refunds: [],
        captured_at: null,
      })
      await post(`exceptions/${found.id}/accept`, { note: "agreed" })
      const payment = await reached(order.id, { target: "captured", converged: true })
      expect(payment).toMatchObject({
        state: "partial",
        accepted_amount: "10.5",
        accepted_by: ADMIN,
        accepted_at: expect.any(String),
        captured_at: expect.any(String),
        exceptions: [{ actor: ADMIN, resolution: "accepted", note: "agreed", actions: [] }],
        transitions: expect.arrayContaining([
          expect.objectContaining({ source: "admin", actor: ADMIN, note: "agreed" }),
        ]),
      })
    })

    test("the slower of two people learns who was faster", async () => {
      const { order, session } = await buy()
      world().sandbox.control.pay(session.kobbopay_id, { amount: "4", confirm: true })
      const { found } = await troubled(order.id, "underpaid")
      const dismiss = () =>
        post(`exceptions/${found.id}/dismiss`, { code: "no_action", note: "talked to them" })
      await dismiss()
      await expect(dismiss()).rejects.toThrow(/409.*closed already, by user_\w+ as no_action/s)
      expect((await paymentsOf(order.id))[0]).toMatchObject({
        exceptions: [{ actor: ADMIN, resolution: "no_action", note: "talked to them" }],
      })
    })

    test("a refund is previewed, and then shown with what it booked", async () => {
      const { order, session } = await buy()
      world().sandbox.control.pay(session.kobbopay_id, { amount: "15.75", confirm: true })
      const { found, payment } = await troubled(order.id, "overpaid")
      await reached(order.id, { target: "captured", converged: true })
      expect(found["actions"]).toEqual(["accept", "refund", "dismiss"])
      const to = `payments/${payment}/refunds`
      const preview = (amount: string) =>
        world().merchant.call(`/admin/kobbopay/${to}/preview?amount=${amount}`, z.looseObject({}))
      expect(await preview("5.25")).toEqual({ booked_amount: null, currency_code: "usd" })
      expect(await preview("7.25")).toMatchObject({ booked_amount: "2" })
      await expect(preview("15.76")).rejects.toThrow(/400.*at most 15\.75 USDT/s)
      await expect(preview("much")).rejects.toThrow(/400.*amount/s)
      expect((await paymentsOf(order.id))[0]).toMatchObject({ excess: "5.25", refunded: "0" })
      await post(to, { amount: "7.25", hash: "tx-part", note: "returned" })
      await expect(post(to, { amount: "7.25", hash: "tx-part" })).rejects.toThrow(
        /409.*recorded already/s,
      )
      const after = await reached(order.id, { refunded: "7.25" })
      expect(after).toMatchObject({
        left_to_refund: "8.5",
        excess: "0",
        exceptions: [{ class: "overpaid", state: "closed", resolution: "refunded" }],
        refunds: [
          {
            amount: "7.25",
            hash: "tx-part",
            note: "returned",
            actor: ADMIN,
            booked_amount: "2",
            state: "booked",
            at: expect.any(String),
          },
        ],
      })
    })

    test("a canceled order's money can only go back", async () => {
      const { order, session } = await buy()
      world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await reached(order.id, { target: "captured", converged: true })
      await world().merchant.call(`/admin/orders/${order.id}/cancel`, z.looseObject({}), {
        body: {},
      })
      const { found } = await troubled(order.id, "refund_owed")
      expect(found).toMatchObject({ actions: ["refund", "dismiss"], accepts: null })
    })

    test("a superseded payment can be applied", async () => {
      const { collectionId, session, cartId } = await world().shopper.checkout(purchase())
      await world().shopper.session(collectionId, { ...purchase(), rail: "usdt-bsc" })
      const order = await world().shopper.complete(cartId)
      world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const find = async () =>
        (await paymentsOf(order.id))
          .flatMap((payment) => actionsSchema.parse(payment["exceptions"]))
          .find((one) => one.class === "superseded")
      const found = await world().worked(find, "an exception superseded")
      expect(found["actions"]).toEqual(["apply", "refund", "dismiss"])
    })
  })

  test("says no secret, no token of the payer and no webhook body", async () => {
    const { order, session } = await buy()
    world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
    await reached(order.id, { state: "confirmed", converged: true })
    const shown = JSON.stringify(await paymentsOf(order.id))
    const bodies = await world().rows(
      `SELECT raw_body FROM kobbopay_event WHERE reference = ? OR ? = ANY(kobbopay_ids)`,
      [session.reference, session.kobbopay_id],
    )
    expect(bodies).not.toEqual([])
    const hidden = [
      ...Object.values(SECRETS),
      "test-api-key",
      "test-public-id",
      "test-private-key",
      session.token,
      ...bodies.map(({ raw_body }) => JSON.stringify(String(raw_body)).slice(1, -1)),
    ]
    for (const secret of hidden) expect(shown).not.toContain(secret)
    expect(shown).not.toMatch(/raw_body|secret|token|signature/i)
  })
})
