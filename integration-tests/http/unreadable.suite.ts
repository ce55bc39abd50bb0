import { z } from "@medusajs/framework/zod"
import {
  checkAll,
  AUTHORIZED,
  booksBecome,
  booksOf,
  booksRest,
  capturedFor,
} from "../support/books"
import { timePasses } from "../support/order-changes"
import { MEDDLED } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

/** What becomes of an order whose payment cannot be read, for a while or for ever. */
storeSuite("payments that cannot be read", (world) => {
  const second = () => world().second.control
  const purchase = (provider: string, rail = "usdt-tron") => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(purchase(provider))

  test("a payment that no read ever reaches is an exception, without any webhook", async () => {
    const { collectionId } = await buy(MEDDLED)
    world().meddler.meddle((_request, answer) => ({ ...answer, status: 503 }))
    await checkAll(world(), collectionId)
    await timePasses(world(), collectionId, "7 hours")
    await checkAll(world(), collectionId)
    expect(await booksOf(world(), collectionId)).toMatchObject({
      order: "pending",
      open: ["unreadable"],
    })
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
    await checkAll(world(), collectionId)
    await booksBecome(world(), collectionId, {
      ...AUTHORIZED,
      ledger: ["pending", "paid"],
      targets: ["nothing", "authorized"],
    })
    world().meddler.meddle(({ path, body }, answer) =>
      `${path} ${body}`.includes(session.kobbopay_id) ? { ...answer, status: 503 } : answer,
    )
    second().pay(other.kobbopay_id, { amount: "10.5", confirm: true })
    await checkAll(world(), collectionId)
    await timePasses(world(), collectionId, "7 hours")
    await checkAll(world(), collectionId)
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
    await checkAll(world(), collectionId)
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
      await checkAll(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      return collectionId
    }

    test.each([503, 404])(
      "is asked about until the time to watch is over, and never after: %i",
      async (status) => {
        const collectionId = await captured()
        world().meddler.meddle((_request, answer) => ({ ...answer, status }))
        await timePasses(world(), collectionId, "29 days")
        await checkAll(world(), collectionId)
        const [{ due_at: again } = { due_at: null }] = await work(collectionId)
        expect(again).not.toBeNull()
        await timePasses(world(), collectionId, "2 days")
        await checkAll(world(), collectionId)
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
      await checkAll(world(), collectionId)
      expect(await work(collectionId)).toEqual([{ due_at: null, failures: 0 }])
      await booksRest(world(), collectionId, capturedFor("10.5"))
    })
  })
})
