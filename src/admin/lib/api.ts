import Medusa from "@medusajs/js-sdk"
import * as z from "zod/mini"
import type { OrderPayment, PaymentState, Want } from "../../types/order-payments"

const storageKey = __JWT_TOKEN_STORAGE_KEY__ || undefined
/** Logged in as the dashboard is. */
const sdk = new Medusa({
  baseUrl: __BACKEND_URL__ || "/",
  auth: { type: __AUTH_TYPE__ || "session", ...(storageKey && { jwtTokenStorageKey: storageKey }) },
})

const states: { [One in PaymentState]: One } = {
  creating: "creating",
  pending: "pending",
  partial: "partial",
  paid: "paid",
  confirmed: "confirmed",
  expired: "expired",
  failed: "failed",
}
const wants: { [One in Want]: One } = {
  nothing: "nothing",
  authorized: "authorized",
  captured: "captured",
  order_cancelled: "order_cancelled",
}

const text = z.string()
const maybe = z.nullable(text)
const facts = z.record(text, maybe)
const answer = z.object({
  payments: z.array(
    z.object({
      id: text,
      account: text,
      state: z.enum(states),
      want: z.enum(wants),
      converged: z.boolean(),
      rail: text,
      rail_label: text,
      asset: text,
      network: text,
      amount: text,
      amount_received: maybe,
      store_amount: text,
      currency_code: text,
      address: maybe,
      memo: maybe,
      reference: text,
      kobbopay_id: maybe,
      transfers: z.array(z.object({ hash: text, amount: text })),
      created_at: text,
      window_ends_at: text,
      ended: z.boolean(),
      last_read_at: maybe,
      next_look_at: maybe,
      last_error: maybe,
      transitions: z.array(
        z.object({ from: text, to: text, at: text, source: text, amount_received: maybe }),
      ),
      exceptions: z.array(
        z.object({
          class: text,
          state: z.enum(["open", "closed"]),
          expected: facts,
          observed: facts,
          opened_at: text,
          closed_at: maybe,
          resolution: maybe,
        }),
      ),
      group: z.object({ failures: z.number(), last_error: maybe, due_at: maybe }),
    }),
  ),
})

/**
 * The Kobbopay payments of an order, the newest first; none when it was not paid so.
 *
 * @throws FetchError when the store refuses; a ZodError when the answer is not what this page knows
 */
export async function paymentsOfOrder(order: string): Promise<OrderPayment[]> {
  const body = await sdk.client.fetch<unknown>(
    `/admin/kobbopay/orders/${encodeURIComponent(order)}`,
  )
  return answer.parse(body).payments
}
