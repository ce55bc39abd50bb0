import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { KobbopayProviderService } from "../../src/providers/kobbopay/service"
import type { PaymentView } from "../../src/sandbox"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
  type Books,
} from "../support/books"
import { freePort } from "../support/free-port"
import { startMedusa } from "../support/medusa-process"
import { AFTER, BARE, DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})
const exceptionSchema = z.object({
  class: z.string(),
  order_id: z.string().nullable(),
  rail_id: z.string(),
  expected: z.looseObject({ amount: z.string(), asset: z.string(), reference: z.string() }),
  observed: z.looseObject({ amount: z.string().nullable(), asset: z.string().nullable() }),
})

storeSuite("money", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (provider: string, rail = "usdt-tron") =>
    world().shopper.buy({ product: world().store.digital, rail, provider })
  const checkout = (provider: string, rail = "usdt-tron") =>
    world().shopper.checkout({ product: world().store.digital, rail, provider })
  const admin = (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(path, anything, { body })
  const exceptionsOf = async (collection: string) =>
    z.array(exceptionSchema).parse(
      await world().rows(
        `SELECT * FROM kobbopay_exception WHERE state = 'open' AND payment_id IN
           (SELECT id FROM kobbopay_payment WHERE collection_id = ?)`,
        [collection],
      ),
    )
  const medusaPayment = async (collection: string) => {
    const [row] = await world().rows(`SELECT id FROM payment WHERE payment_collection_id = ?`, [
      collection,
    ])
    return z.object({ id: z.string() }).parse(row).id
  }
  /** Confirmed money that settles nothing, and the class of the exception it is shown by. */
  const held = (open: string, books: Books = AWAITING): Books => ({
    ...books,
    ledger: ["confirmed"],
    targets: ["nothing"],
    open: [open],
  })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("too little captures nothing and says so; a second transfer makes it good", async () => {
      const { collectionId, order, session } = await buy(provider)
      sandbox().underpay(session.kobbopay_id, { due: session.amount, confirm: true })
      const partial = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
      await booksBecome(world(), collectionId, partial)
      expect(await exceptionsOf(collectionId)).toMatchObject([
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
      expect(await exceptionsOf(collectionId)).toMatchObject([
        { expected: { amount: "10.5" }, observed: { amount: "15.75" } },
      ])
    })

    test("paid twice: one capture, and the second transfer is shown", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", due: "10.5", confirm: true })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      sandbox().secondTransfer(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, { ...capturedFor("10.5"), open: ["overpaid"] })
      expect(await exceptionsOf(collectionId)).toMatchObject([{ observed: { amount: "21" } }])
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

    test("money for an order that the merchant cancelled is shown, and the order stays cancelled", async () => {
      const { collectionId, order, session } = await buy(provider)
      await admin(`/admin/orders/${order.id}/cancel`)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, held("order_cancelled", CANCELLED))
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, held("order_cancelled", CANCELLED))
    })

    test("money after Expired and the order's end is shown, and nothing comes back to life", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const late = { ...CANCELLED, targets: ["nothing"], open: ["order_cancelled"] }
      await booksBecome(world(), collectionId, late)
      expect(await exceptionsOf(collectionId)).toMatchObject([{ observed: { amount: "10.5" } }])
    })

    test("both of two payments for one order paid: one capture, the other is shown", async () => {
      const { cartId, collectionId, session } = await checkout(provider)
      const second = await world().shopper.session(collectionId, { rail: "usdt-bsc", provider })
      await world().shopper.complete(cartId)
      sandbox().setWeather({ drop: true })
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      sandbox().pay(second.kobbopay_id, { amount: "10.5", confirm: true })
      await allDue(world(), collectionId)
      await world().worked(
        async () => (await booksOf(world(), collectionId)).captures.length > 0,
        "the capture",
      )
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        ledger: ["confirmed", "confirmed"],
        targets: ["nothing", "captured"],
        open: ["duplicate_payment"],
        closed: ["superseded"],
      })
    })

    test("what a merchant may not do to a payment that is not final is refused in words", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      const id = await medusaPayment(collectionId)
      await expect(admin(`/admin/payments/${id}/capture`)).rejects.toThrow(
        /400: Nothing was captured: Kobbopay has seen payment .* but not confirmed it/,
      )
      const payments = world().container.resolve(Modules.PAYMENT)
      await expect(payments.cancelPayment(id)).rejects.toThrow(/money has arrived/i)
      await expect(payments.deletePaymentSession(session.session_id)).rejects.toThrow(/must stay/)
      await booksRest(world(), collectionId, AUTHORIZED)

      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await admin(`/admin/payments/${id}/capture`).catch(() => undefined)
      await expect(admin(`/admin/payments/${id}/refund`, { amount: 10.5 })).rejects.toThrow(
        /400: Kobbopay has no refund call, so nothing was refunded/,
      )
      await booksRest(world(), collectionId, capturedFor("10.5"))
    })

    test("a merchant's authorize of a waiting session makes a payment only when there is money", async () => {
      sandbox().setWeather({ drop: true })
      const { collectionId, order, session } = await buy(provider)
      const authorize = () =>
        world().merchant.call(
          `/admin/orders/${order.id}/payment-sessions/authorize`,
          z.object({ is_authorized: z.boolean() }),
          { body: { payment_session_id: session.session_id } },
        )
      expect(await authorize()).toEqual({ is_authorized: false })
      await booksRest(world(), collectionId, AWAITING)
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      expect(await authorize()).toEqual({ is_authorized: true })
      await booksRest(world(), collectionId, AUTHORIZED)
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("cancelling an order whose money is on its way keeps the payment and shows the money", async () => {
      const { collectionId, order, session } = await buy(provider)
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      await admin(`/admin/orders/${order.id}/cancel`)
      sandbox().confirm(session.kobbopay_id)
      const kept = { ...AUTHORIZED, order: "canceled" }
      await booksBecome(world(), collectionId, held("order_cancelled", kept))
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
        const [exception] = await exceptionsOf(collectionId)
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

  test("a failed transfer ends an unpaid order once its offer is over, and not before", async () => {
    const { collectionId, session } = await buy(INVOICE)
    sandbox().fail(session.kobbopay_id)
    await allDue(world(), collectionId)
    await booksRest(world(), collectionId, AWAITING)
    await world().rows(
      `UPDATE kobbopay_payment SET window_ends_at = now() - interval '1 second' WHERE collection_id = ?`,
      [collectionId],
    )
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, { ...CANCELLED, ledger: ["failed"] })
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

  test("with placeOrder after-payment the cart waits, then completes by itself", async () => {
    const { cartId, collectionId, session } = await checkout(AFTER)
    const complete = world().shopper.complete(cartId)
    await expect(complete).rejects.toThrow(/answered 400/)
    const waiting = { ...AWAITING, orders: 0, order: null }
    await booksRest(world(), collectionId, waiting)
    world().second.control.pay(session.kobbopay_id)
    await booksBecome(world(), collectionId, AUTHORIZED)
    world().second.control.confirm(session.kobbopay_id)
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

  test("a store with faulty options does not boot, and its log names every fault and no secret", async () => {
    const faulty = [
      { id: "kobbopay", options: { profile: "docs", baseUrl: "not a url", rails: [], colour: 1 } },
      { id: "second", options: { profile: "paper", webhook: { secrets: ["hush-hush-hush"] } } },
    ]
    expect(() => KobbopayProviderService.validateOptions(faulty[0]?.options ?? {})).toThrow(
      /baseUrl[^]*apiKey[^]*rails|rails[^]*baseUrl|baseUrl[^]*rails/,
    )
    const { projectConfig } = world().container.resolve(ContainerRegistrationKeys.CONFIG_MODULE)
    const folder = await mkdtemp(join(tmpdir(), "kobbopay-boot-"))
    const logFile = join(folder, "store.log")
    const env = {
      DATABASE_URL: String(projectConfig.databaseUrl),
      KOBBOPAY_ACCOUNTS: JSON.stringify(faulty),
    }
    try {
      const started = startMedusa(await freePort(), { env, logFile }).then((store) => store.kill())
      await expect(started).rejects.toThrow(/ended while it started/)
      const log = await readFile(logFile, "utf8")
      for (const key of ["baseUrl", "apiKey", "webhook", "rails", "colour", "profile"]) {
        expect(log).toContain(key)
      }
      expect(log).not.toContain("hush-hush-hush")
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
