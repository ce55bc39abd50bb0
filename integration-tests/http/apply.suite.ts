import { applyPaymentWorkflow } from "../../src/workflows"
import { booksBecome, booksOf, booksRest, capturedFor } from "../support/books"
import { ACTOR, exceptionsIn } from "../support/exceptions"
import { refusal } from "../support/refusal"
import { AFTER, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

storeSuite("resolving exceptions", (world) => {
  const sandbox = () => world().sandbox.control
  const purchase = (rail = "usdt-tron", provider = INVOICE) => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const buy = () => world().shopper.buy(purchase())
  const { exceptionOf } = exceptionsIn(world)

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
})
