import { z } from "@medusajs/framework/zod"
import { dismissExceptionWorkflow } from "../../src/workflows"
import { allDue, AUTHORIZED, AWAITING, booksBecome, booksRest, capturedFor } from "../support/books"
import { ACTOR, exceptionsIn } from "../support/exceptions"
import { refusal } from "../support/refusal"
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
  const { exceptions, exceptionOf, accept } = exceptionsIn(world)

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
})
