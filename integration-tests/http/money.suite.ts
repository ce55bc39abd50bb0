import { z } from "@medusajs/framework/zod"
import type { PaymentView } from "../../src/sandbox"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  capturedFor,
} from "../support/books"
import { openExceptions } from "../support/exceptions"
import { BARE, DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

storeSuite("money", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (provider: string, rail = "usdt-tron") =>
    world().shopper.buy({ product: world().store.digital, rail, provider })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("too little captures nothing and says so; a second transfer makes it good", async () => {
      const { collectionId, order, session } = await buy(provider)
      sandbox().underpay(session.kobbopay_id, { due: session.amount, confirm: true })
      const partial = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
      await booksBecome(world(), collectionId, partial)
      expect(await openExceptions(world(), collectionId)).toMatchObject([
        {
          class: "underpaid",
          order_id: order.id,
          rail_id: "usdt-tron",
          expected: { amount: "10.5", asset: "USDT", reference: session.reference },
          observed: { amount: "5.25" },
        },
      ])
      expect(await world().shopper.order(order.id)).toMatchObject({ payment_status: "awaiting" })

      sandbox().secondTransfer(session.kobbopay_id, { amount: "5.25", confirm: true })
      const good = { ...capturedFor("10.5"), closed: ["underpaid"] }
      await booksBecome(world(), collectionId, good)
    })

    test("two parts of which the first was never read as final count once both are", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().pay(session.kobbopay_id, { amount: "5.25", due: "10.5" })
      const partial = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
      await booksBecome(world(), collectionId, partial)
      sandbox().secondTransfer(session.kobbopay_id, { amount: "5.25" })
      await booksBecome(world(), collectionId, { ...AUTHORIZED, closed: ["underpaid"] })
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["underpaid"] })
    })

    test("one millionth too little is too little", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().pay(session.kobbopay_id, {
        amount: "10.499999",
        due: session.amount,
        confirm: true,
      })
      const partial = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
      await booksBecome(world(), collectionId, partial)
    })

    test("too much is captured for the order's amount, and what is over is shown", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().overpay(session.kobbopay_id, { due: session.amount, confirm: true })
      await booksBecome(world(), collectionId, { ...capturedFor("10.5"), open: ["overpaid"] })
      expect(await openExceptions(world(), collectionId)).toMatchObject([
        { expected: { amount: "10.5" }, observed: { amount: "15.75" } },
      ])
    })

    test("paid twice: one capture, and the second transfer is shown", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", due: "10.5", confirm: true })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      sandbox().secondTransfer(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, { ...capturedFor("10.5"), open: ["overpaid"] })
      expect(await openExceptions(world(), collectionId)).toMatchObject([
        { observed: { amount: "21" } },
      ])
    })

    test("another token settles nothing, however much of it", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().payOtherToken(session.kobbopay_id, { amount: "105", due: "10.5", confirm: true })
      await world().worked(
        async () => (await booksOf(world(), collectionId)).open.length > 0,
        "an exception",
      )
      const books = await booksOf(world(), collectionId)
      expect(books).toMatchObject({ order: "pending", payments: 0, captures: [] })
      expect(books.open).toContain("rail_mismatch")
      expect(books.targets).toEqual(["nothing"])
    })

    test("every unit that Kobbopay received is captured, or stands in an open exception", async () => {
      const shares = ["10.5", "3", "0.000001", "10.6", "10.61", "1050"]
      const orders = []
      for (const amount of shares) {
        const bought = await buy(provider)
        sandbox().pay(bought.session.kobbopay_id, { amount, due: "10.5", confirm: true })
        orders.push({ ...bought, amount })
      }
      for (const { collectionId, session, amount } of orders) {
        await world().worked(async () => {
          const { captures, open } = await booksOf(world(), collectionId)
          return captures.length + open.length > 0
        }, "a capture or an exception")
        const { captures } = await booksOf(world(), collectionId)
        const [exception] = await openExceptions(world(), collectionId)
        const received: PaymentView["received"] = sandbox().payment(session.kobbopay_id).received
        expect(received).toBe(amount)
        expect(captures).toEqual(Number(amount) >= 10.5 ? ["10.5"] : [])
        // What is over by up to 1 % is within the account's tolerance.
        const isTolerated = Number(amount) >= 10.5 && Number(amount) <= 10.605
        expect(exception?.observed.amount ?? null).toBe(isTolerated ? null : amount)
      }
    })
  })

  test("where reads state sums, the parts of a payment are not counted twice", async () => {
    sandbox().setWeather({ summedTransfers: true })
    const { collectionId, session } = await buy(INVOICE)
    const partial = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
    sandbox().pay(session.kobbopay_id, { amount: "4", due: "10.5", confirm: true })
    await booksBecome(world(), collectionId, partial)
    sandbox().secondTransfer(session.kobbopay_id, { amount: "4", confirm: true })
    await allDue(world(), collectionId)
    await world().worked(async () => {
      const [row] = await world().rows(
        `SELECT received_minor FROM kobbopay_payment WHERE collection_id = ?`,
        [collectionId],
      )
      return row?.received_minor === "8000000"
    }, "the sum of both")
    // What only repeats a report waits for a while after a read.
    await allDue(world(), collectionId)
    await booksRest(world(), collectionId, partial)
    sandbox().secondTransfer(session.kobbopay_id, { amount: "2.5", confirm: true })
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["underpaid"] })
  })

  test("reads without amounts settle by their status, where Kobbopay knows the amount", async () => {
    const { collectionId, session } = await buy(BARE)
    const { control } = world().second
    control.underpay(session.kobbopay_id, { confirm: true })
    await allDue(world(), collectionId)
    await booksRest(world(), collectionId, AWAITING)
    control.secondTransfer(session.kobbopay_id, { amount: "5.25", confirm: true })
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, capturedFor("10.5"))
  })

  test("a rail without a price, an unknown one or none at all is refused with what is possible", async () => {
    const cart = await world().shopper.call(
      "/store/carts",
      z.object({ cart: z.object({ id: z.string() }) }),
      {
        body: {
          region_id: world().store.euroRegionId,
          items: [{ variant_id: world().store.digital.variantId, quantity: 1 }],
        },
      },
    )
    const collection = await world().shopper.collection(cart.cart.id)
    const session = (data: Record<string, unknown>) =>
      world().shopper.call(`/store/payment-collections/${collection}/payment-sessions`, anything, {
        body: { provider_id: DOCS, data },
      })
    await expect(session({ rail: "usdt-bsc" })).rejects.toThrow(/400: .*eur.*usd.*usdt-tron/is)
    await expect(session({ rail: "doge" })).rejects.toThrow(/400: .*doge.*usdt-tron, usdt-bsc/s)
    await expect(session({})).rejects.toThrow(/400: .*data\.rail.*usdt-tron, usdt-bsc/s)
    await expect(session({ rail: { $ne: "" } })).rejects.toThrow(/400: .*rail/s)
    expect(
      await world().rows(`SELECT id FROM kobbopay_payment WHERE collection_id = ?`, [collection]),
    ).toEqual([])
  })
})
