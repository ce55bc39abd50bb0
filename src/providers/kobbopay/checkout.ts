import { MedusaError } from "@medusajs/framework/utils"
import { BigNumber } from "bignumber.js"
import type { KobbopayClient } from "../../kobbopay/client"
import { environmentOf } from "../../kobbopay/environment"
import { KobbopayError } from "../../kobbopay/errors"
import { brandAs, type RailId } from "../../kobbopay/ids"
import type { Account } from "../../kobbopay/options"
import { AmountError } from "../../kobbopay/money"
import { NoPriceError, quote, type Rail } from "../../kobbopay/rails"
import { newPublicToken, newReference } from "../../kobbopay/reference"
import { nextLook } from "../../kobbopay/schedule"
import {
  claimCreation,
  currentPayment,
  findCurrent,
  recordCreated,
  releaseCreation,
} from "../../store/creation"
import {
  attachSession,
  moneyIn,
  paymentById,
  paymentToShow,
  type MedusaSession,
} from "../../store/ledger"
import type { PaymentRow } from "../../store/payment"
import type { Sql } from "../../store/sql"

/** A checkout waits for its answer: fewer tries than the work takes. */
const CREATE_ATTEMPTS = 2
const CREATE_LEASE_MS = 60_000
const WAIT_FOR_OTHER_MS = 20_000
const WAIT_STEP_MS = 50

export type Checkout = {
  sql: Sql
  account: Account
  client: KobbopayClient
  now: () => Date
  sleep: (ms: number) => Promise<void>
}

const refuse = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.INVALID_DATA, message)

/** The rail a shopper asked for; the only one when nothing was said. */
export function chooseRail(account: Account, wanted: string | undefined): Rail {
  const { rails } = account.options
  const [only] = rails
  if (wanted === undefined && rails.length === 1 && only !== undefined) return only
  const chosen = rails.find((rail) => rail.id === wanted)
  if (chosen !== undefined) return chosen
  const possible = rails.map((rail) => rail.id).join(", ")
  throw refuse(
    wanted === undefined
      ? `Choose how to pay: send data.rail with the payment session, one of: ${possible}`
      : `Payment by "${wanted.slice(0, 64)}" is not offered here. Choose one of: ${possible}`,
  )
}

/**
 * Gives a session its payment: the collection's current one of the same amount and rail, or a new one
 * created at Kobbopay. However often a checkout is rendered, it shows one payment. One whose money is to
 * settle this very amount, and that has lost its session, comes first.
 *
 * @param order what the session asks for: a decimal string of the store currency
 * @throws MedusaError when money already arrived for the collection, the currency has no price, or
 *   Kobbopay cannot be reached; a later try goes on under the same reference
 */
export async function showPayment(
  checkout: Checkout,
  session: MedusaSession,
  order: { amount: string; currencyCode: string; rail: string | undefined },
): Promise<PaymentRow> {
  const { sql, account } = checkout
  const settling = await paymentToShow(
    sql,
    {
      collectionId: session.collection_id,
      accountId: account.id,
      amount: order.amount,
      currencyCode: order.currencyCode.toLowerCase(),
    },
    session.session_id,
  )
  if (settling !== null) {
    await attachSession(sql, session.session_id, settling.id, checkout.now())
    return settling
  }
  const held = await moneyIn(sql, session.collection_id)
  if (held !== null) {
    throw new MedusaError(
      MedusaError.Types.NOT_ALLOWED,
      "This order is being paid: money has arrived for it. Wait for its confirmation instead of starting another payment.",
    )
  }
  const rail = chooseRail(account, order.rail)
  const wanted = {
    collectionId: session.collection_id,
    accountId: account.id,
    railId: brandAs<RailId>(rail.id),
    storeAmount: new BigNumber(order.amount).toFixed(),
    currencyCode: order.currencyCode.toLowerCase(),
  }
  const payment =
    (await findCurrent(sql, wanted, checkout.now())) ?? (await newPayment(checkout, rail, wanted))
  const ready = payment.state === "creating" ? await createOnce(checkout, rail, payment) : payment
  await attachSession(sql, session.session_id, ready.id, checkout.now())
  return ready
}

async function newPayment(
  checkout: Checkout,
  rail: Rail,
  wanted: Parameters<typeof findCurrent>[1],
): Promise<PaymentRow> {
  const now = checkout.now()
  const { amountMinor, price } = await quoteOrRefuse(checkout.account, rail, wanted)
  return currentPayment(
    checkout.sql,
    {
      ...wanted,
      environment: environmentOf(checkout.account),
      reference: newReference(),
      publicToken: newPublicToken(),
      token: rail.token,
      asset: rail.asset,
      network: rail.network,
      decimals: rail.decimals,
      expectedMinor: amountMinor,
      price,
      windowEndsAt: new Date(now.getTime() + checkout.account.options.expiry.windowMs),
    },
    now,
  )
}

async function quoteOrRefuse(
  account: Account,
  rail: Rail,
  wanted: { storeAmount: string; currencyCode: string },
) {
  try {
    return await quote(rail, wanted)
  } catch (cause) {
    if (!(cause instanceof NoPriceError || cause instanceof AmountError)) throw cause
    const others = account.options.rails.filter((other) => other.id !== rail.id)
    const hint =
      others.length === 0 ? "" : ` Other rails: ${others.map((one) => one.id).join(", ")}`
    throw refuse(`${cause.message}${hint}`)
  }
}

/** Creates the payment at Kobbopay, by one request at a time; the others wait for what it brings. */
async function createOnce(
  checkout: Checkout,
  rail: Rail,
  payment: PaymentRow,
): Promise<PaymentRow> {
  const { sql, client, account } = checkout
  const deadline = checkout.now().getTime() + WAIT_FOR_OTHER_MS
  for (;;) {
    const now = checkout.now()
    const until = new Date(now.getTime() + CREATE_LEASE_MS)
    if (await claimCreation(sql, payment.id, now, until)) break
    const seen = await paymentById(sql, payment.id)
    if (seen !== null && seen.state !== "creating") return seen
    if (now.getTime() > deadline) throw unavailable()
    await checkout.sleep(WAIT_STEP_MS)
  }
  let shown = payment.id
  try {
    const made = await client.create(
      { reference: payment.reference, rail, amountMinor: payment.expected_minor },
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
    const look = nextLook(now, now, account.options.expiry.watchForMs) ?? now
    shown = await recordCreated(
      sql,
      payment.id,
      {
        accountId: account.id,
        kobbopayId: made.kobbopayId,
        address: made.address,
        memo: made.memo,
        windowEndsAt: ends,
        nextLookAt: look,
      },
      now,
    )
  } catch (cause) {
    await releaseCreation(sql, payment.id)
    throw cause
  }
  const ready = await paymentById(sql, shown)
  if (ready === null || ready.address === null) throw unavailable()
  return ready
}

export const unavailable = (): MedusaError =>
  new MedusaError(
    MedusaError.Types.NOT_ALLOWED,
    "Crypto payment is not available right now. Try again in a minute, or choose another way to pay.",
  )
