import { Modules } from "@medusajs/framework/utils"
import { AUTHORIZED, booksBecome, booksOf, capturedFor } from "../support/books"
import { callsOf } from "../support/calls"
import { refusal } from "../support/refusal"
import { INVOICE, OTHER_PROVIDER } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** What a shopper posts with a session, and whose session a call is about. */
storeSuite("what a session says of itself", (world) => {
  const { sandbox, purchase, admin, store, sessionPath } = callsOf(world)

  describe("whose session a call is about", () => {
    test("a session that names another one while it is being made is not authorized by that one's money", async () => {
      const small = await world().shopper.checkout(purchase())
      sandbox().pay(small.session.kobbopay_id, { amount: "10.5", confirm: true })
      const big = await world().shopper.cart({ ...purchase(), quantity: 50 })
      const collection = await world().shopper.collection(big)
      // The row that Medusa commits before it calls the provider, with what a shopper posted.
      const payments = world().container.resolve(Modules.PAYMENT)
      const made = await payments.createPaymentSession(collection, {
        provider_id: OTHER_PROVIDER,
        currency_code: "usd",
        amount: 525,
        data: {},
      })
      await world().rows(
        `UPDATE payment_session SET provider_id = ?, data = ?::jsonb WHERE id = ?`,
        [INVOICE, JSON.stringify({ session_id: small.session.session_id }), made.id],
      )
      await expect(world().shopper.complete(big)).rejects.toThrow()
      expect(await booksOf(world(), collection)).toMatchObject({ orders: 0, payments: 0 })
    })

    test("one that is deleted while it is being made moves nothing of the one that it names", async () => {
      const { collectionId, session } = await world().shopper.buy(purchase())
      const other = await world().shopper.cart(purchase())
      const collection = await world().shopper.collection(other)
      const payments = world().container.resolve(Modules.PAYMENT)
      const stray = await payments.createPaymentSession(collection, {
        provider_id: OTHER_PROVIDER,
        currency_code: "usd",
        amount: 10.5,
        data: {},
      })
      await world().rows(
        `UPDATE payment_session SET provider_id = ?, data = ?::jsonb WHERE id = ?`,
        [INVOICE, JSON.stringify({ session_id: session.session_id }), stray.id],
      )
      await payments.deletePaymentSession(stray.id)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("what a shopper posts with a session decides the rail and nothing else", async () => {
      const victim = await world().shopper.checkout(purchase())
      const cart = await world().shopper.cart(purchase())
      const collection = await world().shopper.collection(cart)
      await store(sessionPath(collection), {
        provider_id: INVOICE,
        data: {
          rail: "usdt-bsc",
          session_id: victim.session.session_id,
          token: victim.session.token,
        },
      })
      const [row] = await world().rows(
        `SELECT id, data->>'session_id' AS named, data->>'token' AS token, data->>'rail' AS rail
           FROM payment_session WHERE payment_collection_id = ? AND deleted_at IS NULL`,
        [collection],
      )
      expect(row?.["named"]).toBe(row?.["id"])
      expect(row?.["rail"]).toBe("usdt-bsc")
      expect(row?.["token"]).not.toBe(victim.session.token)
    })

    test("a capture of more than the payment settles is refused, whoever asks for it", async () => {
      const { collectionId, session } = await world().shopper.buy(purchase())
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      await world().rows(
        `UPDATE payment SET amount = 525, raw_amount = '{"value": "525", "precision": 20}'
          WHERE payment_collection_id = ?`,
        [collectionId],
      )
      sandbox().confirm(session.kobbopay_id)
      await sandbox().quiet()
      const [payment] = await world().rows(
        `SELECT id FROM payment WHERE payment_collection_id = ?`,
        [collectionId],
      )
      const capture = admin(`/admin/payments/${String(payment?.["id"])}/capture`, { amount: 525 })
      expect(await refusal(capture)).toMatch(/Nothing was captured/)
      expect(await booksOf(world(), collectionId)).toMatchObject({ captures: [] })
    })
  })
})
