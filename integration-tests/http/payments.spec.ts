import { checkMedusa } from "../../src/modules/kobbopay/medusa-check"
import { DOCS, INVOICE, storeSuite, type World } from "../support/store-suite"

storeSuite("payments", (world) => {
  test("tables of Medusa that are not as they are read are told, those that are stay unmentioned", async () => {
    const told: string[] = []
    const log = { error: (line: unknown) => told.push(String(line)) }
    const { sql } = world().service
    await checkMedusa({ sql, log })
    expect(told).toEqual([])
    await world().rows(`ALTER TABLE capture RENAME COLUMN raw_amount TO raw_total`)
    await checkMedusa({ sql, log })
    expect(told).toEqual([expect.stringContaining("no payment can settle")])
  })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("an account of the %s profile", (_profile, provider) => {
    const buy = () =>
      world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
    const pay = (id: string, amount: string, confirm = false) =>
      world().sandbox.control.pay(id, { amount, confirm })

    test("is authorized on Paid and captured on Confirmed", async () => {
      const { order, session } = await buy()
      expect(order.payment_status).toBe("awaiting")

      pay(session.kobbopay_id, session.amount)
      await statusBecomes(world(), order.id, "authorized")

      world().sandbox.control.confirm(session.kobbopay_id)
      await statusBecomes(world(), order.id, "captured")
      const payment = await world().shopper.payment(session.token)
      expect(payment).toMatchObject({ state: "confirmed", order_id: order.id, ended: false })
    })
  })
})

function statusBecomes(world: World, order: string, status: string) {
  return world.worked(
    async () => (await world.shopper.order(order)).payment_status === status,
    `the order being ${status}`,
  )
}
