import { z } from "@medusajs/framework/zod"
import { runtime } from "../../src/runtime"
import { checkPaymentWorkflow } from "../../src/workflows"
import {
  checkAll,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
  type Books,
} from "../support/books"
import { exceptionsIn } from "../support/exceptions"
import type { Purchase } from "../support/shopper"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

const anything = z.looseObject({})
const HOUR = 3_600_000

storeSuite("lifecycle", (world) => {
  const { exceptions } = exceptionsIn(world)
  const sandbox = () => world().sandbox.control
  const ebook = (provider: string): Purchase => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(ebook(provider))
  const pay = (id: string) => sandbox().pay(id, { amount: "10.5" })
  const silence = () => sandbox().setWeather({ drop: true })
  const paymentIdOf = async (collectionId: string) => {
    const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE collection_id = ?`, [
      collectionId,
    ])
    return String(row?.["id"])
  }

  const ambiguous = (books: Books) => ({ ...books, open: ["ambiguous_finality"] })
  /** Paid, and contradicted since: it keeps what Medusa shows, and asks nothing more of the order. */
  const doubted = { ...ambiguous(AUTHORIZED), targets: ["nothing"] }

  test("Failed after Paid cancels nothing and is shown, until Kobbopay takes it back", async () => {
    const { collectionId, session } = await buy(INVOICE)
    pay(session.kobbopay_id)
    await booksBecome(world(), collectionId, AUTHORIZED)
    sandbox().fail(session.kobbopay_id)
    await checkAll(world(), collectionId)
    await booksBecome(world(), collectionId, doubted)
    await checkAll(world(), collectionId, 3)
    await booksRest(world(), collectionId, doubted)

    sandbox().confirm(session.kobbopay_id)
    const healed = { ...capturedFor("10.5"), closed: ["ambiguous_finality"] }
    await booksBecome(world(), collectionId, healed)
  })

  test("Failed after Confirmed undoes nothing and is shown", async () => {
    const { collectionId, session } = await buy(INVOICE)
    sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await booksBecome(world(), collectionId, capturedFor("10.5"))
    sandbox().fail(session.kobbopay_id)
    await checkAll(world(), collectionId)
    await booksBecome(world(), collectionId, ambiguous(capturedFor("10.5")))
    await checkAll(world(), collectionId, 3)
    await booksRest(world(), collectionId, ambiguous(capturedFor("10.5")))
  })

  test("a status that the account has no meaning for moves nothing, and its events wait", async () => {
    const { collectionId, session } = await buy(DOCS)
    pay(session.kobbopay_id)
    await booksBecome(world(), collectionId, AUTHORIZED)
    sandbox().fail(session.kobbopay_id)
    await sandbox().quiet()
    await checkAll(world(), collectionId, 3)
    await booksRest(world(), collectionId, { ...AUTHORIZED, unworked: 1 })
    sandbox().confirm(session.kobbopay_id)
    await booksBecome(world(), collectionId, capturedFor("10.5"))
  })

  test("a fault that is looked at again and again stays one exception", async () => {
    const faults: [string, (id: string, order: string) => unknown][] = [
      ["underpaid", (id) => sandbox().pay(id, { amount: "3", due: "10.5", confirm: true })],
      ["overpaid", (id) => sandbox().pay(id, { amount: "99", due: "10.5", confirm: true })],
      [
        "order_cancelled",
        async (id, order) => {
          await world().merchant.call(`/admin/orders/${order}/cancel`, anything, { body: {} })
          sandbox().pay(id, { amount: "10.5", confirm: true })
        },
      ],
    ]
    for (const [fault, happens] of faults) {
      const { collectionId, session, order } = await buy(INVOICE)
      await happens(session.kobbopay_id, order.id)
      await world().worked(
        async () => (await booksOf(world(), collectionId)).open.includes(fault),
        fault,
      )
      const first = await exceptions(collectionId)
      await checkAll(world(), collectionId, 4)
      for (const { id } of sandbox().deliveries(session.kobbopay_id)) sandbox().redeliver(id)
      await sandbox().quiet()
      await checkAll(world(), collectionId)
      expect(await exceptions(collectionId)).toEqual(first)
      expect(first).toMatchObject([{ class: fault, state: "open" }])
    }
  })

  test("a manual capture, a check of the payment and a webhook at once: one capture", async () => {
    for (let round = 0; round < 3; round++) {
      const { collectionId, session, order } = await buy(INVOICE)
      pay(session.kobbopay_id)
      await booksBecome(world(), collectionId, AUTHORIZED)
      const [{ id } = { id: "" }] = await world().rows(
        `SELECT id FROM payment WHERE payment_collection_id = ?`,
        [collectionId],
      )
      const payment_id = await paymentIdOf(collectionId)
      sandbox().confirm(session.kobbopay_id)
      const capture = () =>
        world().merchant.call(`/admin/payments/${String(id)}/capture`, anything, { body: {} })
      const check = () => checkPaymentWorkflow(world().container).run({ input: { payment_id } })
      await Promise.allSettled([capture(), check(), capture(), check()])
      await checkAll(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await booksRest(world(), collectionId, capturedFor("10.5"))
      const { payment_status } = await world().shopper.order(order.id)
      expect(payment_status).toBe("captured")
    }
  })

  describe("an order placed after one that Medusa undid, which the ledger knew", () => {
    const undone = async () => {
      const bought = await buy(INVOICE)
      await world().worker.drain()
      await world().rows(
        `UPDATE kobbopay_payment SET order_id = 'order_undone' WHERE collection_id = ?`,
        [bought.collectionId],
      )
      await world().rows(`DELETE FROM kobbopay_entitlement WHERE order_id = ?`, [bought.order.id])
      await world().rows(`DELETE FROM kobbopay_entitled_order WHERE id = ?`, [bought.order.id])
      return bought
    }
    const linked = (collectionId: string) =>
      world().rows(
        `SELECT p.order_id, kc.cancelling_at, kc.order_cancelled_at IS NOT NULL AS is_cancelled
           FROM kobbopay_payment p JOIN kobbopay_collection kc ON kc.id = p.collection_id
          WHERE p.collection_id = ?`,
        [collectionId],
      )

    test("is captured, found by its own id, and its entitlements are released", async () => {
      const { order, session, collectionId } = await undone()
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await linked(collectionId)).toMatchObject([{ order_id: order.id }])
      const released = `SELECT released_quantity AS units FROM kobbopay_entitlement WHERE order_id = ?`
      await world().worked(
        async () => (await world().rows(released, [order.id]))[0]?.["units"] === 1,
        "its entitlement being released",
      )
    })

    test("is cancelled when nobody pays, and is known to be", async () => {
      const { order, session, collectionId } = await undone()
      sandbox().expire(session.kobbopay_id)
      await booksBecome(world(), collectionId, CANCELLED)
      expect(await linked(collectionId)).toEqual([
        { order_id: order.id, cancelling_at: null, is_cancelled: true },
      ])
    })
  })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (profile, provider) => {
    test("is authorized on Paid and captured on Confirmed, as the shopper sees it too", async () => {
      const { order, session } = await buy(provider)
      const statusBecomes = (status: string) =>
        world().worked(
          async () => (await world().shopper.order(order.id)).payment_status === status,
          `the order being ${status}`,
        )
      expect(order.payment_status).toBe("awaiting")

      pay(session.kobbopay_id)
      await statusBecomes("authorized")

      sandbox().confirm(session.kobbopay_id)
      await statusBecomes("captured")
      const payment = await world().shopper.payment(session.token)
      const number = { display_id: expect.any(Number) }
      expect(payment).toMatchObject({ state: "confirmed", order: number, ended: true })
    })

    test("Expired after Paid cancels nothing", async () => {
      const { collectionId, session } = await buy(provider)
      pay(session.kobbopay_id)
      await booksBecome(world(), collectionId, AUTHORIZED)
      sandbox().expire(session.kobbopay_id)
      await sandbox().quiet()
      await checkAll(world(), collectionId, 3)
      // A read of the invoice profile cannot say Expired: it still says that the money is there.
      const kept = profile === "invoice" ? AUTHORIZED : doubted
      await booksRest(world(), collectionId, kept)
    })

    test("a check of a payment finds what no webhook reported, and a second one changes nothing", async () => {
      silence()
      const { collectionId, session } = await buy(provider)
      const payment_id = await paymentIdOf(collectionId)
      const check = async () => {
        const { result } = await checkPaymentWorkflow(world().container).run({
          input: { payment_id },
        })
        return result
      }
      expect(await check()).toEqual({ payment_id, state: "pending" })
      await booksRest(world(), collectionId, AWAITING)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      expect(await check()).toEqual({ payment_id, state: "confirmed" })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await check()).toEqual({ payment_id, state: "confirmed" })
      await booksRest(world(), collectionId, capturedFor("10.5"))
    })

    test.each([
      ["ahead", 1],
      ["behind", -1],
    ])("webhooks received by a clock an hour %s are not lost", async (_which, sign) => {
      const { collectionId, session } = await buy(provider)
      await sandbox().quiet()
      const clock = jest
        .spyOn(runtime, "now")
        .mockImplementation(() => new Date(Date.now() + sign * HOUR))
      try {
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        const statusNow = profile === "invoice" ? 401 : 200
        const statuses = () =>
          sandbox()
            .deliveries(session.kobbopay_id)
            .filter(({ event }) => event === "payment.confirmed")
            .map(({ status }) => status)
        await until(() => statuses().includes(statusNow), {
          withinMs: 30_000,
          what: `an answer of ${statusNow}`,
        })
      } finally {
        clock.mockRestore()
      }
      // Signed times are refused by the wrong clock, so Kobbopay's own retries bring them again.
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await booksRest(world(), collectionId, capturedFor("10.5"))
    })

    test("a read judged while the clock was an hour ahead does not keep later reads out", async () => {
      silence()
      const { collectionId, session } = await buy(provider)
      await world().rows(
        `UPDATE kobbopay_payment SET last_read_at = now() + interval '1 hour' WHERE collection_id = ?`,
        [collectionId],
      )
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await checkAll(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })
  })
})
