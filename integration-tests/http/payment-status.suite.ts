import { ServerResponse } from "node:http"
import { z } from "@medusajs/framework/zod"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.record(z.string(), z.unknown())
const TOKEN = "x-kobbopay-token"

storeSuite("what the public learns of a payment", (world) => {
  const buy = (provider = INVOICE, rail = "usdt-tron") =>
    world().shopper.buy({ product: world().store.digital, rail, provider })
  const store = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${world().url}/store/kobbopay/${path}`, {
      headers: { "x-publishable-api-key": world().store.publishableKey, ...headers },
    })

  describe("the public status of a payment", () => {
    test("leads to nobody: the order by its number, its id only for its own customer", async () => {
      const customer = await world().shopper.registered("own@example.com")
      const own = await customer.buy({
        product: world().store.digital,
        rail: "usdt-tron",
        provider: INVOICE,
      })
      const guest = await buy()
      const [{ display_id: number = null } = {}] = await world().rows(
        `SELECT display_id FROM "order" WHERE id = ?`,
        [own.order.id],
      )
      await booksKnow(own.order.id)
      await booksKnow(guest.order.id)
      const path = (token: string) => `/store/kobbopay/payments/${token}`
      for (const [bought, who] of [
        [own, world().shopper],
        [own, await world().shopper.registered("other@example.com")],
        [guest, customer],
      ] as const) {
        const answer = await who.call(path(bought.session.token), anything)
        const text = JSON.stringify(answer)
        expect(text).toContain("display_id")
        for (const secret of [
          bought.order.id,
          bought.cartId,
          bought.collectionId,
          "@example.com",
        ]) {
          expect(text).not.toContain(secret)
        }
        const entitled = await who.call(`${path(bought.session.token)}/entitlements`, anything)
        expect(JSON.stringify(entitled)).not.toMatch(/order_|cart_|pay_col|cus_|@/)
      }
      const mine = await customer.call(path(own.session.token), anything)
      expect(mine).toMatchObject({ payment: { order: { display_id: number, id: own.order.id } } })
      expect(JSON.stringify(own.session)).not.toMatch(/order_0|cart_0|pay_col_0/)
    })
    const booksKnow = (order: string) =>
      world().worked(
        async () =>
          (await world().rows(`SELECT id FROM kobbopay_payment WHERE order_id = ?`, [order]))[0],
        "the ledger knowing the order",
      )

    test("is also had by a header, which no request log repeats", async () => {
      const { session } = await buy()
      for (const path of ["payment", "payment/entitlements"]) {
        const answer = await store(path, { [TOKEN]: session.token })
        expect({ path, status: answer.status }).toEqual({ path, status: 200 })
        expect((await store(path)).status).toBe(404)
        expect((await store(path, { [TOKEN]: "f".repeat(32) })).status).toBe(404)
      }
      const byHeader = await (await store("payment", { [TOKEN]: session.token })).json()
      const byPath = await (await store(`payments/${session.token}`)).json()
      expect(byHeader).toEqual(byPath)
    })

    test("keeps the token out of what Medusa logs of a request", async () => {
      const { session } = await buy()
      const seen: string[] = []
      const end = Reflect.get(ServerResponse.prototype, "end")
      const spy = jest.spyOn(ServerResponse.prototype, "end").mockImplementation(function (
        this: ServerResponse,
        ...args: unknown[]
      ) {
        // What Medusa's request log reads once the answer is out.
        seen.push(String(Reflect.get(this.req, "originalUrl")))
        Reflect.apply(end, this, args)
        return this
      })
      try {
        await (await store(`payments/${session.token}`)).text()
        await (await store(`payments/${session.token}/entitlements?a=b`)).text()
        await (await store(`payments/${session.token.slice(1)}`)).text()
      } finally {
        spy.mockRestore()
      }
      expect(seen).toHaveLength(3)
      for (const url of seen) {
        expect(url).toContain("/store/kobbopay/payments/")
        expect(url).not.toContain(session.token.slice(1))
      }
    })
  })
})
