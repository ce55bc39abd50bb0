import type { Logger } from "@medusajs/framework/types"
import { MathBN } from "@medusajs/framework/utils"
import type { KobbopayClient } from "../../kobbopay/client"
import { KobbopayError } from "../../kobbopay/errors"
import type { Rules } from "../../kobbopay/rules"
import { stillWaits, observe, type Look } from "../../store/observe"
import { isPaidBack, settledAmount, type PaymentRow } from "../../store/payment"
import { railOf } from "../../store/rail"
import type { MedusaSession, PaymentInView, SessionView } from "../../store/sessions"
import type { Sql } from "../../store/sql"

/** A read this young is fresh: the work has just read when it asks Medusa to authorize or capture. */
const FRESH_MS = 3_000
const READ_ATTEMPTS = 2

/** What the session and its collection ask for now is no longer what the payment was made for. */
export const orderChanged = (session: MedusaSession, payment: PaymentRow): boolean =>
  !MathBN.eq(session.session_amount, settledAmount(payment)) ||
  !MathBN.eq(session.collection_amount, settledAmount(payment)) ||
  session.session_currency !== payment.currency_code ||
  session.collection_currency !== payment.currency_code

/**
 * Reads a payment at Kobbopay and commits what follows, exactly as the work does; a payment that still waits
 * for its money needs nothing committed. When Kobbopay cannot
 * be reached the ledger answers: what it holds came from earlier reads, and a failed read moves nothing.
 */
export async function refresh(
  deps: {
    sql: Sql
    client: KobbopayClient
    rules: Rules
    now: () => Date
    log: Pick<Logger, "warn">
  },
  { session, orderEnded }: Pick<SessionView, "session" | "orderEnded">,
  payment: PaymentInView,
): Promise<PaymentRow> {
  if (payment.kobbopay_id === null) return payment
  const isFresh =
    payment.last_read_at !== null &&
    deps.now().getTime() - payment.last_read_at.getTime() < FRESH_MS
  // What the ledger wanted before its order was cancelled, or its money sent back, is not wanted any more.
  const isOver = orderEnded || (isPaidBack(payment) && payment.captured_at === null)
  const known: PaymentRow = isOver ? { ...payment, want: "nothing" } : payment
  if (isFresh && known.want !== "nothing" && !orderChanged(session, payment)) return known
  const readAt = deps.now()
  let reading
  try {
    reading = await deps.client.read(payment.kobbopay_id, railOf(payment), {
      attempts: READ_ATTEMPTS,
      known: payment.transfers,
    })
  } catch (cause) {
    if (!(cause instanceof KobbopayError)) throw cause
    deps.log.warn(
      `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) could not be read, the ledger answers: ${cause.message}`,
    )
    return known
  }
  const own = payment.sessions
  const look: Look = {
    paymentId: payment.id,
    collectionId: payment.collection_id,
    lease: null,
    reading,
    readAt,
    claims: [],
    rules: deps.rules,
    facts: {
      order: isPlaced(session) ? "open" : "none",
      covered: session.paid_sessions.some((paid) => !own.includes(paid)),
      settled: session.paid_sessions.some((paid) => own.includes(paid)),
      superseded: false,
      captured: payment.captured_at !== null,
      orderChanged:
        payment.accepted === null
          ? orderChanged(session, payment)
          : !MathBN.eq(session.collection_amount, settledAmount(payment)) ||
            session.collection_currency !== payment.currency_code,
      asks: `${session.collection_amount} ${session.collection_currency}`,
    },
    source: "checkout",
    now: deps.now(),
  }
  return stillWaits(payment, look) ? known : (await observe(deps.sql, look)).payment
}

/** A session waits like this only once its order was placed, or is being placed. */
export const isPlaced = (session: MedusaSession): boolean =>
  session.status === "pending_authorization" || session.status === "authorized"
