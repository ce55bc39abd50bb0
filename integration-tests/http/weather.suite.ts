import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { STORM } from "../../src/sandbox"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
} from "../support/books"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

storeSuite("weather and expiry", (world) => {
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
  const pay = (id: string, amount = "10.5") => sandbox().pay(id, { amount })
  const payAndConfirm = (id: string, amount = "10.5") =>
    sandbox().pay(id, { amount, confirm: true })
  const eventsOf = (id: string) =>
    world().rows(
      `SELECT type, state, outcome, times_seen FROM kobbopay_event WHERE kobbopay_ids @> ARRAY[?]::text[]
        ORDER BY received_at`,
      [id],
    )
  const transitionsOf = async (collection: string) =>
    (
      await world().rows(
        `SELECT to_state FROM kobbopay_transition WHERE payment_id IN
           (SELECT id FROM kobbopay_payment WHERE collection_id = ?) ORDER BY at, id`,
        [collection],
      )
    ).map(({ to_state }) => to_state)

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("every event six times and out of order: one capture, and nothing moves back", async () => {
      sandbox().setWeather({ duplicates: { copies: 5 }, reorder: { probability: 0.5 } })
      const { collectionId, session } = await buy(provider)
      payAndConfirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await booksRest(world(), collectionId, capturedFor("10.5"))
      const seen = await eventsOf(session.kobbopay_id)
      expect(seen.map(({ state }) => state)).toEqual(seen.map(() => "done"))
      for (const { times_seen } of seen) expect(times_seen).toBeGreaterThanOrEqual(6)
      const [first, ...rest] = await transitionsOf(collectionId)
      expect(first).toBe("pending")
      expect([["confirmed"], ["paid", "confirmed"]]).toContainEqual(rest)
    })

    test("Confirmed before Paid captures, and the late Paid changes nothing", async () => {
      sandbox().setWeather({ reorder: { count: 1, holdMs: 20_000 } })
      const { collectionId, session } = await buy(provider)
      payAndConfirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      sandbox().announce(session.kobbopay_id, "payment.paid")
      await sandbox().quiet()
      await world().worker.drain()
      // What only repeats a report waits for a while after a read.
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, capturedFor("10.5"))
      expect(await transitionsOf(collectionId)).not.toContain("expired")
    })

    test("not one webhook comes through: the sweep heals it, step by step", async () => {
      sandbox().setWeather({ drop: true })
      const { collectionId, session } = await buy(provider)
      pay(session.kobbopay_id)
      await booksRest(world(), collectionId, AWAITING)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, AUTHORIZED)
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await eventsOf(session.kobbopay_id)).toEqual([])
    })

    test("an event that reports more than the read waits, and captures nothing before the read says so", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().announce(session.kobbopay_id, "payment.confirmed")
      const waiting = { ...AWAITING, unworked: 1 }
      await booksRest(world(), collectionId, waiting)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, waiting)

      pay(session.kobbopay_id)
      await booksBecome(world(), collectionId, { ...AUTHORIZED, unworked: 1 })
      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("an event that the reads never bear out becomes an exception, until they do", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().announce(session.kobbopay_id, "payment.confirmed")
      await booksRest(world(), collectionId, { ...AWAITING, unworked: 1 })
      await world().rows(
        `UPDATE kobbopay_event SET received_at = received_at - interval '16 minutes' WHERE state = 'received'`,
      )
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, {
        ...AWAITING,
        open: ["ambiguous_finality"],
      })
      payAndConfirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      const healed = { ...capturedFor("10.5"), closed: ["ambiguous_finality"] }
      await booksBecome(world(), collectionId, healed)
    })

    test.each([
      ["resets every connection", { outage: true }],
      ["answers 503", { serverError: { on: "read" as const } }],
      ["limits the rate", { rateLimit: { on: "read" as const, retryAfterSeconds: 3600 } }],
      ["answers nonsense", { garbage: { on: "read" as const } }],
    ])("while Kobbopay %s nothing moves; afterwards it heals", async (_what, weather) => {
      const paid = await buy(provider)
      const unpaid = await buy(provider)
      sandbox().setWeather(weather)
      payAndConfirm(paid.session.kobbopay_id)
      sandbox().expire(unpaid.session.kobbopay_id)
      await until(async () => (await booksOf(world(), paid.collectionId)).unworked > 0, {
        withinMs: 10_000,
        what: "the events being recorded",
      })
      for (const { collectionId } of [paid, unpaid]) {
        await allDue(world(), collectionId)
        await world().worker.drain()
        const books = await booksOf(world(), collectionId)
        expect({ ...books, unworked: 0 }).toEqual(AWAITING)
      }

      sandbox().clearWeather()
      for (const { collectionId } of [paid, unpaid]) await allDue(world(), collectionId)
      await booksBecome(world(), paid.collectionId, capturedFor("10.5"))
      await booksBecome(world(), unpaid.collectionId, CANCELLED)
    })

    test("reads that lag behind the events put the capture off, and lose nothing", async () => {
      sandbox().setWeather({ laggingReads: { reads: 2 } })
      const { collectionId, session } = await buy(provider)
      payAndConfirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await transitionsOf(collectionId)).not.toContain("expired")
    })

    test("a storm over several orders ends with each paid once and the unpaid one cancelled", async () => {
      const orders = [await buy(provider), await buy(provider), await buy(provider)]
      const unpaid = await buy(provider)
      sandbox().setWeather(STORM)
      for (const { session } of orders) payAndConfirm(session.kobbopay_id)
      sandbox().expire(unpaid.session.kobbopay_id)
      await sandbox().quiet()
      await world().worker.drain()
      sandbox().clearWeather()
      sandbox().announce(unpaid.session.kobbopay_id, "payment.expired")
      for (const { collectionId } of [...orders, unpaid]) await allDue(world(), collectionId)
      for (const { collectionId } of orders) {
        await booksBecome(world(), collectionId, capturedFor("10.5"))
      }
      await booksBecome(world(), unpaid.collectionId, CANCELLED)
    })

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
      expect((await transitionsOf(collectionId)).filter((to) => to === "expired")).toHaveLength(1)
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
        withinMs: 10_000,
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
