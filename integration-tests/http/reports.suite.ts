import { z } from "@medusajs/framework/zod"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
} from "../support/books"
import { environmentOf } from "../../src/kobbopay/environment"
import type { Answer } from "../support/meddler"
import { INVOICE, MEDDLED, MEDDLED_DOCS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { send, signed } from "../support/webhook"

const anything = z.looseObject({})
const paymentIn = z.looseObject({
  payment_id: z.string(),
  status: z.string(),
  transactions: z.array(z.looseObject({ hash: z.string(), amount: z.string() })).default([]),
})
const HOUR = "1 hour"

/** What reads and signed webhooks say of money, where they disagree, repeat themselves, or take it back. */
storeSuite("reads and reports", (world) => {
  const second = () => world().second.control
  const purchase = (provider: string, rail = "usdt-tron") => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(purchase(provider))
  const checked = async (collection: string) => {
    await allDue(world(), collection)
    await world().worker.drain()
  }
  const report = async (event: string, about: Record<string, string>, account = "meddled") => {
    const body = { event, ...about }
    const eventId = `event-${JSON.stringify(body).length}-${event}`
    const { status } = await send(world().url, signed(world(), account, body, { eventId }))
    expect(status).toBe(200)
  }
  const passes = (collection: string, time: string) =>
    Promise.all([
      world().rows(
        `UPDATE kobbopay_payment SET created_at = created_at - ?::interval,
                window_ends_at = window_ends_at - ?::interval, failing_since = failing_since - ?::interval,
                ended_at = ended_at - ?::interval WHERE collection_id = ?`,
        [time, time, time, time, collection],
      ),
      world().rows(`UPDATE kobbopay_event SET received_at = received_at - ?::interval`, [time]),
    ])
  const received = async (token: string) => (await world().shopper.payment(token)).amount_received
  const onTransaction =
    (change: (body: { tracker_id: string }, answer: Answer) => Answer) =>
    ({ path, body }: { path: string; body: string }, answer: Answer): Answer =>
      path.startsWith("/api/transaction/get")
        ? change(z.object({ tracker_id: z.string() }).parse(JSON.parse(body)), answer)
        : answer

  describe("one transfer", () => {
    test("is one however its hash is spelled at the next read", async () => {
      const { collectionId, session } = await buy(MEDDLED_DOCS)
      second().pay(session.kobbopay_id, { amount: "5.25", due: "10.5", confirm: true })
      let reads = 0
      world().meddler.meddle((_request, answer) => {
        const payment = paymentIn.safeParse(answer.body)
        if (!payment.success) return answer
        reads += 1
        const respelled = (hash: string) => (reads % 2 === 0 ? `0x${hash.toUpperCase()}` : hash)
        const transactions = payment.data.transactions.map((one) => ({
          ...one,
          hash: respelled(one.hash),
        }))
        return { ...answer, body: { ...payment.data, status: "Confirmed", transactions } }
      })
      for (let count = 0; count < 3; count++) await checked(collectionId)
      await booksRest(world(), collectionId, {
        ...AWAITING,
        ledger: ["partial"],
        open: ["underpaid"],
      })
      expect(await received(session.token)).toBe("5.25")
    })

    test("that a wallet replaced counts no more, and the one in its place fits", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      const first = second().pay(session.kobbopay_id, { amount: "10.5" })
      await checked(collectionId)
      await booksBecome(world(), collectionId, AUTHORIZED)
      const gone = z.array(z.object({ hash: z.string() })).parse(first.transfers)[0]?.hash
      second().pay(session.kobbopay_id, { amount: "10.5" })
      await checked(collectionId)
      expect(await received(session.token)).toBe("21")
      world().meddler.meddle(
        onTransaction((_body, answer) => {
          const { transaction } = z
            .object({ transaction: z.looseObject({ hash: z.string().nullish() }).optional() })
            .parse(answer.body)
          return transaction?.hash === gone
            ? { status: 404, body: { error: "no such transaction" } }
            : { ...answer, body: { transaction: { ...transaction, status: "SUCCESS" } } }
        }),
      )
      await checked(collectionId)
      const books = await world().worked(async () => {
        const found = await booksOf(world(), collectionId)
        return found.captures.length > 0 ? found : null
      }, "the capture")
      expect(books).toMatchObject({ captures: ["10.5"], open: [] })
      expect(await received(session.token)).toBe("10.5")
    })

    test("without a hash is known by its tracker: under two payments it settles one", async () => {
      const one = await buy(MEDDLED)
      const other = await buy(MEDDLED)
      world().meddler.meddle(({ path }, answer) => {
        if (path.startsWith("/api/transaction/get")) {
          const transaction = { status: "SUCCESS", token: "USDTTRC", amount: "10.5" }
          return { status: 200, body: { transaction } }
        }
        const bought = [one, other].find(({ session }) => path.includes(session.kobbopay_id))
        if (bought === undefined) return answer
        const body = {
          tracker_id: bought.session.kobbopay_id,
          transaction_tracker_id: "transfer-without-a-hash",
        }
        return { status: 200, body }
      })
      await checked(one.collectionId)
      await booksBecome(world(), one.collectionId, capturedFor("10.5"))
      await checked(other.collectionId)
      expect(await booksOf(world(), other.collectionId)).toMatchObject({
        captures: [],
        open: ["duplicate_transfer"],
      })
    })

    test("reported under two payments settles one, and is an exception on the other", async () => {
      const one = await buy(MEDDLED)
      const other = await buy(MEDDLED)
      second().pay(one.session.kobbopay_id, { amount: "10.5", confirm: true })
      await checked(one.collectionId)
      await booksBecome(world(), one.collectionId, capturedFor("10.5"))
      const [found] = await world().rows(
        `SELECT transfers->0->>'tracker_id' AS tracker FROM kobbopay_payment WHERE collection_id = ?`,
        [one.collectionId],
      )
      world().meddler.meddle(({ path }, answer) =>
        path.includes(other.session.kobbopay_id)
          ? {
              status: 200,
              body: {
                tracker_id: other.session.kobbopay_id,
                transaction_tracker_id: found?.["tracker"],
              },
            }
          : answer,
      )
      await checked(other.collectionId)
      const books = await booksOf(world(), other.collectionId)
      expect(books).toMatchObject({
        captures: [],
        targets: ["nothing"],
        open: ["duplicate_transfer"],
      })
    })
  })

  describe("a signed report that no read bears out", () => {
    test("keeps the order from being cancelled, and is an exception: an earlier SUCCESS hidden by an ERROR", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      second().fail(session.kobbopay_id)
      await report("payment.confirmed", {
        paymentId: session.kobbopay_id,
        receivedAmount: "10.5",
      })
      await checked(collectionId)
      await passes(collectionId, "2 hours")
      await checked(collectionId)
      await checked(collectionId)
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
      await checked(collectionId)
      await passes(collectionId, "30 hours")
      await checked(collectionId)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "pending",
        open: ["ambiguous_finality"],
      })
      second().pay(session.kobbopay_id, { amount: "4", due: "10.5", confirm: true })
      await checked(collectionId)
      expect((await booksOf(world(), collectionId)).open).toContain("ambiguous_finality")
    })

    test("is an exception also when Kobbopay cannot be read for days", async () => {
      const { collectionId, session } = await buy(MEDDLED)
      world().meddler.meddle((_request, answer) => ({ ...answer, status: 503 }))
      await report("payment.confirmed", { paymentId: session.kobbopay_id })
      await checked(collectionId)
      expect((await booksOf(world(), collectionId)).open).toEqual([])
      await passes(collectionId, "60 hours")
      await checked(collectionId)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        order: "pending",
        open: ["unreadable"],
      })
      world().meddler.rest()
      second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await checked(collectionId)
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        closed: ["unreadable"],
      })
    })
  })

  test("a payment that no read ever reaches is an exception, without any webhook", async () => {
    const { collectionId } = await buy(MEDDLED)
    world().meddler.meddle((_request, answer) => ({ ...answer, status: 503 }))
    await checked(collectionId)
    await passes(collectionId, "7 hours")
    await checked(collectionId)
    expect(await booksOf(world(), collectionId)).toMatchObject({
      order: "pending",
      open: ["unreadable"],
    })
  })

  describe("an event of any other kind that names an amount", () => {
    test.each(["payment.expired", "payment.partial_settled"])(
      "%s keeps the order from being cancelled, and a person is told",
      async (event) => {
        const { collectionId, session } = await buy(MEDDLED)
        await report(event, { paymentId: session.kobbopay_id, receivedAmount: "5.25" })
        await checked(collectionId)
        await passes(collectionId, "30 hours")
        await checked(collectionId)
        await checked(collectionId)
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
      await passes(other.collectionId, HOUR)
      await checked(other.collectionId)
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
      await checked(collectionId)
      await report("payment.expired", { paymentId: "internal-4712", orderId: session.reference })
      await passes(collectionId, HOUR)
      await checked(collectionId)
      await booksBecome(world(), collectionId, CANCELLED)
    })
  })

  test("Kobbopay answers two creates with one payment: the second shopper is shown nothing of the first", async () => {
    const one = await buy(MEDDLED)
    world().meddler.meddle(({ path }, answer) =>
      path.endsWith("/invoice/create")
        ? {
            ...answer,
            body: {
              ...anything.parse(answer.body),
              tracker_id: one.session.kobbopay_id,
              receiver: one.session.address,
            },
          }
        : answer,
    )
    await expect(world().shopper.checkout(purchase(MEDDLED))).rejects.toThrow(/not available/)
    const [found] = await world().rows(
      `SELECT observed FROM kobbopay_exception WHERE class = 'reference_mismatch' AND state = 'open'`,
    )
    expect(found?.["observed"]).toMatchObject({ kobbopay_id: one.session.kobbopay_id })
    world().meddler.rest()
    second().pay(one.session.kobbopay_id, { amount: "10.5", confirm: true })
    await checked(one.collectionId)
    await booksBecome(world(), one.collectionId, capturedFor("10.5"))
  })

  describe("a final state that is taken back", () => {
    test.each(["Pending", "Expired"])(
      "is an exception, and nothing that was captured is undone: %s",
      async (status) => {
        const { collectionId, session } = await buy(MEDDLED_DOCS)
        second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        await checked(collectionId)
        await booksBecome(world(), collectionId, capturedFor("10.5"))
        world().meddler.meddle((_request, answer) => {
          const payment = paymentIn.safeParse(answer.body)
          if (!payment.success) return answer
          return { ...answer, body: { ...payment.data, status, transactions: [] } }
        })
        await checked(collectionId)
        await booksBecome(world(), collectionId, {
          ...capturedFor("10.5"),
          open: ["ambiguous_finality"],
        })
      },
    )
  })

  test("a first transfer that fails inside the offer does not end it: the second one settles", async () => {
    const { collectionId, session } = await buy(MEDDLED)
    second().pay(session.kobbopay_id, { amount: "10.5" })
    world().meddler.meddle(
      onTransaction((_body, answer) => ({
        ...answer,
        body: {
          transaction: {
            ...z.object({ transaction: anything }).parse(answer.body).transaction,
            status: "ERROR",
          },
        },
      })),
    )
    await checked(collectionId)
    await booksRest(world(), collectionId, AWAITING)
    world().meddler.rest()
    second().secondTransfer(session.kobbopay_id, { amount: "10.5", confirm: true })
    world().meddler.meddle(
      onTransaction(({ tracker_id }, answer) => {
        const { transaction } = z.object({ transaction: anything }).parse(answer.body)
        const [first] = second().payment(session.kobbopay_id).transfers
        const isFirst =
          z.looseObject({ hash: z.string() }).parse(first).hash === transaction["hash"]
        const status = isFirst ? "ERROR" : "SUCCESS"
        return { ...answer, body: { transaction: { ...transaction, tracker_id, status } } }
      }),
    )
    await checked(collectionId)
    const books = await world().worked(async () => {
      const found = await booksOf(world(), collectionId)
      return found.captures.length > 0 ? found : null
    }, "the capture")
    expect(books).toMatchObject({ captures: ["10.5"], open: [] })
  })

  test("a payment that failed after it was Paid lets go of its order: another one settles it", async () => {
    const { collectionId, session } = await buy(MEDDLED)
    const other = await world().shopper.session(collectionId, purchase(MEDDLED, "usdt-bsc"))
    second().pay(session.kobbopay_id, { amount: "10.5" })
    await checked(collectionId)
    let failed = true
    world().meddler.meddle(
      onTransaction((_body, answer) => {
        const { transaction } = z.object({ transaction: anything }).parse(answer.body)
        return failed && transaction["token"] === "USDTTRC"
          ? { ...answer, body: { transaction: { ...transaction, status: "ERROR" } } }
          : answer
      }),
    )
    await checked(collectionId)
    second().pay(other.kobbopay_id, { amount: "10.5", confirm: true })
    await checked(collectionId)
    const books = await world().worked(async () => {
      const found = await booksOf(world(), collectionId)
      return found.captures.length > 0 ? found : null
    }, "the capture")
    expect(books.captures).toEqual(["10.5"])
    expect(books.open).not.toContain("duplicate_payment")
    failed = false
  })

  test("money that first comes a day after the offer is late: shown, and not captured by itself", async () => {
    const { collectionId, session } = await world().shopper.checkout(purchase(MEDDLED))
    await passes(collectionId, "23 hours")
    expect(await world().shopper.payment(session.token)).toMatchObject({ ended: true })
    second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await report("payment.confirmed", { paymentId: session.kobbopay_id })
    await checked(collectionId)
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
    await checked(collectionId)
    await passes(collectionId, "23 hours")
    // It was received before the offer was over.
    world().meddler.rest()
    await checked(collectionId)
    const books = await world().worked(async () => {
      const found = await booksOf(world(), collectionId)
      return found.captures.length > 0 ? found : null
    }, "the capture")
    expect(books).toMatchObject({ captures: ["10.5"], open: [] })
  })

  test("money that cannot be read any more, set aside by a person, lets another payment settle the order", async () => {
    const {
      cartId,
      collectionId,
      session: other,
    } = await world().shopper.checkout(purchase(MEDDLED, "usdt-bsc"))
    const session = await world().shopper.session(collectionId, purchase(MEDDLED))
    await world().shopper.complete(cartId)
    second().pay(session.kobbopay_id, { amount: "10.5" })
    await checked(collectionId)
    await booksBecome(world(), collectionId, {
      ...AUTHORIZED,
      ledger: ["pending", "paid"],
      targets: ["nothing", "authorized"],
    })
    world().meddler.meddle(({ path, body }, answer) =>
      `${path} ${body}`.includes(session.kobbopay_id) ? { ...answer, status: 503 } : answer,
    )
    second().pay(other.kobbopay_id, { amount: "10.5", confirm: true })
    await checked(collectionId)
    await passes(collectionId, "7 hours")
    await checked(collectionId)
    expect(await booksOf(world(), collectionId)).toMatchObject({
      captures: [],
      open: ["duplicate_payment", "unreadable"],
    })
    const openOne = async (found: string) => {
      const [{ id } = { id: "" }] = await world().rows(
        `SELECT id FROM kobbopay_exception WHERE class = ? AND state = 'open'`,
        [found],
      )
      return `/admin/kobbopay/exceptions/${String(id)}`
    }
    const decide = (path: string, body: object) => world().merchant.call(path, anything, { body })
    await decide(`${await openOne("unreadable")}/dismiss`, {
      code: "written_off",
      note: "never came",
    })
    await checked(collectionId)
    expect(await booksOf(world(), collectionId)).toMatchObject({
      captures: [],
      open: ["superseded"],
    })
    await decide(`${await openOne("superseded")}/apply`, {})
    expect(await booksOf(world(), collectionId)).toMatchObject({ captures: ["10.5"], open: [] })
  })

  describe("a captured payment that cannot be read any more", () => {
    const work = (collection: string) =>
      world().rows(`SELECT due_at, failures FROM kobbopay_collection WHERE id = ?`, [collection])
    const captured = async () => {
      const { collectionId, session } = await buy(MEDDLED)
      second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await checked(collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      return collectionId
    }

    test.each([503, 404])(
      "is asked about until the time to watch is over, and never after: %i",
      async (status) => {
        const collectionId = await captured()
        world().meddler.meddle((_request, answer) => ({ ...answer, status }))
        await passes(collectionId, "29 days")
        await checked(collectionId)
        const [{ due_at: again } = { due_at: null }] = await work(collectionId)
        expect(again).not.toBeNull()
        await passes(collectionId, "2 days")
        await checked(collectionId)
        expect(await work(collectionId)).toEqual([{ due_at: null, failures: 0 }])
        await booksRest(world(), collectionId, capturedFor("10.5"))
      },
    )

    test("of an account that is gone is left in peace", async () => {
      const collectionId = await captured()
      await world().rows(
        `UPDATE kobbopay_payment SET account_id = 'closed' WHERE collection_id = ?`,
        [collectionId],
      )
      await checked(collectionId)
      expect(await work(collectionId)).toEqual([{ due_at: null, failures: 0 }])
      await booksRest(world(), collectionId, capturedFor("10.5"))
    })
  })

  describe("options that changed while payments were open", () => {
    test("a payment made in another environment is not settled by an answer without its reference", async () => {
      const { collectionId, session } = await buy(INVOICE)
      await world().rows(
        `UPDATE kobbopay_payment SET environment = 'another-one' WHERE collection_id = ?`,
        [collectionId],
      )
      world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await world().sandbox.control.quiet()
      await checked(collectionId)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        captures: [],
        ledger: ["pending"],
      })
      const account = world().service.accounts.find(({ providerId }) => providerId === INVOICE)
      await world().rows(`UPDATE kobbopay_payment SET environment = ? WHERE collection_id = ?`, [
        account === undefined ? "" : environmentOf(account),
        collectionId,
      ])
      await checked(collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("a checkout that is rendered again shows no address of another environment", async () => {
      const { collectionId, session } = await world().shopper.checkout(purchase(INVOICE))
      await world().rows(
        `UPDATE kobbopay_payment SET environment = 'another-one' WHERE collection_id = ?`,
        [collectionId],
      )
      const again = await world().shopper.session(collectionId, purchase(INVOICE))
      expect(again.address).not.toBe(session.address)
    })

    test("a create that resumes after its rail changed is made on the row's own rail", async () => {
      const { cartId } = { cartId: await world().shopper.cart(purchase(MEDDLED)) }
      const collection = await world().shopper.collection(cartId)
      world().meddler.meddle((_request, answer) => ({ ...answer, status: 503 }))
      await expect(world().shopper.session(collection, purchase(MEDDLED))).rejects.toThrow()
      world().meddler.rest()
      await world().rows(
        `UPDATE kobbopay_payment SET token = 'USDTPOLYGON', network = 'POLYGON' WHERE collection_id = ?`,
        [collection],
      )
      const shown = await world().shopper.session(collection, purchase(MEDDLED))
      expect(shown.address).toMatch(/^0x/)
    })
  })
})
