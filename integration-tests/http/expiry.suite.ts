import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import {
  allDue,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  transitionsOf,
  CANCELLED,
} from "../support/books"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

storeSuite("expiry", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (provider: string) =>
    world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
  /** A shipped product, 24 + 5 for the way. */
  const buyShirts = (provider: string, quantity = 2) =>
    world().shopper.buy({
      product: world().store.physical,
      rail: "usdt-tron",
      provider,
      quantity,
      shipped: true,
    })
  const stock = () => world().merchant.stock(world().store.physical.inventoryItemId)
  const payAndConfirm = (id: string, amount = "10.5") =>
    sandbox().pay(id, { amount, confirm: true })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("Expired cancels the order and gives its stock back, once", async () => {
      const before = await stock()
      const { collectionId, session } = await buyShirts(provider)
      expect(await stock()).toMatchObject({ reserved: before.reserved + 2 })
      sandbox().setWeather({ duplicates: { copies: 3 } })
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
      expect(await stock()).toEqual(before)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, CANCELLED)
      expect(await stock()).toEqual(before)
      expect(
        (await transitionsOf(world(), collectionId)).filter((to) => to === "expired"),
      ).toHaveLength(1)
    })

    test("an order that another provider's payment covers is not cancelled by the expiry", async () => {
      const before = await stock()
      const { collectionId, session, order } = await buyShirts(provider)
      await payOtherwise(order.id)
      sandbox().expire(session.kobbopay_id)
      const kept = { ...CANCELLED, order: "pending" }
      await booksBecome(world(), collectionId, kept)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, kept)
      expect(await stock()).toMatchObject({ reserved: before.reserved + 2 })
    })

    test("an order with an unworked event is not cancelled by the expiry", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().announce(session.kobbopay_id, "payment.confirmed")
      await booksRest(world(), collectionId, { ...AWAITING, unworked: 1 })
      sandbox().expire(session.kobbopay_id)
      const kept = { ...CANCELLED, order: "pending", targets: ["nothing"], unworked: 1 }
      await booksBecome(world(), collectionId, kept)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, kept)
    })

    test("money that arrives while the order is being cancelled settles, or is an exception", async () => {
      const { collectionId, session } = await buyShirts(provider)
      sandbox().setWeather({ slowMs: 40 })
      sandbox().expire(session.kobbopay_id)
      await until(async () => (await booksOf(world(), collectionId)).ledger[0] === "expired", {
        withinMs: 30_000,
        everyMs: 5,
        what: "the payment being expired",
      })
      payAndConfirm(session.kobbopay_id, "53")
      sandbox().clearWeather()
      const found = await world().worked(async () => {
        const { open } = await booksOf(world(), collectionId)
        return open.length > 0 && open
      }, "an exception about the late money")
      const books = await booksOf(world(), collectionId)
      expect(books).toMatchObject({ captures: [], payments: 0, targets: ["nothing"] })
      expect(found).toEqual([books.order === "canceled" ? "order_cancelled" : "late_payment"])
    })

    test("a mark left by a process that died while cancelling keeps money out, then is resolved", async () => {
      const { collectionId, session, order } = await buy(provider)
      await world().rows(
        `UPDATE kobbopay_collection SET cancelling_at = now(), lease_owner = 'died', fence = fence + 1,
           lease_until = now() + interval '1 hour' WHERE id = ?`,
        [collectionId],
      )
      payAndConfirm(session.kobbopay_id)
      await sandbox().quiet()
      await world()
        .container.resolve(Modules.PAYMENT)
        .authorizePaymentSession(session.session_id, {})
      const held = { ledger: ["confirmed"], open: ["order_cancelled"], captures: [], payments: 0 }
      expect(await booksOf(world(), collectionId)).toMatchObject(held)

      // Only an old mark is taken over: its process might have paused in the middle of cancelling.
      await world().rows(
        `UPDATE kobbopay_collection SET lease_until = now(), cancelling_at = now() - interval '3 minutes'
          WHERE id = ?`,
        [collectionId],
      )
      await allDue(world(), collectionId)
      await world().worked(
        async () => (await world().shopper.order(order.id)).payment_status === "captured",
        "the capture",
      )
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "pending",
        captures: ["10.5"],
        transactions: ["10.5"],
        targets: ["captured"],
        open: [],
      })
    })
  })

  test("a contract that never says Expired: the order ends by closePendingAfter", async () => {
    const before = await stock()
    const { collectionId, session } = await buyShirts(INVOICE)
    await world().rows(
      `UPDATE kobbopay_payment SET created_at = created_at - interval '25 hours',
         window_ends_at = window_ends_at - interval '25 hours' WHERE collection_id = ?`,
      [collectionId],
    )
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, CANCELLED)
    expect(await stock()).toEqual(before)
    expect(await world().shopper.payment(session.token)).toMatchObject({ ended: true })

    payAndConfirm(session.kobbopay_id, "53")
    await booksBecome(world(), collectionId, {
      ...CANCELLED,
      targets: ["nothing"],
      open: ["order_cancelled"],
    })
  })

  /** Another provider's payment on a collection of its own, as a merchant who takes cash makes it. */
  async function payOtherwise(orderId: string): Promise<void> {
    const { container } = world()
    const payments = container.resolve(Modules.PAYMENT)
    const [collection] = await payments.createPaymentCollections([
      { currency_code: "usd", amount: 53 },
    ])
    const id = collection?.id ?? ""
    await container.resolve(ContainerRegistrationKeys.LINK).create({
      [Modules.ORDER]: { order_id: orderId },
      [Modules.PAYMENT]: { payment_collection_id: id },
    })
    const session = await payments.createPaymentSession(id, {
      provider_id: "pp_system_default",
      currency_code: "usd",
      amount: 53,
      data: {},
    })
    await payments.authorizePaymentSession(session.id, {})
  }
})
