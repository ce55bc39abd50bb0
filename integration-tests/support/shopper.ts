import { z } from "@medusajs/framework/zod"
import { call, type Call } from "./http"
import { KOBBOPAY_PROVIDER, type SeededProduct, type SeededStore } from "./seeded-store"

/** The part of the session's data that a payer needs. Amounts are decimal strings of the asset. */
const sessionDataSchema = z.object({
  session_id: z.string(),
  kobbopay_id: z.string(),
  token: z.string(),
  reference: z.string(),
  rail: z.string(),
  amount: z.string(),
  address: z.string(),
})
export type SessionData = z.infer<typeof sessionDataSchema>

const orderSchema = z.object({
  id: z.string(),
  status: z.string(),
  payment_status: z.string(),
})
type ShopOrder = z.infer<typeof orderSchema>

const paymentSchema = z.object({
  state: z.string(),
  amount: z.string(),
  amount_received: z.string().nullable(),
  ended: z.boolean(),
  order: z.object({ display_id: z.number() }).nullable(),
})

const idOf = <K extends string>(key: K) =>
  z.record(z.literal(key), z.object({ id: z.string() })).transform((answer) => answer[key].id)

const collectionSchema = z.object({
  payment_collection: z.object({
    payment_sessions: z.array(z.object({ provider_id: z.string(), data: z.unknown() })),
  }),
})

const completionSchema = z.union([
  z.object({ type: z.literal("order"), order: z.object({ id: z.string() }) }),
  z.object({ type: z.literal("cart"), error: z.object({ message: z.string() }).partial() }),
])

export type Purchase = {
  product: SeededProduct
  /** A rail's id, such as "usdt-tron". */
  rail: string
  /** Default: the one account of the seeded store. */
  provider?: string
  /** Whether the product travels. Default false. */
  shipped?: boolean
  /** Default 1. */
  quantity?: number
  /** Further products in the same cart, one unit of each. */
  also?: SeededProduct[]
}

export type Checkout = { cartId: string; collectionId: string; session: SessionData }

/** A shopper at the store's HTTP API, in usd; without an account, or logged in with a customer's token. */
export class Shopper {
  constructor(
    private readonly url: string,
    private readonly store: SeededStore,
    private readonly jwt: string | null = null,
  ) {}

  /** The same shop for a new customer, who registers and logs in. */
  async registered(email: string): Promise<Shopper> {
    const login = { email, password: "test-password" }
    const token = z.object({ token: z.string() }).transform((answer) => answer.token)
    const auth = `${this.url}/auth/customer/emailpass`
    const identity = await call(`${auth}/register`, token, { body: login })
    await new Shopper(this.url, this.store, identity).call("/store/customers", idOf("customer"), {
      body: { email },
    })
    return new Shopper(this.url, this.store, await call(auth, token, { body: login }))
  }

  /** From the empty cart to the payment session: afterwards the cart only needs `complete`. */
  async checkout(purchase: Purchase): Promise<Checkout> {
    const cartId = await this.cart(purchase)
    const collectionId = await this.collection(cartId)
    return { cartId, collectionId, session: await this.session(collectionId, purchase) }
  }

  /** A filled cart with address and, if the product travels, a shipping method. */
  async cart({ product, shipped = false, quantity = 1, also = [] }: Purchase): Promise<string> {
    const cartId = await this.#call("/store/carts", idOf("cart"), {
      body: {
        region_id: this.store.regionId,
        email: "shopper@example.com",
        items: [
          { variant_id: product.variantId, quantity },
          ...also.map((one) => ({ variant_id: one.variantId, quantity: 1 })),
        ],
        shipping_address: {
          first_name: "Sam",
          last_name: "Shopper",
          address_1: "12 Main Street",
          city: "Portland",
          postal_code: "97201",
          country_code: "us",
        },
      },
    })
    if (shipped) {
      await this.#call(`/store/carts/${cartId}/shipping-methods`, idOf("cart"), {
        body: { option_id: this.store.shippingOptionId },
      })
    }
    return cartId
  }

  collection(cartId: string): Promise<string> {
    return this.#call("/store/payment-collections", idOf("payment_collection"), {
      body: { cart_id: cartId },
    })
  }

  /** Renders the payment step, as a storefront does each time it is shown. */
  async session(
    collectionId: string,
    { rail, provider = KOBBOPAY_PROVIDER }: Pick<Purchase, "rail" | "provider">,
  ): Promise<SessionData> {
    const { payment_collection } = await this.#call(
      `/store/payment-collections/${collectionId}/payment-sessions`,
      collectionSchema,
      { body: { provider_id: provider, data: { rail } } },
    )
    const session = payment_collection.payment_sessions.find(
      (each) => each.provider_id === provider,
    )
    return sessionDataSchema.parse(session?.data)
  }

  /** @throws Error when Medusa keeps the cart instead of making an order. */
  async complete(cartId: string): Promise<{ id: string }> {
    const done = await this.#call(`/store/carts/${cartId}/complete`, completionSchema, {
      method: "POST",
    })
    if (done.type === "cart") {
      throw new Error(`the cart was not completed: ${done.error.message ?? "no reason given"}`)
    }
    return done.order
  }

  /** Places an order through another provider, whose session is nobody's business. Returns its collection. */
  async buyThrough(provider: string, product: SeededProduct): Promise<string> {
    const cartId = await this.cart({ product, rail: "" })
    const collectionId = await this.collection(cartId)
    await this.#call(`/store/payment-collections/${collectionId}/payment-sessions`, z.unknown(), {
      body: { provider_id: provider, data: {} },
    })
    await this.complete(cartId)
    return collectionId
  }

  /** Checks out and places the order. */
  async buy(purchase: Purchase): Promise<Checkout & { order: ShopOrder }> {
    const checkout = await this.checkout(purchase)
    const { id } = await this.complete(checkout.cartId)
    return { ...checkout, order: await this.order(id) }
  }

  async order(id: string): Promise<ShopOrder> {
    const fields = "fields=id,status,payment_status"
    const answer = await this.#call(
      `/store/orders/${id}?${fields}`,
      z.object({ order: orderSchema }),
    )
    return answer.order
  }

  /** What the payer's page shows of a payment, by its public token. */
  async payment(token: string): Promise<z.infer<typeof paymentSchema>> {
    const answer = await this.#call(
      `/store/kobbopay/payments/${token}`,
      z.object({ payment: paymentSchema }),
    )
    return answer.payment
  }

  /** Any other store route. */
  call<T>(path: string, schema: z.ZodType<T>, request: Call = {}): Promise<T> {
    return this.#call(path, schema, request)
  }

  #call<T>(path: string, schema: z.ZodType<T>, request: Call = {}): Promise<T> {
    const headers = {
      "x-publishable-api-key": this.store.publishableKey,
      ...(this.jwt === null ? {} : { authorization: `Bearer ${this.jwt}` }),
    }
    return call(`${this.url}${path}`, schema, { headers, ...request })
  }
}
