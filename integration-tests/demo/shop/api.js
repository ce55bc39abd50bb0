const config = await (await fetch("/shop/config.json")).json()

export const { sandbox } = config

/** One call of Medusa's store API. Throws an Error with Medusa's own words. */
async function store(path, body, more = {}) {
  const answer = await fetch(`/store${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      "content-type": "application/json",
      "x-publishable-api-key": config.publishableKey,
      ...more,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const json = await answer.json().catch(() => ({}))
  if (!answer.ok) {
    throw new Error(json.message ?? `The store answered ${answer.status}.`)
  }
  return json
}

/** The products with their prices and what is left of them. */
export async function products() {
  const fields = "fields=*variants.calculated_price,%2Bvariants.inventory_quantity"
  const answer = await store(`/products?region_id=${config.regionId}&${fields}`)
  return answer.products
}

/** A cart with one product, for a shopper who has typed their address before. */
export async function startCart(variantId) {
  const { cart } = await store("/carts", {
    region_id: config.regionId,
    email: "shopper@example.com",
    items: [{ variant_id: variantId, quantity: 1 }],
    shipping_address: {
      first_name: "Sam",
      last_name: "Shopper",
      address_1: "12 Main Street",
      city: "Portland",
      postal_code: "97201",
      country_code: "us",
    },
  })
  if (cart.items.some((item) => item.requires_shipping)) {
    await store(`/carts/${cart.id}/shipping-methods`, { option_id: config.shippingOptionId })
  }
  return cart.id
}

export const cartOf = async (id) => (await store(`/carts/${id}`)).cart

/** The rails that this cart can be paid on. */
export const rails = async (cartId) =>
  (await store(`/kobbopay/rails?cart_id=${encodeURIComponent(cartId)}`)).rails

/** Makes the payment and places the order. Without an order yet, the store waits for the money first. */
export async function placeOrder(cartId, railId) {
  const { payment_collection: collection } = await store("/payment-collections", {
    cart_id: cartId,
  })
  const { payment_collection: withSession } = await store(
    `/payment-collections/${collection.id}/payment-sessions`,
    { provider_id: config.providerId, data: { rail: railId } },
  )
  const session = withSession.payment_sessions.find(
    (each) => each.provider_id === config.providerId,
  )
  const done = await store(`/carts/${cartId}/complete`, {}).catch((error) => ({ error }))
  if (done.type !== "order" && session.data.state !== "pending") {
    throw new Error(done.error?.message ?? "The order could not be placed.")
  }
  return { token: session.data.token, orderId: done.order?.id ?? null }
}

/** The token goes in a header: a path would stand in the logs of everything it passes. */
const withToken = (path, token) => store(path, undefined, { "x-kobbopay-token": token })

export const paymentOf = async (token) => (await withToken("/kobbopay/payment", token)).payment

/** What the order of a payment entitles to, and whether it is released. */
export const entitlementsOf = async (token) =>
  (await withToken("/kobbopay/payment/entitlements", token)).entitlements

export const orderOf = async (id) => (await store(`/orders/${encodeURIComponent(id)}`)).order

/** The sandbox's page where one plays the payer. */
export const payerPage = ({ kobbopay_id: id, amount }) =>
  `${sandbox}/pay/${encodeURIComponent(id)}?amount=${encodeURIComponent(amount)}`
