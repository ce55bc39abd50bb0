import type Medusa from "@medusajs/js-sdk"

export type Rail = { id: string; provider_id: string; label: string }

export type Payment = {
  /** Shows this payment to anyone who has it: keep it like the link to an order. */
  token: string
  state: "creating" | "pending" | "partial" | "paid" | "confirmed" | "expired" | "failed"
  /** Decimal text in units of `asset`. */
  amount: string
  amount_received: string | null
  asset: string
  label: string
  /** Null as soon as nothing is to be paid any more. */
  address: string | null
  memo: string | null
  expires_at: string
  /** Nothing is to be paid, or to be waited for, any more. */
  ended: boolean
}

export type Status = Payment & { order: { display_id: number; id?: string } | null }

/** What a cart can be paid with: in its region and currency, and nothing when it costs nothing. */
export async function railsFor(sdk: Medusa, cartId: string): Promise<Rail[]> {
  const { rails } = await sdk.client.fetch<{ rails: Rail[] }>("/store/kobbopay/rails", {
    query: { cart_id: cartId },
  })
  return rails
}

/** The shopper chose a rail. Then place the order: `sdk.store.cart.complete(cartId)`. */
export async function choose(sdk: Medusa, cartId: string, rail: Rail): Promise<Payment> {
  const { cart } = await sdk.store.cart.retrieve(cartId)
  const { payment_collection } = await sdk.store.payment.initiatePaymentSession(cart, {
    provider_id: rail.provider_id,
    data: { rail: rail.id },
  })
  return paymentIn(payment_collection.payment_sessions)
}

/** On the confirmation page: the payment of an order that was placed. Its `data` is as old as the checkout. */
export async function paymentOfOrder(sdk: Medusa, orderId: string): Promise<Status> {
  const { order } = await sdk.store.order.retrieve(orderId, {
    fields: "*payment_collections.payment_sessions",
  })
  const sessions = (order.payment_collections ?? []).flatMap((one) => one.payment_sessions ?? [])
  return statusOf(sdk, paymentIn(sessions).token)
}

/** How the payment stands now. */
export async function statusOf(sdk: Medusa, token: string): Promise<Status> {
  const { payment } = await sdk.client.fetch<{ payment: Status }>("/store/kobbopay/payment", {
    headers: { "x-kobbopay-token": token },
  })
  return payment
}

/** Shows every change until nothing is to be waited for any more. */
export async function follow(sdk: Medusa, token: string, show: (now: Status) => void) {
  for (;;) {
    const now = await statusOf(sdk, token)
    show(now)
    if (now.ended) return
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
}

type Session = { provider_id: string; data: Record<string, unknown> }

function paymentIn(sessions: readonly Session[] = []): Payment {
  const session = sessions.find((one) => one.provider_id.startsWith("pp_kobbopay_"))
  if (session === undefined) throw new Error("This is not paid through Kobbopay")
  return session.data as Payment
}
