import type Medusa from "@medusajs/js-sdk"
import { choose, follow, railsFor, type Status } from "./kobbopay"

/** Places the order, then shows every change of its payment until it ends. */
export async function payWithCrypto(sdk: Medusa, cartId: string, show: (now: Status) => void) {
  const [rail] = await railsFor(sdk, cartId)
  if (rail === undefined) throw new Error("No rail is offered for this cart")
  const { token } = await choose(sdk, cartId, rail)
  const done = await sdk.store.cart.complete(cartId)
  if (done.type === "cart") throw new Error(done.error.message)
  await follow(sdk, token, show)
}
