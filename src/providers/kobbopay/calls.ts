import type { InitiatePaymentInput } from "@medusajs/framework/types"
import { MathBN } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type SessionId } from "../../domain/ids"
import type { PaymentRow } from "../../store/payment"
import { bookedUnder, paymentOfSession } from "../../store/sessions"
import type { Sql } from "../../store/sql"
import type { SessionRequest } from "./choice"

/*
 * What a call of Medusa is about. Its key names a session, or something that is booked on one: that is Medusa's
 * own word. The session's data is what a shopper posted until `initiatePayment` has returned, so it never names
 * a session where Medusa does.
 */

export type Call = {
  data?: unknown
  context?: { idempotency_key?: string | undefined } | undefined
}

const sessionData = z.looseObject({
  session_id: z.string().transform((id) => brandAs<SessionId>(id)),
})
const checkoutData = z.looseObject({ rail: z.string().optional() })

/** The session that a call's data names; null when it names none. */
export function sessionInData({ data }: Call): SessionId | null {
  const parsed = sessionData.safeParse(data)
  return parsed.success ? parsed.data.session_id : null
}

/**
 * The session of a call that Medusa makes about a session.
 *
 * @throws ZodError when nothing names one
 */
export function sessionOf({ data, context }: Call): SessionId {
  const key = context?.idempotency_key
  return key === undefined ? sessionData.parse(data).session_id : brandAs<SessionId>(key)
}

/** The session that a checkout's call is about, and what it asks for. */
export function requestIn(
  input: Pick<InitiatePaymentInput, "amount" | "currency_code" | "data" | "context">,
): SessionRequest & { session: SessionId } {
  const { rail } = checkoutData.parse(input.data ?? {})
  return {
    session: sessionOf(input),
    amount: MathBN.convert(input.amount).toFixed(),
    currencyCode: input.currency_code.toLowerCase(),
    rail,
  }
}

/**
 * The session on which Medusa books, and what its captures come to, the one under way included. Named by
 * the Payment, capture or refund that the call is about; by the Payment's own data, which this provider
 * wrote, where Medusa has not made one yet.
 *
 * @throws ZodError when nothing names a session
 */
export async function bookedOn(
  sql: Sql,
  call: Call,
): Promise<{ session: SessionId; captured: string }> {
  const key = call.context?.idempotency_key
  const booked = key === undefined ? null : await bookedUnder(sql, key)
  return booked === null
    ? { session: sessionData.parse(call.data).session_id, captured: "0" }
    : { session: booked.session_id, captured: booked.captured }
}

/** The payment on which Medusa books, as the ledger has it; null when nothing names its session. */
export async function bookedPayment(sql: Sql, call: Call): Promise<PaymentRow | null> {
  if (sessionInData(call) === null && call.context?.idempotency_key === undefined) return null
  return paymentOfSession(sql, (await bookedOn(sql, call)).session)
}
