import { MedusaError } from "@medusajs/framework/utils"
import type { SessionId } from "../../domain/ids"
import { lesser } from "../../domain/store-amount"
import { environmentOf } from "../../kobbopay/environment"
import type { Rail } from "../../kobbopay/rails"
import { currentPayment, firstPayment, type CurrentPayment } from "../../store/creation"
import { holdsMoney, type PaymentRow } from "../../store/payment"
import { attachSession, type SessionView } from "../../store/sessions"
import type { Checkout } from "./checkout-deps"
import {
  chooseRail,
  isCurrent,
  keyOf,
  paymentToShow,
  railFor,
  type Requested,
  type SessionRequest,
} from "./choice"
import { claimOrWait, createPayment, creationEnds } from "./create"
import { withinLimit } from "./limited-insert"
import { owedBy } from "./owed"
import { offerOf } from "./quoted-offer"
import { notAllowed } from "./refusals"

/**
 * The plain case of {@link showPayment}, with one look at the database less: nothing was made for the
 * session's collection yet. Null, and nothing done, when there is a payment already, or when
 * it would be refused: {@link showPayment} says why.
 */
export async function showFirstPayment(
  checkout: Checkout,
  session: SessionId,
  asked: SessionRequest,
): Promise<PaymentRow | null> {
  const { sql, account } = checkout
  const rail = railFor(account, asked.rail)
  // A price function is asked only for what is going to be made.
  if (rail === undefined || typeof rail.prices === "function") return null
  const offer = await offerOf(checkout, rail, keyOf(account, rail, asked)).catch(noneIfRefused)
  if (offer === null) return null
  const until = creationEnds(checkout.now())
  const from = { id: session, providerId: account.providerId }
  const right = await firstPayment(sql, from, offer, until)
  return right === null ? null : createPayment(checkout, right, session)
}

function noneIfRefused(cause: unknown): null {
  if (cause instanceof MedusaError) return null
  throw cause
}

/**
 * Gives a session its payment: the collection's current one of the same amount and rail, or a new one
 * created at Kobbopay. However often a checkout is rendered, it shows one payment. One whose money is to
 * settle this very amount, and that has lost its session, comes first.
 *
 * @param asked what the session asks for
 * @throws MedusaError when money already arrived for the collection, the currency has no price, or
 *   Kobbopay cannot be reached; a later try goes on under the same reference
 */
export async function showPayment(
  checkout: Checkout,
  view: SessionView,
  asked: SessionRequest,
): Promise<PaymentRow> {
  const { sql, account } = checkout
  const { session_id, collection_id } = view.session
  const settling = paymentToShow(view, account.id, asked)
  if (settling !== undefined) {
    await attachSession(sql, session_id, settling.id, checkout.now())
    return settling
  }
  const owed = await owedBy(checkout, view)
  if (view.payments.some(holdsMoney) || owed.isBeingPaid) {
    throw notAllowed(
      "This order is being paid: money has arrived for it. Wait for its confirmation instead of starting another payment.",
    )
  }
  // Medusa may ask for more than the order owes: a part of it was paid on another collection.
  const amount = owed.amount === null ? asked.amount : lesser(asked.amount, owed.amount)
  const rail = chooseRail(account, asked.rail)
  const requested: Requested = {
    ...keyOf(account, rail, { ...asked, amount }),
    collectionId: collection_id,
    environment: environmentOf(account),
  }
  const current = view.payments.find((payment) => isCurrent(payment, requested, checkout.now()))
  const found: CurrentPayment =
    current === undefined
      ? await newPayment(checkout, rail, requested)
      : { mayCreate: false, payment: current }
  const turn =
    !found.mayCreate && found.payment.state === "creating"
      ? await claimOrWait(checkout, found.payment)
      : found
  if (turn.mayCreate) return createPayment(checkout, turn, session_id)
  await attachSession(sql, session_id, turn.payment.id, checkout.now())
  return turn.payment
}

async function newPayment(
  checkout: Checkout,
  rail: Rail,
  requested: Requested,
): Promise<CurrentPayment> {
  const offer = await offerOf(checkout, rail, requested)
  const now = checkout.now()
  const made = { ...offer, collectionId: requested.collectionId }
  return withinLimit(checkout, made.collectionId, (sql) =>
    currentPayment(sql, made, creationEnds(now), now),
  )
}
