import { allDue, booksBecome, capturedFor } from "../support/books"
import { inboxIn, saying } from "../support/inbox"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { signed } from "../support/webhook"

storeSuite("webhooks of a payment whose creation was lost", (world) => {
  const { inbox, accepted, patienceEnds } = inboxIn(world)
  const control = () => world().sandbox.control
  const purchase = (provider = INVOICE) => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
  })

  describe("when the answer to our create was lost", () => {
    const checkout = async () => {
      control().setWeather({ lostAnswer: { count: 2 } })
      const cart = await world().shopper.cart(purchase())
      const collectionId = await world().shopper.collection(cart)
      await expect(world().shopper.session(collectionId, purchase())).rejects.toThrow(/again/)
      const [made] = control().payments().slice(-1)
      if (made === undefined) throw new Error("Kobbopay made no payment")
      const paid = { kobbopay_id: made.id, reference: made.reference, amount: "10.5" }
      return { collectionId, paid }
    }
    const ledger = () => world().rows(`SELECT state, kobbopay_id FROM kobbopay_payment`)

    test("webhooks that overtake it wait, and settle once the payment is known", async () => {
      const { collectionId, paid } = await checkout()
      control().pay(paid.kobbopay_id, { amount: paid.amount, confirm: true })
      await control().quiet()
      await world().worker.drain()
      expect(await ledger()).toEqual([{ state: "creating", kobbopay_id: null }])
      expect(await inbox("state")).toEqual(Array(3).fill({ state: "received" }))

      await world().shopper.session(collectionId, purchase())
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("an event that rests as unknown_payment wakes when the id is learnt", async () => {
      control().setWeather({ drop: true })
      const { collectionId, paid } = await checkout()
      control().pay(paid.kobbopay_id, { amount: paid.amount, confirm: true })
      const body = saying("payment.confirmed", { kobbopay_id: paid.kobbopay_id })
      await accepted(signed(world(), "kobbopay", body))
      await patienceEnds()
      expect(await inbox("state, outcome")).toEqual([{ state: "done", outcome: "unknown_payment" }])
      expect(await world().rows(`SELECT id FROM kobbopay_exception`)).toEqual([])

      await world().shopper.session(collectionId, purchase())
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await inbox("state, outcome")).toEqual([{ state: "done", outcome: "confirmed" }])
    })
  })
})
