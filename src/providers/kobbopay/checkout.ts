import type { Logger } from "@medusajs/framework/types"
import { MedusaError } from "@medusajs/framework/utils"
import { BigNumber } from "bignumber.js"
import type { KobbopayClient } from "../../kobbopay/client"
import { environmentOf } from "../../kobbopay/environment"
import { KobbopayError } from "../../kobbopay/errors"
import {
  brandAs,
  type AccountId,
  type Environment,
  type KobbopayId,
  type RailId,
  type SessionId,
} from "../../domain/ids"
import type { Account } from "../../kobbopay/options"
import { AmountError } from "../../domain/money"
import { NoPriceError, PriceSourceError, quote, type Rail } from "../../kobbopay/rails"
import { plainLine } from "../../domain/text"
import { newPublicToken, newReference } from "../../domain/reference"
import { nextCheck } from "../../domain/schedule"
import { isMore, lesser, sameStore } from "../../domain/store-amount"
import { AnotherPaymentsId, recordCreated } from "../../store/created"
import {
  claimCreation,
  currentPayment,
  firstPayment,
  releaseCreation,
  type CurrentPayment,
  type NewPayment,
  type Offer,
  type RightToCreate,
} from "../../store/creation"
import { errorText } from "../../store/error-text"
import { exceptionAbout, openException } from "../../store/exceptions"
import { wakeWaiting } from "../../store/inbox/routing"
import { paymentById, paymentsOfOrder, sessionsOf } from "../../store/ledger"
import { viewOf } from "../../store/medusa-view"
import { asksOf } from "../../store/order-facts"
import { holdsMoney, settledAmount, settlesOrder, type PaymentRow } from "../../store/payment"
import { railOf } from "../../store/rail"
import { attachSession, type SessionView } from "../../store/sessions"
import type { Sql } from "../../store/sql"
import { withinLimit } from "./limited-insert"
import { noPriceNow, logPriceFailure } from "./prices"

/** A checkout waits for its answer: fewer tries than the worker takes. */
const CREATE_ATTEMPTS = 2
const CREATE_LEASE_MS = 60_000
/** After a create that failed: whoever renders a checkout again and again makes no more requests than this. */
const CREATE_PAUSE_MS = 1_000
const WAIT_FOR_OTHER_MS = 20_000
const WAIT_STEP_MS = 50

export type Checkout = {
  sql: Sql
  account: Account
  client: KobbopayClient
  log: Pick<Logger, "warn" | "error">
  now: () => Date
  sleep: (ms: number) => Promise<void>
}

const refuse = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.INVALID_DATA, message)

/** The rail a shopper asked for; the only one when they asked for none. */
function railFor(account: Account, requested: string | undefined): Rail | undefined {
  const { rails } = account.options
  return requested === undefined && rails.length === 1
    ? rails[0]
    : rails.find((rail) => rail.id === requested)
}

function chooseRail(account: Account, requested: string | undefined): Rail {
  const { rails } = account.options
  const chosen = railFor(account, requested)
  if (chosen !== undefined) return chosen
  const possible = rails.map((rail) => rail.id).join(", ")
  throw refuse(
    requested === undefined
      ? `Choose how to pay: send data.rail with the payment session, one of: ${possible}`
      : `Payment by "${plainLine(requested, 64)}" is not offered here. Choose one of: ${possible}`,
  )
}

/** What a session asks for. Amount: a decimal string of the store currency, whose code is in lower case. */
export type SessionRequest = { amount: string; currencyCode: string; rail: string | undefined }

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
  const until = leaseFrom(checkout.now())
  const from = { id: session, providerId: account.providerId }
  const right = await firstPayment(sql, from, offer, until)
  return right === null ? null : create(checkout, right, session)
}

function noneIfRefused(cause: unknown): null {
  if (cause instanceof MedusaError) return null
  throw cause
}

const keyOf = (account: Account, rail: Rail, asked: SessionRequest): Pick<Offer, OfferKey> => ({
  accountId: account.id,
  railId: brandAs<RailId>(rail.id),
  storeAmount: new BigNumber(asked.amount).toFixed(),
  currencyCode: asked.currencyCode,
})

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
    throw new MedusaError(
      MedusaError.Types.NOT_ALLOWED,
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
  if (turn.mayCreate) return create(checkout, turn, session_id)
  await attachSession(sql, session_id, turn.payment.id, checkout.now())
  return turn.payment
}

/**
 * A payment whose money is to settle the collection for this amount and that no live session shows, or
 * only the one that asks: a session is given to it instead of a new payment.
 */
const paymentToShow = (
  { session, payments }: SessionView,
  account: AccountId,
  asked: { amount: string; currencyCode: string },
): PaymentRow | undefined =>
  payments
    .filter(
      (payment) =>
        payment.account_id === account &&
        settlesOrder(payment) &&
        payment.captured_at === null &&
        payment.currency_code === asked.currencyCode &&
        sameStore(settledAmount(payment), asked.amount, asked.currencyCode) &&
        holdsMoney(payment) &&
        (payment.accepted !== null ||
          !payment.sessions.some(
            (id) => id !== session.session_id && session.live_sessions.includes(id),
          )),
    )
    .sort((a, b) => (a.money_seen_at?.getTime() ?? 0) - (b.money_seen_at?.getTime() ?? 0))[0]

type Requested = Pick<NewPayment, "collectionId" | OfferKey> & { environment: Environment }
type OfferKey = "accountId" | "railId" | "storeAmount" | "currencyCode"

/** One that may still be shown for the same account, rail and store amount: current, and inside its window. */
const isCurrent = (payment: PaymentRow, requested: Requested, now: Date): boolean =>
  payment.current &&
  payment.window_ends_at > now &&
  (payment.environment ?? requested.environment) === requested.environment &&
  payment.account_id === requested.accountId &&
  payment.rail_id === requested.railId &&
  payment.currency_code === requested.currencyCode &&
  sameStore(payment.store_amount, requested.storeAmount, requested.currencyCode)

/**
 * What the session's order still owes (null while there is no order: then the session's own amount counts),
 * and whether money is on its way that Medusa does not show yet.
 *
 * @throws MedusaError, in words for the shopper, where nothing may be offered for the order
 */
async function owedBy(
  { sql, account, now }: Checkout,
  { session, orderEnded }: SessionView,
): Promise<{ amount: string | null; isBeingPaid: boolean }> {
  const view = await viewOf(sql, session.collection_id)
  if (view === null || view.order === "none") return { amount: null, isBeingPaid: false }
  const over = (message: string) => new MedusaError(MedusaError.Types.NOT_ALLOWED, message)
  if (view.order === "cancelled" || orderEnded) {
    throw over("This order was cancelled. Do not pay for it any more; place a new order instead.")
  }
  if (view.isClosed) throw over("This order is closed, so there is nothing to pay for it any more.")
  const shown = await sessionsOf(sql, { collection: session.collection_id, order: view.orderId })
  const amount = asksOf(view, shown, null)
  if (!isMore(amount, "0", view.currencyCode)) {
    throw over("This order is paid already. There is nothing left to pay.")
  }
  const { renewForMs } = account.options.expiry
  const isOld = view.placedAt !== null && now().getTime() - view.placedAt.getTime() > renewForMs
  if (isOld) {
    throw over(
      "This order waited too long for its payment, and gets no new address. Place a new order, or contact the store.",
    )
  }
  const others = view.orderId === null ? [] : await paymentsOfOrder(sql, view.orderId)
  const isBooked = ({ id }: PaymentRow) =>
    view.payments.some(
      (one) =>
        one.canceled_at === null &&
        shown.some(({ payment, session: on }) => payment === id && on === one.payment_session_id),
    )
  return { amount, isBeingPaid: others.some((one) => holdsMoney(one) && !isBooked(one)) }
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
    currentPayment(sql, made, leaseFrom(now), now),
  )
}

async function offerOf(
  checkout: Checkout,
  rail: Rail,
  asked: Pick<Offer, OfferKey>,
): Promise<Offer> {
  const { amountMinor, price } = await quoteOrRefuse(checkout, rail, asked)
  return {
    ...asked,
    environment: environmentOf(checkout.account),
    reference: newReference(),
    publicToken: newPublicToken(),
    token: rail.token,
    asset: rail.asset,
    network: rail.network,
    decimals: rail.decimals,
    expectedMinor: amountMinor,
    price,
    windowEndsAt: new Date(checkout.now().getTime() + checkout.account.options.expiry.windowMs),
  }
}

const NOTHING_TO_PAY =
  "There is nothing to pay for this order, so it cannot be paid with crypto. Place it without a payment, or choose another way."

async function quoteOrRefuse(
  checkout: Checkout,
  rail: Rail,
  requested: { storeAmount: string; currencyCode: string },
) {
  try {
    return await quote(rail, requested)
  } catch (cause) {
    if (cause instanceof PriceSourceError) {
      logPriceFailure(checkout, rail, requested.currencyCode, cause)
      throw noPriceNow(rail)
    }
    if (cause instanceof AmountError) throw refuse(NOTHING_TO_PAY)
    if (!(cause instanceof NoPriceError)) throw cause
    const others = checkout.account.options.rails.filter((other) => other.id !== rail.id)
    const hint =
      others.length === 0 ? "" : `. Other rails: ${others.map((one) => one.id).join(", ")}`
    throw refuse(`${cause.message}${hint}`)
  }
}

const leaseFrom = (now: Date): Date => new Date(now.getTime() + CREATE_LEASE_MS)

/**
 * Takes the right to create the payment at Kobbopay, for one request at a time. The others wait for what that
 * request brings, and are given it.
 */
async function claimOrWait(checkout: Checkout, payment: PaymentRow): Promise<CurrentPayment> {
  const deadline = checkout.now().getTime() + WAIT_FOR_OTHER_MS
  for (;;) {
    const now = checkout.now()
    const until = leaseFrom(now)
    if (await claimCreation(checkout.sql, payment.id, now, until)) {
      return { mayCreate: true, payment, until }
    }
    const seen = await paymentById(checkout.sql, payment.id)
    if (seen !== null && seen.state !== "creating") return { mayCreate: false, payment: seen }
    if (now.getTime() > deadline) throw unavailable()
    await checkout.sleep(WAIT_STEP_MS)
  }
}

/** The row's own rail: the options may have changed since it was made. */
const ownRail = ({ options }: Account, payment: RightToCreate["payment"]): Rail => ({
  ...railOf(payment),
  memo: options.rails.some(
    (rail) => rail.id === payment.rail_id && rail.token === payment.token && rail.memo,
  ),
})

/** Creates at Kobbopay a payment whose creation is claimed, and makes the session show it. */
async function create(
  checkout: Checkout,
  { payment, until }: RightToCreate,
  session: SessionId,
): Promise<PaymentRow> {
  const { sql, client, account, log } = checkout
  let shown
  try {
    const made = await client.create(
      {
        reference: payment.reference,
        rail: ownRail(account, payment),
        amountMinor: payment.expected_minor,
      },
      { attempts: CREATE_ATTEMPTS },
    )
    if (made.amountMinor !== null && made.amountMinor !== payment.expected_minor) {
      throw new KobbopayError(
        "invalid_answer",
        `payment ${payment.id}: Kobbopay was asked for ${payment.expected_minor} minor units and answers with ${made.amountMinor}`,
        { field: "amount" },
      )
    }
    const now = checkout.now()
    const ends =
      made.expiresAt !== null && made.expiresAt < payment.window_ends_at
        ? made.expiresAt
        : payment.window_ends_at
    shown = await recordCreated(sql, payment, {
      made: {
        accountId: account.id,
        kobbopayId: made.kobbopayId,
        address: made.address,
        memo: made.memo,
        windowEndsAt: ends,
        nextCheckAt: nextCheck(now, now, account.options.expiry.watchForMs, false) ?? now,
      },
      session,
      now,
    })
    wake(checkout, made.kobbopayId, now)
  } catch (cause) {
    await releaseCreation(
      sql,
      payment.id,
      until,
      new Date(checkout.now().getTime() + CREATE_PAUSE_MS),
    )
    if (cause instanceof AnotherPaymentsId) {
      await openException(
        sql,
        exceptionAbout(payment, {
          class: "reference_mismatch",
          expected: { reference: payment.reference },
          observed: { kobbopay_id: cause.kobbopayId, other_payment: cause.paymentId },
          fingerprint: cause.kobbopayId,
        }),
        checkout.now(),
      )
      log.error(
        `kobbopay: payment ${payment.id}: Kobbopay answered a create with ${cause.kobbopayId}, which is payment ${cause.paymentId} of another checkout already; nothing is shown. Tell Kobbopay`,
      )
      throw unavailable()
    }
    throw cause
  }
  if (shown === null || shown.address === null) throw unavailable()
  return shown
}

/** The shopper does not wait for this: an event that is not woken comes again by itself. */
function wake({ sql, account, log }: Checkout, kobbopayId: KobbopayId, now: Date): void {
  wakeWaiting(sql, account.id, kobbopayId, now).catch((cause: unknown) => {
    log.warn(
      `kobbopay: events that wait for ${kobbopayId} were not woken and come by themselves: ${errorText(cause)}`,
    )
  })
}

export const unavailable = (): MedusaError =>
  new MedusaError(
    MedusaError.Types.NOT_ALLOWED,
    "Crypto payment is not available right now. Try again in a minute, or choose another way to pay.",
  )
