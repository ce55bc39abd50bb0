import Medusa from "@medusajs/js-sdk"
import * as storefront from "../examples/kobbopay"
import { payWithCrypto } from "../examples/pay-with-crypto"
import { booksBecome, capturedFor } from "../support/books"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** The documents' code for a storefront, with Medusa's own client against a real store. */
storeSuite("a storefront as the documents have it", (world) => {
  test("offers, chooses, places the order, finds its payment again, and follows it to the end", async () => {
    const { url, store, shopper, sandbox } = world()
    const sdk = new Medusa({ baseUrl: url, publishableKey: store.publishableKey })
    const cartId = await shopper.cart({ product: store.digital, rail: "usdt-tron" })

    const rails = await storefront.railsFor(sdk, cartId)
    const rail = rails.find((one) => one.provider_id === INVOICE && one.id === "usdt-tron")
    if (rail === undefined) throw new Error("the rail is not offered")
    const chosen = await storefront.choose(sdk, cartId, rail)
    expect(chosen).toMatchObject({ state: "pending", ended: false, label: rail.label })
    expect(chosen.address).not.toBeNull()
    const done = await sdk.store.cart.complete(cartId)
    if (done.type !== "order") throw new Error("no order was placed")

    const found = await storefront.paymentOfOrder(sdk, done.order.id)
    expect(found).toMatchObject({ token: chosen.token, state: "pending", amount: chosen.amount })

    const [row] = await world().rows(
      `SELECT collection_id, kobbopay_id FROM kobbopay_payment WHERE public_token = ?`,
      [chosen.token],
    )
    sandbox.control.pay(String(row?.kobbopay_id), { amount: chosen.amount, confirm: true })
    await booksBecome(world(), String(row?.collection_id), capturedFor("10.5"))

    const shown: storefront.Status[] = []
    await storefront.follow(sdk, chosen.token, (now) => shown.push(now))
    expect(shown.at(-1)).toMatchObject({
      state: "confirmed",
      ended: true,
      address: null,
      amount_received: chosen.amount,
      order: { display_id: expect.any(Number) },
    })
  })

  test("places an order and shows its payment until it ends, in the few lines of the README", async () => {
    const { url, store, shopper, sandbox } = world()
    const sdk = new Medusa({ baseUrl: url, publishableKey: store.publishableKey })
    const cartId = await shopper.cart({ product: store.digital, rail: "usdt-tron" })

    const shown: storefront.Status[] = []
    const sent: Promise<void>[] = []
    const send = async ({ token, amount }: storefront.Status) => {
      const [row] = await world().rows(
        `SELECT kobbopay_id FROM kobbopay_payment WHERE public_token = ?`,
        [token],
      )
      sandbox.control.pay(String(row?.kobbopay_id), { amount, confirm: true })
    }
    await payWithCrypto(sdk, cartId, (now) => {
      shown.push(now)
      if (shown.length === 1) sent.push(send(now))
    })
    await Promise.all(sent)
    expect(shown.at(0)).toMatchObject({ state: "pending", ended: false })
    expect(shown.at(-1)).toMatchObject({ state: "confirmed", ended: true, address: null })
  })
})
