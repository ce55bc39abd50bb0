import { z } from "@medusajs/framework/zod"
import { AWAITING, booksBecome, booksRest, capturedFor, type Books } from "../support/books"
import { sessionsIn } from "../support/checkout-sessions"
import type { Purchase } from "../support/shopper"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
const anything = z.looseObject({})

storeSuite("a checkout that changes", (world) => {
  const { ledger, postSession, sessionsOf } = sessionsIn(world)
  const sandbox = () => world().sandbox.control
  const digital = (provider: string, rail = "usdt-tron"): Purchase => ({
    product: world().store.digital,
    rail,
    provider,
  })
  /** No order yet; otherwise like the books given. */
  const beforeOrder = (books: Books): Books => ({ ...books, orders: 0, order: null })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("money on a rail that was left for another settles nothing and is shown", async () => {
      const {
        cartId,
        collectionId,
        session: first,
      } = await world().shopper.checkout(digital(provider))
      const second = await world().shopper.session(collectionId, digital(provider, "usdt-bsc"))
      expect(second.kobbopay_id).not.toBe(first.kobbopay_id)

      sandbox().pay(first.kobbopay_id, { amount: "10.5", confirm: true })
      const books = {
        ...AWAITING,
        ledger: ["confirmed", "pending"],
        targets: ["nothing", "nothing"],
        open: ["superseded"],
      }
      await booksBecome(world(), collectionId, beforeOrder(books))
      await world().shopper.complete(cartId)
      await booksRest(world(), collectionId, books)

      sandbox().pay(second.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        ledger: ["confirmed", "confirmed"],
        targets: ["nothing", "captured"],
        open: ["duplicate_payment"],
        closed: ["superseded"],
      })
    })

    test("once money arrived a new session is refused and the old one stays", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      sandbox().underpay(session.kobbopay_id, { due: session.amount })
      const part = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
      await booksBecome(world(), collectionId, beforeOrder(part))
      for (const rail of ["usdt-tron", "usdt-bsc"]) {
        await expect(postSession(collectionId, provider, { rail })).rejects.toThrow(
          // Medusa creates and deletes side by side, and reports whichever was refused first.
          /answered 400: This order is being paid|answered 500: Could not delete all/,
        )
      }
      expect(await sessionsOf(collectionId)).toMatchObject([{ id: session.session_id }])
      expect(await ledger(collectionId)).toHaveLength(1)
      await world().shopper.complete(cartId)
      await booksRest(world(), collectionId, part)
    })

    test("a cart that grew after money came settles nothing for the old amount", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      sandbox().underpay(session.kobbopay_id, { due: session.amount, confirm: true })
      const part = beforeOrder({ ...AWAITING, ledger: ["partial"], open: ["underpaid"] })
      await booksBecome(world(), collectionId, part)
      // Medusa refuses a change that would delete the session, so a store's own code made this one.
      await world().rows(`UPDATE cart_line_item SET quantity = 2 WHERE cart_id = ?`, [cartId])
      sandbox().secondTransfer(session.kobbopay_id, { amount: "5.25", confirm: true })
      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, {
        ...part,
        ledger: ["confirmed"],
        open: ["order_changed"],
        closed: ["underpaid"],
      })
      await expect(world().shopper.complete(cartId)).rejects.toThrow(/amount changed/)
      await booksRest(world(), collectionId, {
        ...part,
        ledger: ["confirmed"],
        open: ["order_changed"],
        closed: ["underpaid"],
      })
    })

    test("a cart that grew before money came is paid by a new session, and only by that", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      await grow(cartId)
      const renewed = await world().shopper.session(collectionId, digital(provider))
      expect(renewed).toMatchObject({ amount: "21" })
      await world().shopper.complete(cartId)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const stray = {
        ...AWAITING,
        ledger: ["confirmed", "pending"],
        targets: ["nothing", "nothing"],
        open: ["superseded"],
      }
      await booksBecome(world(), collectionId, stray)
      sandbox().pay(renewed.kobbopay_id, { amount: "21", confirm: true })
      await booksBecome(world(), collectionId, {
        ...capturedFor("21"),
        ledger: ["confirmed", "confirmed"],
        targets: ["nothing", "captured"],
        open: ["duplicate_payment"],
        closed: ["superseded"],
      })
    })
  })

  const grow = async (cart: string) => {
    const lines = await world().shopper.call(
      `/store/carts/${cart}`,
      z.object({ cart: z.object({ items: z.array(z.object({ id: z.string() })) }) }),
    )
    const path = `/store/carts/${cart}/line-items/${lines.cart.items[0]?.id}`
    await world().shopper.call(path, anything, { body: { quantity: 2 } })
  }
})
