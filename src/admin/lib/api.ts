import * as z from "zod/mini"
import type {
  Acceptance,
  Dismissal,
  OrderPayment,
  RefundPreview,
  PaymentState,
  Target,
  ExceptionAction,
} from "../../types/order-payments"
import { askBackend } from "./backend"

const states: { [One in PaymentState]: One } = {
  creating: "creating",
  pending: "pending",
  partial: "partial",
  paid: "paid",
  confirmed: "confirmed",
  expired: "expired",
  failed: "failed",
}
const targets: { [One in Target]: One } = {
  nothing: "nothing",
  authorized: "authorized",
  captured: "captured",
  order_cancelled: "order_cancelled",
}
const actions: { [One in ExceptionAction]: One } = {
  accept: "accept",
  apply: "apply",
  refund: "refund",
  dismiss: "dismiss",
}
const acceptances: { [One in Acceptance]: One } = { amount: "amount", finality: "finality" }

const text = z.string()
const maybe = z.nullable(text)
const facts = z.record(text, maybe)
const person = z.object({ id: text, name: text })
const answer = z.object({
  payments: z.array(
    z.object({
      id: text,
      account: text,
      state: z.enum(states),
      target: z.enum(targets),
      converged: z.boolean(),
      rail: text,
      rail_label: text,
      asset: text,
      network: text,
      amount: text,
      amount_received: maybe,
      store_amount: text,
      currency_code: text,
      order_asks: text,
      captured_at: maybe,
      accepted_amount: maybe,
      accepted_by: z.nullable(person),
      accepted_at: maybe,
      refunded: text,
      left_to_refund: text,
      excess: text,
      refunds: z.array(
        z.object({
          id: text,
          amount: text,
          hash: text,
          actor: person,
          note: maybe,
          at: text,
          booked_amount: maybe,
          state: z.enum(["recorded", "booked", "kept"]),
        }),
      ),
      address: maybe,
      memo: maybe,
      reference: text,
      kobbopay_id: maybe,
      transfers: z.array(z.object({ hash: text, amount: text })),
      created_at: text,
      window_ends_at: text,
      ended: z.boolean(),
      last_read_at: maybe,
      next_check_at: maybe,
      last_error: maybe,
      transitions: z.array(
        z.object({
          from: text,
          to: text,
          at: text,
          source: text,
          actor: z.nullable(person),
          note: maybe,
          amount_received: maybe,
        }),
      ),
      exceptions: z.array(
        z.object({
          id: text,
          class: text,
          state: z.enum(["open", "closed"]),
          expected: facts,
          observed: facts,
          opened_at: text,
          closed_at: maybe,
          actor: z.nullable(person),
          resolution: maybe,
          note: maybe,
          actions: z.array(z.enum(actions)),
          accepts: z.nullable(z.enum(acceptances)),
          waited_for: z.boolean(),
        }),
      ),
      collection: z.object({ failures: z.number(), last_error: maybe, due_at: maybe }),
    }),
  ),
})

/**
 * The Kobbopay payments of an order, the newest first; none when it was not paid so.
 *
 * @throws RefusedError when the store refuses; a ZodError when the answer is not what this page knows
 */
export async function askOrderPayments(order: string): Promise<OrderPayment[]> {
  const body = await askBackend(`/admin/kobbopay/orders/${encodeURIComponent(order)}`)
  return answer.parse(body).payments
}

const exceptionPath = (id: string) => `/admin/kobbopay/exceptions/${encodeURIComponent(id)}`
const refundsPath = (payment: string) =>
  `/admin/kobbopay/payments/${encodeURIComponent(payment)}/refunds`
const post = (path: string, body: object) => askBackend(path, { method: "POST", body })

/** An empty note is none. */
const noteOf = (note: string) => (note.trim() === "" ? {} : { note: note.trim() })

const resolved = z.object({
  payment: z.object({ target: z.enum(targets), converged: z.boolean() }),
})

/**
 * Accepts the money of an exception, or applies its payment. Tells whether the order shows it as captured.
 *
 * @throws RefusedError with the reason why not, in the merchant's words
 */
export async function acceptMoney(
  how: "accept" | "apply",
  asked: { exception: string; note: string },
): Promise<{ isCaptured: boolean }> {
  const body = await post(`${exceptionPath(asked.exception)}/${how}`, noteOf(asked.note))
  const { target, converged } = resolved.parse(body).payment
  return { isCaptured: target === "captured" && converged }
}

/** @throws RefusedError with the reason why not */
export async function dismiss(asked: {
  exception: string
  code: Dismissal
  note: string
}): Promise<void> {
  await post(`${exceptionPath(asked.exception)}/dismiss`, { code: asked.code, note: asked.note })
}

/** `amount`: decimal string, units of the asset. */
export type RefundRequest = { payment: string; amount: string; hash: string; note: string }

/** @throws RefusedError with the reason why not */
export async function postRefund({ payment, amount, hash, note }: RefundRequest): Promise<void> {
  await post(refundsPath(payment), {
    amount: amount.trim(),
    hash: hash.trim(),
    ...noteOf(note),
  })
}

const preview = z.object({ booked_amount: maybe, currency_code: text })

/**
 * What recording a refund of that amount would book in the order.
 *
 * @throws RefusedError with what is wrong with the amount
 */
export async function askRefundPreview(payment: string, amount: string): Promise<RefundPreview> {
  const query = { amount: amount.trim() }
  return preview.parse(await askBackend(`${refundsPath(payment)}/preview`, { query }))
}
