import { DOCS, INVOICE, storeSuite, type World } from "../support/store-suite"

storeSuite("payments", (world) => {
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
