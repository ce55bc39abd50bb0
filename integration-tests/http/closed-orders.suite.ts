import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { allDue, booksBecome, booksRest, CANCELLED } from "../support/books"
import { callsOf } from "../support/calls"
import { refusal } from "../support/refusal"
import { INVOICE, OTHER_PROVIDER } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** Orders that are cancelled, paid otherwise, archived or expired: nothing is offered for them any more. */
storeSuite("orders that are over", (world) => {
  const { sandbox, purchase, admin, store, sessionPath } = callsOf(world)
  const made = () => sandbox().payments().length
  /** Medusa archives what is completed. */
  const archive = async (order: string) => {
    await admin(`/admin/orders/${order}/complete`)
    await admin(`/admin/orders/${order}/archive`)
  }

  describe("nothing is offered, and nothing made at Kobbopay,", () => {
    test("for an order that the merchant cancelled; its old payment is ended", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      await admin(`/admin/orders/${order.id}/cancel`)
      const before = made()
      const asked = store(sessionPath(collectionId), {
        provider_id: INVOICE,
        data: { rail: "usdt-bsc" },
      })
      expect(await refusal(asked)).toMatch(/cancelled/)
      expect(made()).toBe(before)
      expect(await world().shopper.payment(session.token)).toMatchObject({ ended: true })
    })

    test("for an order that expired", async () => {
      const { collectionId, session } = await world().shopper.buy(purchase())
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
      const before = made()
      const asked = store(sessionPath(collectionId), {
        provider_id: INVOICE,
        data: { rail: "usdt-tron" },
      })
      expect(await refusal(asked)).toMatch(/cancelled/)
      expect(made()).toBe(before)
    })

    test("for an order that the merchant marked as paid by hand; its address is ended too", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      const payments = world().container.resolve(Modules.PAYMENT)
      const other = await payments.createPaymentSession(collectionId, {
        provider_id: OTHER_PROVIDER,
        currency_code: "usd",
        amount: 10.5,
        data: {},
      })
      await payments.authorizePaymentSession(other.id, {})
      const before = made()
      const asked = store(sessionPath(collectionId), {
        provider_id: INVOICE,
        data: { rail: "usdt-bsc" },
      })
      expect(await refusal(asked)).toMatch(/paid/)
      expect(made()).toBe(before)
      expect(await world().shopper.payment(session.token)).toMatchObject({ ended: true })
      expect(await world().shopper.order(order.id)).toMatchObject({ status: "pending" })
    })

    test("for an order that was archived", async () => {
      const { collectionId, order } = await world().shopper.buy(purchase())
      await archive(order.id)
      const before = made()
      const asked = store(sessionPath(collectionId), {
        provider_id: INVOICE,
        data: { rail: "usdt-bsc" },
      })
      expect(await refusal(asked)).toMatch(/closed/)
      expect(made()).toBe(before)
    })

    test("for an order that waited too long, however often it was asked", async () => {
      const { collectionId, order } = await world().shopper.buy(purchase())
      await world().rows(
        `UPDATE "order" SET created_at = now() - interval '5 hours' WHERE id = ?`,
        [order.id],
      )
      await world().rows(
        `UPDATE kobbopay_payment SET window_ends_at = now() - interval '1 minute' WHERE collection_id = ?`,
        [collectionId],
      )
      const before = made()
      const asked = store(sessionPath(collectionId), {
        provider_id: INVOICE,
        data: { rail: "usdt-tron" },
      })
      expect(await refusal(asked)).toMatch(/waited too long/)
      expect(made()).toBe(before)
    })
  })

  describe("an expired payment", () => {
    test("ends its order although a session of another provider was opened and abandoned", async () => {
      const { collectionId, session } = await world().shopper.buy(purchase())
      const payments = world().container.resolve(Modules.PAYMENT)
      const other = await payments.createPaymentSession(collectionId, {
        provider_id: OTHER_PROVIDER,
        currency_code: "usd",
        amount: 10.5,
        data: {},
      })
      await world().rows(
        `UPDATE payment_session SET created_at = now() - interval '3 hours', status = 'pending' WHERE id = ?`,
        [other.id],
      )
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
    })

    test("ends its order although sessions of another provider are opened again and again", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      const path = sessionPath(collectionId)
      await world().rows(
        `UPDATE "order" SET created_at = now() - interval '5 hours' WHERE id = ?`,
        [order.id],
      )
      sandbox().expire(session.kobbopay_id)
      await sandbox().quiet()
      await store(path, { provider_id: OTHER_PROVIDER })
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, CANCELLED)
    })

    test("ends its order also when the completed cart was deleted", async () => {
      const { cartId, collectionId, session } = await world().shopper.buy(purchase())
      await world().container.resolve(Modules.CART).softDeleteCarts([cartId])
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
    })

    test("does not end its order while another collection of it is being paid, and does once that has ended too", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      const made = await admin("/admin/payment-collections", { order_id: order.id, amount: 10.5 })
      const { id: another } = z
        .object({ payment_collection: z.object({ id: z.string() }) })
        .parse(made).payment_collection
      const beside = await world().shopper.session(another, purchase())
      sandbox().expire(session.kobbopay_id)
      const waiting = { ...CANCELLED, order: "pending" }
      await booksBecome(world(), collectionId, waiting)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, waiting)
      sandbox().expire(beside.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
    })

    test("leaves an archived order alone", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      await archive(order.id)
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, { ...CANCELLED, order: "archived" })
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, { ...CANCELLED, order: "archived" })
    })
  })
})
