import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
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
import { openExceptions } from "../support/exceptions"
import { AFTER, DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

storeSuite("money and the order's own life", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (provider: string, rail = "usdt-tron") =>
    world().shopper.buy({ product: world().store.digital, rail, provider })
  const checkout = (provider: string, rail = "usdt-tron") =>
    world().shopper.checkout({ product: world().store.digital, rail, provider })
  const admin = (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(path, anything, { body })
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
      expect(await openExceptions(world(), collectionId)).toMatchObject([
        { observed: { amount: "10.5" } },
      ])
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
})
