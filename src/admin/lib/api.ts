import type {
  Dismissal,
  OrderPayment,
  OrderPayments,
  RefundPreview,
} from "../../types/order-payments"
import { askBackend } from "./backend"

const holds = <Answer extends object>(body: unknown, key: keyof Answer & string): body is Answer =>
  typeof body === "object" && body !== null && key in body

/**
 * An answer of this plugin's routes, told from a foreign one, such as a proxy's, by a key that it holds. No
 * more is checked: the routes are built from the same types.
 *
 * @throws Error for a foreign answer
 */
function answerWith<Answer extends object>(key: keyof Answer & string, body: unknown): Answer {
  if (holds<Answer>(body, key)) return body
  throw new Error(`The store answered something without ${key}`)
}

/**
 * The Kobbopay payments of an order, the newest first; none when it was not paid so.
 *
 * @throws RefusedError when the store refuses; an Error when the answer is not the route's
 */
export async function askOrderPayments(order: string): Promise<OrderPayment[]> {
  const body = await askBackend(`/admin/kobbopay/orders/${encodeURIComponent(order)}`)
  return answerWith<OrderPayments>("payments", body).payments
}

const exceptionPath = (id: string) => `/admin/kobbopay/exceptions/${encodeURIComponent(id)}`
const refundsPath = (payment: string) =>
  `/admin/kobbopay/payments/${encodeURIComponent(payment)}/refunds`
const post = (path: string, body: object) => askBackend(path, { method: "POST", body })

/** An empty note is none. */
const noteOf = (note: string) => (note.trim() === "" ? {} : { note: note.trim() })

/** What accepting and applying answer, as far as this page reads it. */
type Accepted = { payment: Pick<OrderPayment, "target" | "converged"> }

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
  const { target, converged } = answerWith<Accepted>("payment", body).payment
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
type RefundRequest = { payment: string; amount: string; hash: string; note: string }

/** @throws RefusedError with the reason why not */
export async function postRefund({ payment, amount, hash, note }: RefundRequest): Promise<void> {
  await post(refundsPath(payment), {
    amount: amount.trim(),
    hash: hash.trim(),
    ...noteOf(note),
  })
}

/**
 * What recording a refund of that amount would book in the order.
 *
 * @throws RefusedError with what is wrong with the amount
 */
export async function askRefundPreview(payment: string, amount: string): Promise<RefundPreview> {
  const query = { amount: amount.trim() }
  const body = await askBackend(`${refundsPath(payment)}/preview`, { query })
  return answerWith<RefundPreview>("booked_amount", body)
}
