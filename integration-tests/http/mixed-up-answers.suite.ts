import { z } from "@medusajs/framework/zod"
import { checkAll, booksBecome, booksOf, capturedFor } from "../support/books"
import { environmentOf } from "../../src/kobbopay/environment"
import { INVOICE, MEDDLED } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

/** Answers that are about another payment, or come from another environment. */
storeSuite("answers that belong to another payment", (world) => {
  const second = () => world().second.control
  const purchase = (provider: string, rail = "usdt-tron") => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(purchase(provider))

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
    await checkAll(world(), one.collectionId)
    await booksBecome(world(), one.collectionId, capturedFor("10.5"))
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
      await checkAll(world(), collectionId)
      expect(await booksOf(world(), collectionId)).toMatchObject({
        captures: [],
        ledger: ["pending"],
      })
      const account = world().service.accounts.find(({ providerId }) => providerId === INVOICE)
      await world().rows(`UPDATE kobbopay_payment SET environment = ? WHERE collection_id = ?`, [
        account === undefined ? "" : environmentOf(account),
        collectionId,
      ])
      await checkAll(world(), collectionId)
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
