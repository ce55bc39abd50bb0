import { Modules } from "@medusajs/framework/utils"
import { beginOrderEditOrderWorkflow } from "@medusajs/medusa/core-flows"
import { allDue, AUTHORIZED, booksBecome, booksOf, capturedFor } from "../support/books"
import { callsOf } from "../support/calls"
import { refusal } from "../support/refusal"
import { DOCS, INVOICE, OTHER_PROVIDER } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** What an order asks, and who else pays for it: from Medusa's own facts. */
storeSuite("facts of the order", (world) => {
  const { sandbox, purchase, admin, store } = callsOf(world)
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
      expect(await refusal(change)).toMatch(/answered/)
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
