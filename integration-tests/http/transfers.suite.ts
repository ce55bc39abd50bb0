import { z } from "@medusajs/framework/zod"
import {
  checkAll,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  capturedFor,
} from "../support/books"
import type { Answer } from "../support/meddler"
import { MEDDLED, MEDDLED_DOCS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})
const paymentIn = z.looseObject({
  payment_id: z.string(),
  status: z.string(),
  transactions: z.array(z.looseObject({ hash: z.string(), amount: z.string() })).default([]),
})

/** What reads say of transfers, where they repeat themselves, replace one, or take it back. */
storeSuite("transfers as reads show them", (world) => {
  const second = () => world().second.control
  const purchase = (provider: string, rail = "usdt-tron") => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(purchase(provider))
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
      for (let count = 0; count < 3; count++) await checkAll(world(), collectionId)
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
      await checkAll(world(), collectionId)
      await booksBecome(world(), collectionId, AUTHORIZED)
      const gone = z.array(z.object({ hash: z.string() })).parse(first.transfers)[0]?.hash
      second().pay(session.kobbopay_id, { amount: "10.5" })
      await checkAll(world(), collectionId)
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
      await checkAll(world(), collectionId)
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
      await checkAll(world(), one.collectionId)
      await booksBecome(world(), one.collectionId, capturedFor("10.5"))
      await checkAll(world(), other.collectionId)
      expect(await booksOf(world(), other.collectionId)).toMatchObject({
        captures: [],
        open: ["duplicate_transfer"],
      })
    })

    test("reported under two payments settles one, and is an exception on the other", async () => {
      const one = await buy(MEDDLED)
      const other = await buy(MEDDLED)
      second().pay(one.session.kobbopay_id, { amount: "10.5", confirm: true })
      await checkAll(world(), one.collectionId)
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
      await checkAll(world(), other.collectionId)
      const books = await booksOf(world(), other.collectionId)
      expect(books).toMatchObject({
        captures: [],
        targets: ["nothing"],
        open: ["duplicate_transfer"],
      })
    })
  })

  describe("a final state that is taken back", () => {
    test.each(["Pending", "Expired"])(
      "is an exception, and nothing that was captured is undone: %s",
      async (status) => {
        const { collectionId, session } = await buy(MEDDLED_DOCS)
        second().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        await checkAll(world(), collectionId)
        await booksBecome(world(), collectionId, capturedFor("10.5"))
        world().meddler.meddle((_request, answer) => {
          const payment = paymentIn.safeParse(answer.body)
          if (!payment.success) return answer
          return { ...answer, body: { ...payment.data, status, transactions: [] } }
        })
        await checkAll(world(), collectionId)
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
    await checkAll(world(), collectionId)
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
    await checkAll(world(), collectionId)
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
    await checkAll(world(), collectionId)
    let failed = true
    world().meddler.meddle(
      onTransaction((_body, answer) => {
        const { transaction } = z.object({ transaction: anything }).parse(answer.body)
        return failed && transaction["token"] === "USDTTRC"
          ? { ...answer, body: { transaction: { ...transaction, status: "ERROR" } } }
          : answer
      }),
    )
    await checkAll(world(), collectionId)
    second().pay(other.kobbopay_id, { amount: "10.5", confirm: true })
    await checkAll(world(), collectionId)
    const books = await world().worked(async () => {
      const found = await booksOf(world(), collectionId)
      return found.captures.length > 0 ? found : null
    }, "the capture")
    expect(books.captures).toEqual(["10.5"])
    expect(books.open).not.toContain("duplicate_payment")
    failed = false
  })
})
