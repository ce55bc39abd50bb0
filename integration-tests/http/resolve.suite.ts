import { z } from "@medusajs/framework/zod"
import { brandAs, type PaymentId } from "../../src/domain/ids"
import { recordRefund } from "../../src/work/refund"
import { appOf } from "../../src/work/app"
import {
  acceptExceptionWorkflow,
  applyPaymentWorkflow,
  dismissExceptionWorkflow,
  recordRefundWorkflow,
} from "../../src/workflows"
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
import { passMinutes, pendingChange } from "../support/order-changes"
import { AFTER, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})
const exceptionSchema = z.object({
  id: z.string(),
  class: z.string(),
  state: z.string(),
  actor: z.string().nullable(),
  resolution: z.string().nullable(),
  note: z.string().nullable(),
})
const ACTOR = "user_anna"
const failure = z.object({ message: z.string() })

/** What a workflow that must fail says; a workflow's errors are handed on as plain objects. */
const refusal = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "nothing was refused",
    (cause: unknown) => failure.parse(cause).message,
  )

storeSuite("resolving exceptions", (world) => {
  const sandbox = () => world().sandbox.control
  const purchase = (rail = "usdt-tron", provider = INVOICE) => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = () => world().shopper.buy(purchase())
  const exceptions = async (collection: string) =>
    z.array(exceptionSchema).parse(
      await world().rows(
        `SELECT e.* FROM kobbopay_exception e JOIN kobbopay_payment p ON p.id = e.payment_id
          WHERE p.collection_id = ? ORDER BY e.opened_at, e.id`,
        [collection],
      ),
    )
  /** Works until the collection has an open exception of the class, and returns its id. */
  const exceptionOf = async (collection: string, expected: string) => {
    const find = async () =>
      (await exceptions(collection)).find((one) => one.state === "open" && one.class === expected)
    return (await world().worked(find, `an exception ${expected}`)).id
  }
  const paymentOf = async (kobbopayId: string) => {
    const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE kobbopay_id = ?`, [
      kobbopayId,
    ])
    return z.object({ id: z.string() }).parse(row).id
  }
  const accept = (id: string, actor = ACTOR) =>
    acceptExceptionWorkflow(world().container).run({
      input: { exception_id: id, actor, note: "agreed with the customer" },
    })
  const refund = (payment: string, amount: string, hash: string) =>
    recordRefundWorkflow(world().container).run({
      input: { payment_id: payment, amount, hash, actor: ACTOR },
    })
  const refundsOf = async (collection: string) =>
    world().rows(
      `SELECT r.raw_amount->>'value' AS amount, r.created_by FROM refund r
         JOIN payment p ON p.id = r.payment_id
        WHERE p.payment_collection_id = ? AND r.deleted_at IS NULL ORDER BY r.created_at`,
      [collection],
    )
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

  describe("applying", () => {
    test("a superseded payment pays for the order that waits for another one", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(purchase())
      const second = await world().shopper.session(collectionId, purchase("usdt-bsc"))
      await world().shopper.complete(cartId)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "superseded")
      const { result } = await applyPaymentWorkflow(world().container).run({
        input: { exception_id: id, actor: ACTOR },
      })
      expect(result).toMatchObject({ target: "captured", converged: true })
      await booksRest(world(), collectionId, {
        ...capturedFor("10.5"),
        closed: ["superseded"],
        ledger: ["confirmed", "pending"],
        targets: ["captured", "nothing"],
      })
      sandbox().pay(second.kobbopay_id, { amount: "10.5", confirm: true })
      await exceptionOf(collectionId, "duplicate_payment")
      expect(await booksOf(world(), collectionId)).toMatchObject({ captures: ["10.5"] })
    })

    test("a superseded payment completes the cart that was never completed", async () => {
      const { collectionId, session } = await world().shopper.checkout(purchase())
      await world().shopper.session(collectionId, purchase("usdt-bsc"))
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "superseded")
      await applyPaymentWorkflow(world().container).run({
        input: { exception_id: id, actor: ACTOR },
      })
      expect(await booksOf(world(), collectionId)).toMatchObject({
        orders: 1,
        captures: ["10.5"],
        transactions: ["10.5"],
        open: [],
      })
    })

    test("by option late money of a superseded payment is applied by itself", async () => {
      const { collectionId, session } = await world().shopper.checkout(purchase("usdt-tron", AFTER))
      await world().shopper.session(collectionId, purchase("usdt-bsc", AFTER))
      world().second.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        ledger: ["confirmed", "pending"],
        targets: ["captured", "nothing"],
      })
    })

    test("only a superseded payment is applied", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      const applied = applyPaymentWorkflow(world().container).run({
        input: { exception_id: id, actor: ACTOR },
      })
      expect(await refusal(applied)).toMatch(/Only a superseded payment/)
    })
  })

  describe("dismissing", () => {
    test("closes with code and note; the same fact does not open it again, a new one does", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      const dismiss = () =>
        dismissExceptionWorkflow(world().container).run({
          input: { exception_id: id, code: "written_off", actor: ACTOR, note: "too small" },
        })
      await dismiss()
      expect(await refusal(dismiss())).toMatch(/closed already, by user_anna as written_off/)
      const set = { ...AWAITING, ledger: ["partial"], closed: ["underpaid"] }
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, set)
      sandbox().secondTransfer(session.kobbopay_id, { amount: "0.1", confirm: true })
      await booksBecome(world(), collectionId, { ...set, open: ["underpaid"] })
    })

    describe("money that stays unconfirmed on an authorized order", () => {
      const stuck = async () => {
        const bought = await buy()
        sandbox().pay(bought.session.kobbopay_id, { amount: "10.5" })
        await booksBecome(world(), bought.collectionId, AUTHORIZED)
        await world().rows(
          `UPDATE kobbopay_payment SET money_seen_at = now() - interval '7 hours' WHERE collection_id = ?`,
          [bought.collectionId],
        )
        await allDue(world(), bought.collectionId)
        return { ...bought, id: await exceptionOf(bought.collectionId, "stuck") }
      }
      const dismiss = (id: string, code: "settled_elsewhere" | "written_off" | "no_action") =>
        dismissExceptionWorkflow(world().container).run({
          input: { exception_id: id, code, actor: ACTOR, note: "talked to the customer" },
        })

      test("settled in another way, the order lives and does not wait for it; confirmed after all, a person decides", async () => {
        const { collectionId, session, id } = await stuck()
        await dismiss(id, "settled_elsewhere")
        const aside = {
          ...AUTHORIZED,
          cancelled: 1,
          ledger: ["expired"],
          targets: ["order_cancelled"],
          closed: ["stuck"],
        }
        await booksBecome(world(), collectionId, aside)
        await allDue(world(), collectionId)
        await booksRest(world(), collectionId, aside)
        sandbox().confirm(session.kobbopay_id)
        const late = await exceptionOf(collectionId, "late_payment")
        await booksRest(world(), collectionId, {
          ...aside,
          targets: ["nothing"],
          open: ["late_payment"],
        })
        await accept(late)
        await booksRest(world(), collectionId, {
          ...capturedFor("10.5"),
          payments: 2,
          cancelled: 1,
          ledger: ["expired"],
          closed: ["late_payment", "stuck"],
        })
      })

      test("written off, nobody pays the order any more, and it ends", async () => {
        const { collectionId, id } = await stuck()
        await dismiss(id, "written_off")
        await booksBecome(world(), collectionId, {
          ...AUTHORIZED,
          order: "canceled",
          cancelled: 1,
          ledger: ["expired"],
          targets: ["order_cancelled"],
          closed: ["stuck"],
        })
      })

      test("with nothing to do, the order waits on", async () => {
        const { collectionId, session, id } = await stuck()
        await dismiss(id, "no_action")
        await allDue(world(), collectionId)
        await booksRest(world(), collectionId, { ...AUTHORIZED, closed: ["stuck"] })
        sandbox().confirm(session.kobbopay_id)
        await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["stuck"] })
      })
    })

    test("an admin does it over HTTP, and bad input is refused in words", async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const id = await exceptionOf(collectionId, "underpaid")
      const call = (path: string, body: object) =>
        world().merchant.call(`/admin/kobbopay/exceptions/${id}/${path}`, anything, { body })
      await expect(call("dismiss", { code: "magic", note: "x" })).rejects.toThrow(/400.*code/s)
      await expect(call("dismiss", { code: "no_action" })).rejects.toThrow(/400.*note/s)
      await call("dismiss", { code: "no_action", note: "talked to them" })
      await expect(call("accept", {})).rejects.toThrow(/409|closed already/)
      await expect(
        world().merchant.call(`/admin/kobbopay/exceptions/kpex_none/accept`, anything, {
          body: {},
        }),
      ).rejects.toThrow(/404/)
      await expect(
        world().shopper.call(`/admin/kobbopay/exceptions/${id}/accept`, anything, { body: {} }),
      ).rejects.toThrow(/401/)
      const [closed] = await exceptions(collectionId)
      expect(closed?.actor).toMatch(/^user_/)
    })
  })

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
