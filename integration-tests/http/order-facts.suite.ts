import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { beginOrderEditOrderWorkflow } from "@medusajs/medusa/core-flows"
import {
  allDue,
  AUTHORIZED,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
} from "../support/books"
import { DOCS, INVOICE, OTHER_PROVIDER } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

/** What an order asks, who else pays for it, and whose session a call is about: from Medusa's own facts. */
storeSuite("facts of the order", (world) => {
  const sandbox = () => world().sandbox.control
  const purchase = (provider = INVOICE, quantity = 1) => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
    quantity,
  })
  const admin = (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(path, anything, { body })
  const store = (path: string, body: Record<string, unknown> = {}) =>
    world().shopper.call(path, anything, { body })
  const sessionPath = (collection: string) =>
    `/store/payment-collections/${collection}/payment-sessions`
  const refusalOf = (run: Promise<unknown>): Promise<string> =>
    run.then(
      () => "nothing was refused",
      (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
    )
  const made = () => sandbox().payments().length
  const firstItem = async (cart: string) => {
    const [item] = await world().rows(`SELECT id FROM cart_line_item WHERE cart_id = ?`, [cart])
    return String(item?.["id"])
  }
  const collectionAmount = async (collection: string) => {
    const [row] = await world().rows(
      `SELECT raw_amount->>'value' AS amount FROM payment_collection WHERE id = ?`,
      [collection],
    )
    return row?.["amount"]
  }
  const editTo = async (order: string, quantity: number) => {
    const { container } = world()
    const [item] = await world().rows(
      `SELECT i.item_id AS id FROM order_item i WHERE i.order_id = ? AND i.deleted_at IS NULL
        ORDER BY i.version DESC LIMIT 1`,
      [order],
    )
    await beginOrderEditOrderWorkflow(container).run({ input: { order_id: order } })
    await admin(`/admin/order-edits/${order}/items/item/${String(item?.["id"])}`, { quantity })
    await admin(`/admin/order-edits/${order}/confirm`)
  }
  /** Medusa archives what is completed. */
  const archive = async (order: string) => {
    await admin(`/admin/orders/${order}/complete`)
    await admin(`/admin/orders/${order}/archive`)
  }
  const collectionsOf = async (order: string) =>
    (
      await world().rows(
        `SELECT payment_collection_id AS id FROM order_payment_collection
          WHERE order_id = ? AND deleted_at IS NULL ORDER BY created_at`,
        [order],
      )
    ).map((row) => String(row["id"]))

  describe("a quantity change that Medusa refuses", () => {
    test("leaves the cart's own price to be captured, without an exception, and the collection is put right", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(purchase())
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      sandbox().setWeather({ serverError: { on: "read" } })
      await sandbox().quiet()
      await world().rows(
        `UPDATE kobbopay_payment SET money_seen_at = now(), received_minor = '10500000'
        WHERE collection_id = ?`,
        [collectionId],
      )
      const change = store(`/store/carts/${cartId}/line-items/${await firstItem(cartId)}`, {
        quantity: 4,
      })
      expect(await refusalOf(change)).toMatch(/answered/)
      // What was seen of a refused change: the collection asks for it, the cart does not.
      await world().rows(
        `UPDATE payment_collection SET amount = 42, raw_amount = '{"value": "42", "precision": 20}' WHERE id = ?`,
        [collectionId],
      )
      sandbox().clearWeather()
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await collectionAmount(collectionId)).toBe("10.5")
    })
  })

  describe("an order edited down while it is only authorized", () => {
    test("is never captured for more than it asks: a person decides, and what it asks is captured", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase(INVOICE, 2))
      sandbox().pay(session.kobbopay_id, { amount: "21" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      await editTo(order.id, 1)
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      const changed = {
        ...AUTHORIZED,
        ledger: ["confirmed"],
        targets: ["nothing"],
        open: ["order_changed"],
      }
      await booksBecome(world(), collectionId, changed)
      const [{ id } = { id: "" }] = await world().rows(
        `SELECT id FROM kobbopay_exception WHERE class = 'order_changed' AND state = 'open'`,
      )
      await admin(`/admin/kobbopay/exceptions/${String(id)}/accept`)
      const { captures } = await booksOf(world(), collectionId)
      expect(captures).toEqual(["10.5"])
    })
  })

  describe("an order edited up between Paid and Confirmed", () => {
    test("keeps what was authorized, and offers what is still owed and not the whole", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      await editTo(order.id, 2)
      const [second = ""] = (await collectionsOf(order.id)).filter((id) => id !== collectionId)
      const offered = await world().shopper.session(second, purchase())
      expect(offered.amount).toBe("10.5")
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      sandbox().pay(offered.kobbopay_id, { amount: "10.5", confirm: true })
      const books = await world().worked(async () => {
        const found = await booksOf(world(), second)
        return found.captures.length > 0 || found.open.length > 0 ? found : null
      }, "the second payment")
      expect(books).toMatchObject({ captures: ["10.5"], open: [] })
    })
  })

  describe("nothing is offered, and nothing made at Kobbopay,", () => {
    test("for an order that the merchant cancelled; its old payment is ended", async () => {
      const { collectionId, session, order } = await world().shopper.buy(purchase())
      await admin(`/admin/orders/${order.id}/cancel`)
      const before = made()
      const asked = store(sessionPath(collectionId), {
        provider_id: INVOICE,
        data: { rail: "usdt-bsc" },
      })
      expect(await refusalOf(asked)).toMatch(/cancelled/)
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
      expect(await refusalOf(asked)).toMatch(/cancelled/)
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
      expect(await refusalOf(asked)).toMatch(/paid/)
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
      expect(await refusalOf(asked)).toMatch(/closed/)
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
      expect(await refusalOf(asked)).toMatch(/waited too long/)
      expect(made()).toBe(before)
    })
  })

  describe("an order that another provider pays for", () => {
    test("keeps our money out when the cart completes on the other one of two live sessions", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(purchase())
      const payments = world().container.resolve(Modules.PAYMENT)
      const other = await payments.createPaymentSession(collectionId, {
        provider_id: OTHER_PROVIDER,
        currency_code: "usd",
        amount: 10.5,
        data: {},
      })
      // The storefront completes by the first session: here the other one.
      await world().rows(
        `UPDATE payment_session SET created_at = now() - interval '1 hour' WHERE id = ?`,
        [other.id],
      )
      await world().rows(`UPDATE payment_session SET status = 'error' WHERE id = ?`, [
        session.session_id,
      ])
      await world().shopper.complete(cartId)
      await world().rows(`UPDATE payment_session SET status = 'pending' WHERE id = ?`, [
        session.session_id,
      ])
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const books = await world().worked(async () => {
        const found = await booksOf(world(), collectionId)
        return found.open.length > 0 ? found : null
      }, "an exception")
      expect(books).toMatchObject({ captures: [], open: ["duplicate_payment"], payments: 1 })
    })

    test("is an exception when it is paid a second time after our capture, by any way", async () => {
      const { collectionId, session } = await world().shopper.buy(purchase(DOCS))
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      const payments = world().container.resolve(Modules.PAYMENT)
      const other = await payments.createPaymentSession(collectionId, {
        provider_id: OTHER_PROVIDER,
        currency_code: "usd",
        amount: 10.5,
        data: {},
      })
      const payment = await payments.authorizePaymentSession(other.id, {})
      await admin(`/admin/payments/${payment?.id ?? ""}/capture`)
      await world().worked(
        async () => (await booksOf(world(), collectionId)).open.includes("duplicate_payment"),
        "an exception",
      )
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

  describe("stray money that a merchant wrote off", () => {
    test("frees the cart: it can change, and be paid again", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(purchase())
      sandbox().pay(session.kobbopay_id, { amount: "0.01", due: "10.5", confirm: true })
      await world().worked(
        async () => (await booksOf(world(), collectionId)).open.includes("underpaid"),
        "an exception",
      )
      const [{ id } = { id: "" }] = await world().rows(
        `SELECT id FROM kobbopay_exception WHERE class = 'underpaid' AND state = 'open'`,
      )
      await admin(`/admin/kobbopay/exceptions/${String(id)}/dismiss`, {
        code: "written_off",
        note: "a cent",
      })
      await store(`/store/carts/${cartId}/line-items/${await firstItem(cartId)}`, { quantity: 2 })
      const again = await world().shopper.session(collectionId, purchase())
      expect(again.amount).toBe("21")
      await world().shopper.complete(cartId)
      sandbox().pay(again.kobbopay_id, { amount: "21", confirm: true })
      const books = await world().worked(async () => {
        const found = await booksOf(world(), collectionId)
        return found.captures.length > 0 ? found : null
      }, "the capture")
      expect(books).toMatchObject({ captures: ["21"], open: [] })
    })
  })

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
      expect(await refusalOf(capture)).toMatch(/Nothing was captured/)
      expect(await booksOf(world(), collectionId)).toMatchObject({ captures: [] })
    })
  })

  test("two checkouts of one order's amount to the last digit of its taxes are one amount", async () => {
    const { collectionId, cartId, session } = await world().shopper.checkout(purchase())
    // As Medusa keeps them: the session's went through a JavaScript number, the order keeps every digit.
    await world().rows(
      `UPDATE payment_collection SET raw_amount = '{"value": "10.50000000000000026", "precision": 20}' WHERE id = ?`,
      [collectionId],
    )
    await world().shopper.complete(cartId)
    sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await booksBecome(world(), collectionId, capturedFor("10.5"))
  })
})
