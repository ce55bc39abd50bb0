import { z } from "@medusajs/framework/zod"
import { checkAll, AWAITING, booksBecome, booksOf, CANCELLED, capturedFor } from "../support/books"
import { timePasses } from "../support/order-changes"
import { MEDDLED } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { send, signed } from "../support/webhook"

const anything = z.looseObject({})
const HOUR = "1 hour"

/** What signed webhooks report of money, where no read bears it out or the time is over. */
storeSuite("reads and reports", (world) => {
  const second = () => world().second.control
  const purchase = (provider: string, rail = "usdt-tron") => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(purchase(provider))
  const report = async (event: string, about: Record<string, string>, account = "meddled") => {
    const body = { event, ...about }
    const eventId = `event-${JSON.stringify(body).length}-${event}`
    const { status } = await send(world().url, signed(world(), account, body, { eventId }))
    expect(status).toBe(200)
  }

  describe("a signed report that no read bears out", () => {
    test("keeps the order from being cancelled, and is an exception: an earlier SUCCESS hidden by an ERROR", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      second().fail(session.kobbopay_id)
      await report("payment.confirmed", {
        paymentId: session.kobbopay_id,
        receivedAmount: "10.5",
      })
      await checkAll(world(), collectionId)
      await timePasses(world(), collectionId, "2 hours")
      await checkAll(world(), collectionId)
      await checkAll(world(), collectionId)
      const books = await booksOf(world(), collectionId)
      expect(books).toMatchObject({ order: "pending", open: ["ambiguous_finality"] })

      // A person looked, and sets it aside: then nothing keeps the order any more.
      const [{ id } = { id: "" }] = await world().rows(
        `SELECT id FROM kobbopay_exception WHERE class = 'ambiguous_finality' AND state = 'open'`,
      )
      await world().merchant.call(`/admin/kobbopay/exceptions/${String(id)}/dismiss`, anything, {
        body: { code: "no_action", note: "nothing on the chain" },
      })
      await world().worked(
        async () => (await booksOf(world(), collectionId)).order === "canceled",
        "the order's end",
      )
    })

    test("also when it reports only a part, which these reads cannot say, or more than they show", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      await report("payment.partial", { paymentId: session.kobbopay_id, receivedAmount: "5" })
      await checkAll(world(), collectionId)
      await timePasses(world(), collectionId, "30 hours")
      await checkAll(world(), collectionId)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "pending",
        open: ["ambiguous_finality"],
      })
      second().pay(session.kobbopay_id, { amount: "4", due: "10.5", confirm: true })
      await checkAll(world(), collectionId)
      expect((await booksOf(world(), collectionId)).open).toContain("ambiguous_finality")
    })

    test("is an exception also when Kobbopay cannot be read for days", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      world().meddler.meddle((_request, answer) => ({ ...answer, status: 503 }))
      await report("payment.confirmed", { paymentId: session.kobbopay_id })
      await checkAll(world(), collectionId)
      expect((await booksOf(world(), collectionId)).open).toEqual([])
      await timePasses(world(), collectionId, "60 hours")
      await checkAll(world(), collectionId)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "pending",
        open: ["unreadable"],
      })
      world().meddler.rest()
      second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await checkAll(world(), collectionId)
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        closed: ["unreadable"],
      })
    })
  })

  describe("an event of any other kind that names an amount", () => {
    test.each(["payment.expired", "payment.partial_settled"])(
      "%s keeps the order from being cancelled, and a person is told",
      async (event) => {
        const { collectionId, session } = await buy(MEDDLED)
        await report(event, { paymentId: session.kobbopay_id, receivedAmount: "5.25" })
        await checkAll(world(), collectionId)
        await timePasses(world(), collectionId, "30 hours")
        await checkAll(world(), collectionId)
        await checkAll(world(), collectionId)
        expect(await booksOf(world(), collectionId)).toMatchObject({
          order: "pending",
          open: ["ambiguous_finality"],
        })
      },
    )
  })

  describe("an event under our reference that names another id", () => {
    test("of another payment of ours moves the payment of the reference, and that one alone", async () => {
      const other = await buy(MEDDLED)
      const { collectionId, session } = await buy(MEDDLED)
      second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await report("payment.confirmed", {
        paymentId: other.session.kobbopay_id,
        orderId: session.reference,
      })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await timePasses(world(), other.collectionId, HOUR)
      await checkAll(world(), other.collectionId)
      await booksBecome(world(), other.collectionId, AWAITING)
    })

    test("moves the payment of the reference, and makes no row of what cannot be read", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await report("payment.confirmed", { paymentId: "internal-4711", orderId: session.reference })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("does not keep the order from ending when nothing came", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      await report("payment.created", { paymentId: "internal-4712", orderId: session.reference })
      await checkAll(world(), collectionId)
      await report("payment.expired", { paymentId: "internal-4712", orderId: session.reference })
      await timePasses(world(), collectionId, HOUR)
      await checkAll(world(), collectionId)
      await booksBecome(world(), collectionId, CANCELLED)
    })
  })

  test("money that first comes a day after the offer is late: shown, and not captured by itself", async () => {
    const { collectionId, session } = await world().shopper.checkout(purchase(MEDDLED))
    await timePasses(world(), collectionId, "23 hours")
    expect(await world().shopper.payment(session.token)).toMatchObject({ ended: true })
    second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await report("payment.confirmed", { paymentId: session.kobbopay_id })
    await checkAll(world(), collectionId)
    expect(await booksOf(world(), collectionId)).toMatchObject({
      captures: [],
      open: ["late_payment"],
      orders: 0,
    })
  })

  test("money that a webhook reported in time is in time, however late Kobbopay can be read", async () => {
    const { collectionId, session } = await buy(MEDDLED)
    second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    world().meddler.meddle((_request, answer) => ({ ...answer, status: 503 }))
    await report("payment.confirmed", { paymentId: session.kobbopay_id })
    await checkAll(world(), collectionId)
    await timePasses(world(), collectionId, "23 hours")
    // It was received before the offer was over.
    world().meddler.rest()
    await checkAll(world(), collectionId)
    const books = await world().worked(async () => {
      const found = await booksOf(world(), collectionId)
      return found.captures.length > 0 ? found : null
    }, "the capture")
    expect(books).toMatchObject({ captures: ["10.5"], open: [] })
  })
})
