import { z } from "@medusajs/framework/zod"
import { brandAs, type PaymentId } from "../../src/domain/ids"
import { recordRefund } from "../../src/work/refund"
import { appOf } from "../../src/work/app"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  capturedFor,
  type Books,
} from "../support/books"
import { ACTOR, exceptionsIn } from "../support/exceptions"
import { refusal } from "../support/refusal"
import { passMinutes, pendingChange } from "../support/order-changes"
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
  const { exceptions, exceptionOf, paymentOf, refund } = exceptionsIn(world)
  const refundsOf = async (collection: string) =>
    world().rows(
      `SELECT r.raw_amount->>'value' AS amount, r.created_by FROM refund r
         JOIN payment p ON p.id = r.payment_id
        WHERE p.payment_collection_id = ? AND r.deleted_at IS NULL ORDER BY r.created_at`,
      [collection],
    )

  describe("refunding", () => {
    const captured = async () => {
      const bought = await buy()
      sandbox().pay(bought.session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), bought.collectionId, capturedFor("10.5"))
      return { ...bought, payment: await paymentOf(bought.session.kobbopay_id) }
    }

    test("a part, then the rest: refunds of exactly that, once, never more than was captured", async () => {
      const { collectionId, order, payment } = await captured()
      const { result } = await refund(payment, "3.5", "tx-one")
      expect(result).toMatchObject({ booked_amount: "3.5" })
      await booksRest(world(), collectionId, {
        ...capturedFor("10.5"),
        refunds: 1,
        transactions: ["10.5", "-3.5"],
      })
      expect(await refusal(refund(payment, "3.5", "tx-one"))).toMatch(/recorded already/)
      expect(await refusal(refund(payment, "7.000001", "tx-two"))).toMatch(
        /10\.5 USDT arrived, 3\.5 USDT was refunded already, so at most 7 USDT/,
      )
      await refund(payment, "7", "tx-two")
      await booksRest(world(), collectionId, {
        ...capturedFor("10.5"),
        refunds: 2,
        transactions: ["10.5", "-3.5", "-7"],
      })
      expect(await refundsOf(collectionId)).toEqual([
        { amount: "3.5", created_by: ACTOR },
        { amount: "7", created_by: ACTOR },
      ])
      expect(await world().shopper.order(order.id)).toMatchObject({ payment_status: "refunded" })
      expect(await refusal(refund(payment, "0.01", "tx-three"))).toMatch(/at most 0 USDT/)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, {
        ...capturedFor("10.5"),
        refunds: 2,
        transactions: ["10.5", "-3.5", "-7"],
      })
    })

    test("is booked also on an order of which an earlier credit line was cut off", async () => {
      const { collectionId, order, payment } = await captured()
      const change = await pendingChange(world(), order.id, "credit_line")
      await refund(payment, "3.5", "tx-after-cut")
      await world().worker.drain()
      expect(await booksOf(world(), collectionId)).toMatchObject({ transactions: ["10.5"] })
      await passMinutes(world(), change, 3)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        refunds: 1,
        transactions: ["10.5", "-3.5"],
      })
      expect(await world().shopper.order(order.id)).toMatchObject({
        payment_status: "partially_refunded",
      })
    })

    test("the same refund recorded by two people at once counts once", async () => {
      const { collectionId, payment } = await captured()
      const both = await Promise.allSettled([
        refund(payment, "10.5", "tx-same"),
        refund(payment, "10.5", "tx-same"),
      ])
      expect(both.filter((one) => one.status === "fulfilled")).toHaveLength(1)
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        refunds: 1,
        transactions: ["10.5", "-10.5"],
      })
      expect(await refundsOf(collectionId)).toEqual([{ amount: "10.5", created_by: ACTOR }])
    })

    test("a refund that an admin makes in Medusa needs a recorded one", async () => {
      const { collectionId, payment } = await captured()
      const refundInMedusa = (amount: number) =>
        world().merchant.call(`/admin/payments/${medusaPayment}/refund`, anything, {
          body: { amount },
        })
      const [row] = await world().rows(`SELECT id FROM payment WHERE payment_collection_id = ?`, [
        collectionId,
      ])
      const medusaPayment = String(row?.id)
      await expect(refundInMedusa(10.5)).rejects.toThrow(/nothing was refunded.*record the refund/s)
      expect(await refundsOf(collectionId)).toEqual([])
      await refund(payment, "4", "tx-four")
      await expect(refundInMedusa(4)).rejects.toThrow(/nothing was refunded/)
      expect(await refundsOf(collectionId)).toHaveLength(1)
    })

    test("a refund whose process died before the order was booked is finished, not made again", async () => {
      const { collectionId, payment } = await captured()
      await refund(payment, "4", "tx-four")
      await world().rows(
        `DELETE FROM order_transaction WHERE reference = 'refund' AND order_id IN
           (SELECT order_id FROM order_payment_collection WHERE payment_collection_id = ?)`,
        [collectionId],
      )
      await world().rows(`UPDATE kobbopay_refund SET state = 'recorded' WHERE collection_id = ?`, [
        collectionId,
      ])
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        refunds: 1,
        transactions: ["10.5", "-4"],
      })
      expect(
        await world().rows(`SELECT state FROM kobbopay_refund WHERE collection_id = ?`, [
          collectionId,
        ]),
      ).toEqual([{ state: "booked" }])
    })

    test("what was too much goes back without a refund, and its exception is closed", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "15.75", confirm: true })
      await exceptionOf(collectionId, "overpaid")
      const payment = await paymentOf(session.kobbopay_id)
      const { result } = await refund(payment, "5.25", "tx-excess")
      expect(result).toMatchObject({ booked_amount: null })
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, { ...capturedFor("10.5"), closed: ["overpaid"] })
    })

    test("money that settled nothing goes back, and nothing is open or invited any more", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "4", due: "10.5", confirm: true })
      await exceptionOf(collectionId, "underpaid")
      await refund(await paymentOf(session.kobbopay_id), "4", "tx-back")
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, {
        ...AWAITING,
        ledger: ["partial"],
        closed: ["underpaid"],
      })
      expect(await exceptions(collectionId)).toMatchObject([
        { resolution: "refunded", actor: ACTOR },
      ])
    })

    test("cancelling a captured order owes its money until the refund, which books nothing twice", async () => {
      const { collectionId, order, payment } = await captured()
      await world().merchant.call(`/admin/orders/${order.id}/cancel`, anything, { body: {} })
      await exceptionOf(collectionId, "refund_owed")
      const owed: Books = {
        ...capturedFor("10.5"),
        order: "canceled",
        targets: ["nothing"],
        open: ["refund_owed"],
        transactions: (await booksOf(world(), collectionId)).transactions,
      }
      await booksRest(world(), collectionId, owed)
      await refund(payment, "4", "tx-part")
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, owed)
      const { result } = await refund(payment, "6.5", "tx-rest")
      expect(result).toMatchObject({ booked_amount: null })
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, { ...owed, open: [], closed: ["refund_owed"] })
    })

    test("an order cancelled before its recorded refund was booked shows one refund", async () => {
      const { collectionId, order, payment } = await captured()
      await recordRefund(appOf(world().container).deps, {
        paymentId: brandAs<PaymentId>(payment),
        amount: "10.5",
        hash: "tx-early",
        actor: ACTOR,
        note: null,
      })
      await world().merchant.call(`/admin/orders/${order.id}/cancel`, anything, { body: {} })
      await allDue(world(), collectionId)
      await world().worker.drain()
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "canceled",
        open: [],
        transactions: ["10.5", "-10.5"],
      })
    })

    test("money that went back before its confirmation is never captured, and the order can be paid again", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await booksBecome(world(), collectionId, AUTHORIZED)
      await refund(await paymentOf(session.kobbopay_id), "10.5", "tx-back")
      const back = { ...AUTHORIZED, targets: ["nothing"], cancelled: 1 }
      await booksBecome(world(), collectionId, back)
      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, { ...back, ledger: ["confirmed"] })
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, { ...back, ledger: ["confirmed"] })
    })

    test("a top-up of money that went back is not taken for the whole", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "6", due: "10.5", confirm: true })
      await exceptionOf(collectionId, "underpaid")
      await refund(await paymentOf(session.kobbopay_id), "6", "tx-six")
      sandbox().secondTransfer(session.kobbopay_id, { amount: "4.5", confirm: true })
      await exceptionOf(collectionId, "underpaid")
      expect(await booksOf(world(), collectionId)).toMatchObject({ captures: [], payments: 0 })
    })

    test("an order whose money went back is cancelled without owing anything", async () => {
      const { collectionId, order, payment } = await captured()
      await refund(payment, "10.5", "tx-all")
      await world().merchant.call(`/admin/orders/${order.id}/cancel`, anything, { body: {} })
      await allDue(world(), collectionId)
      await world().worker.drain()
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "canceled",
        open: [],
        transactions: ["10.5", "-10.5"],
        refunds: 1,
      })
    })

    test("nothing is refunded of a payment that nobody paid", async () => {
      const { session } = await buy()
      const payment = await paymentOf(session.kobbopay_id)
      expect(await refusal(refund(payment, "1", "tx-none"))).toMatch(/No money arrived/)
      expect(await refusal(refund("kpay_none", "1", "tx-none"))).toMatch(/no Kobbopay payment/)
      expect(await refusal(refund(payment, "-1", "tx-none"))).toMatch(/amount/)
      expect(await refusal(refund(payment, "1", ""))).toMatch(/hash/)
    })
  })
})
