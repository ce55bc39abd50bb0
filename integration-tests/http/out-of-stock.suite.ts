import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import {
  AWAITING,
  booksBecome,
  booksRest,
  capturedFor,
  checkAll,
  type Books,
} from "../support/books"
import { exceptionsIn } from "../support/exceptions"
import type { Purchase } from "../support/shopper"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

storeSuite("out of stock", (world) => {
  const { exceptions } = exceptionsIn(world)
  const sandbox = () => world().sandbox.control
  const shirt = (provider: string): Purchase => ({
    product: world().store.physical,
    rail: "usdt-tron",
    provider,
    shipped: true,
  })
  const silence = () => sandbox().setWeather({ drop: true })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    describe("out of stock when the cart is completed, with money there", () => {
      const stockIs = (quantity: number) => {
        const { inventoryItemId } = world().store.physical
        return world().merchant.call(
          `/admin/inventory-items/${inventoryItemId}/location-levels/${world().store.locationId}`,
          anything,
          { body: { stocked_quantity: quantity } },
        )
      }
      const stuck = (books: Books): Books => ({
        ...books,
        orders: 0,
        order: null,
        transactions: [],
        open: ["completion_failed"],
      })
      const unplaced = stuck({ ...AWAITING, ledger: ["confirmed"], targets: ["captured"] })
      const placed = { ...capturedFor("29"), closed: ["completion_failed"] }

      test("the money set aside by a person, the cart is free again and can be paid again", async () => {
        const { collectionId, cartId, session } = await world().shopper.checkout(shirt(provider))
        await stockIs(0)
        sandbox().pay(session.kobbopay_id, { amount: "29", confirm: true })
        await booksBecome(world(), collectionId, unplaced)
        const [found] = await exceptions(collectionId)
        await world().merchant.call(
          `/admin/kobbopay/exceptions/${String(found?.["id"])}/dismiss`,
          anything,
          { body: { code: "written_off", note: "sent back by hand" } },
        )
        await stockIs(100)
        const freed = {
          ...unplaced,
          ledger: ["expired"],
          targets: ["order_cancelled"],
          open: [],
          closed: ["completion_failed"],
        }
        await booksBecome(world(), collectionId, freed)
        const again = await world().shopper.session(collectionId, shirt(provider))
        expect(again.kobbopay_id).not.toBe(session.kobbopay_id)
        await world().shopper.complete(cartId)
        sandbox().pay(again.kobbopay_id, { amount: "29", confirm: true })
        await booksBecome(world(), collectionId, {
          ...placed,
          ledger: ["expired", "confirmed"],
          targets: ["nothing", "captured"],
        })
      })

      test("the money is shown, not refunded, and the order is made once there is stock", async () => {
        const { collectionId, cartId, session } = await world().shopper.checkout(shirt(provider))
        await stockIs(0)
        sandbox().pay(session.kobbopay_id, { amount: "29", confirm: true })
        await booksBecome(world(), collectionId, unplaced)
        await expect(world().shopper.complete(cartId)).rejects.toThrow(/inventory|stock/i)
        await checkAll(world(), collectionId, 3)
        await booksRest(world(), collectionId, unplaced)
        expect(await exceptions(collectionId)).toHaveLength(1)
        expect(sandbox().stats().references[session.reference]).toMatchObject({ creates: 1 })

        await stockIs(10)
        await checkAll(world(), collectionId)
        await booksBecome(world(), collectionId, placed)
        await checkAll(world(), collectionId, 2)
        await booksRest(world(), collectionId, placed)
      })

      test("captured before the order: Medusa's compensation books no refund and loses no capture", async () => {
        const { collectionId, session, cartId } = await world().shopper.checkout(shirt(provider))
        await stockIs(0)
        silence()
        sandbox().pay(session.kobbopay_id, { amount: "29", confirm: true })
        const payments = world().container.resolve(Modules.PAYMENT)
        const payment = await payments.authorizePaymentSession(session.session_id, {})
        await payments.capturePayment({ payment_id: payment?.id ?? "" })
        await expect(world().shopper.complete(cartId)).rejects.toThrow(/inventory|stock/i)
        await checkAll(world(), collectionId, 2)
        const kept = stuck(capturedFor("29"))
        await booksBecome(world(), collectionId, kept)

        await stockIs(10)
        await checkAll(world(), collectionId)
        await booksBecome(world(), collectionId, placed)
        await checkAll(world(), collectionId, 2)
        await booksRest(world(), collectionId, placed)
      })
    })
  })
})
