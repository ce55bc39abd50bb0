import { z } from "@medusajs/framework/zod"
import {
  allDue,
  AUTHORIZED,
  booksBecome,
  booksOf,
  booksRest,
  capturedFor,
  type Books,
} from "../support/books"
import { ACTOR, exceptionsIn } from "../support/exceptions"
import { failure, refusal } from "../support/refusal"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

storeSuite("resolving exceptions", (world) => {
  const sandbox = () => world().sandbox.control
  const purchase = (rail = "usdt-tron", provider = INVOICE) => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = () => world().shopper.buy(purchase())
  const { exceptions, exceptionOf, accept } = exceptionsIn(world)
  /** Captured although it does not fit, because a person accepted it: the ledger keeps what Kobbopay says. */
  const acceptedAs = (state: string, ...closed: string[]): Books => ({
    ...capturedFor("10.5"),
    ledger: [state],
    closed,
  })

  describe("accepting", () => {
    test("an underpaid order is captured for what it asks, once, and the history says who decided", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      const { result } = await accept(id)
      expect(result).toMatchObject({ target: "captured", converged: true, state: "partial" })
      await booksRest(world(), collectionId, acceptedAs("partial", "underpaid"))
      expect(await exceptions(collectionId)).toMatchObject([
        { actor: ACTOR, resolution: "accepted", note: "agreed with the customer" },
      ])
      expect(
        await world().rows(
          `SELECT actor, source FROM kobbopay_transition t JOIN kobbopay_payment p ON p.id = t.payment_id
            WHERE p.collection_id = ? AND actor IS NOT NULL`,
          [collectionId],
        ),
      ).toEqual([{ actor: ACTOR, source: "admin" }])
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, acceptedAs("partial", "underpaid"))
    })

    test("of two people at once one wins, and the other learns who did", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      const both = await Promise.allSettled([accept(id, "user_anna"), accept(id, "user_ben")])
      const refused = both.filter((one) => one.status === "rejected")
      expect(refused).toHaveLength(1)
      expect(failure.parse(refused[0]?.reason).message).toMatch(
        /closed already, by user_(anna|ben) as accepted/,
      )
      await booksRest(world(), collectionId, acceptedAs("partial", "underpaid"))
    })

    test("an accepted amount that Kobbopay has only seen is captured when it is confirmed", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5" })
      await accept(await exceptionOf(collectionId, "underpaid"))
      await booksRest(world(), collectionId, {
        ...AUTHORIZED,
        ledger: ["partial"],
        closed: ["underpaid"],
      })
      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, acceptedAs("partial", "underpaid"))
    })

    test("a wrong token is accepted for the order", async () => {
      const { collectionId, session } = await buy()
      sandbox().payOtherToken(session.kobbopay_id, { amount: "10.5", due: "10.5", confirm: true })
      await accept(await exceptionOf(collectionId, "rail_mismatch"))
      const books = await booksOf(world(), collectionId)
      expect(books).toMatchObject({ captures: ["10.5"], transactions: ["10.5"], open: [] })
    })

    test("late money on an order that still lives settles it", async () => {
      const { collectionId, session } = await buy()
      sandbox().setWeather({ drop: true })
      sandbox().expire(session.kobbopay_id)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      // Expired was read before the money was: the order is still open.
      await world().rows(
        `UPDATE kobbopay_payment SET state = 'expired', ended_at = now(), current = false WHERE collection_id = ?`,
        [collectionId],
      )
      await allDue(world(), collectionId)
      await accept(await exceptionOf(collectionId, "late_payment"))
      await booksRest(world(), collectionId, acceptedAs("expired", "late_payment"))
    })

    test("a changed cart is completed for what it costs now", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(purchase())
      sandbox().setWeather({ drop: true })
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      // The cart changes, and its session stays: as where a store changes lines by its own code.
      await world().rows(`UPDATE cart_line_item SET quantity = 2 WHERE cart_id = ?`, [cartId])
      await allDue(world(), collectionId)
      const id = await exceptionOf(collectionId, "order_changed")
      expect(await booksOf(world(), collectionId)).toMatchObject({
        orders: 0,
        captures: [],
        open: ["order_changed"],
      })
      await accept(id)
      await booksRest(world(), collectionId, {
        ...capturedFor("21"),
        closed: ["order_changed"],
      })
    })

    test("nothing is accepted for an order that was cancelled", async () => {
      const { collectionId, order, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      await world().merchant.call(`/admin/orders/${order.id}/cancel`, anything, { body: {} })
      expect(await refusal(accept(id))).toMatch(/closed by itself|order is cancelled/)
      const cancelled = await exceptionOf(collectionId, "order_cancelled")
      expect(await refusal(accept(cancelled))).toMatch(/cannot be accepted.*record the refund/s)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        captures: [],
        order: "canceled",
      })
    })

    test("nothing is accepted over an old check while Kobbopay cannot be asked", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      sandbox().setWeather({ outage: true })
      expect(await refusal(accept(id))).toMatch(/could not be asked.*nothing was changed/s)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        captures: [],
        open: ["underpaid"],
      })
    })

    test("money stuck without confirmation is captured on a person's word", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      await world().rows(
        `UPDATE kobbopay_payment SET money_seen_at = now() - interval '7 hours' WHERE collection_id = ?`,
        [collectionId],
      )
      await allDue(world(), collectionId)
      await accept(await exceptionOf(collectionId, "stuck"))
      await booksRest(world(), collectionId, acceptedAs("paid", "stuck"))
    })
  })
})
