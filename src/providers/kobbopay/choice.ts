import { BigNumber } from "bignumber.js"
import { brandAs, type AccountId, type Environment, type RailId } from "../../domain/ids"
import { sameStore } from "../../domain/store-amount"
import { plainLine } from "../../domain/text"
import type { Account } from "../../kobbopay/options"
import type { Rail } from "../../kobbopay/rails"
import type { NewPayment, Offer } from "../../store/creation"
import { holdsMoney, settledAmount, settlesOrder, type PaymentRow } from "../../store/payment"
import type { SessionView } from "../../store/sessions"
import { invalid } from "./refusals"

/*
 * Which rail and which payment a session gets. Pure: what is known is handed in.
 */

/** What a session asks for. Amount: a decimal string of the store currency, whose code is in lower case. */
export type SessionRequest = { amount: string; currencyCode: string; rail: string | undefined }

/** What two offers of the same thing have in common. */
export type OfferKey = Pick<Offer, "accountId" | "railId" | "storeAmount" | "currencyCode">

export type Requested = OfferKey & Pick<NewPayment, "collectionId"> & { environment: Environment }

/** The rail a shopper asked for; the only one when they asked for none. */
export function railFor(account: Account, requested: string | undefined): Rail | undefined {
  const { rails } = account.options
  return requested === undefined && rails.length === 1
    ? rails[0]
    : rails.find((rail) => rail.id === requested)
}

/** @throws MedusaError that lists the rails there are */
export function chooseRail(account: Account, requested: string | undefined): Rail {
  const { rails } = account.options
  const chosen = railFor(account, requested)
  if (chosen !== undefined) return chosen
  const possible = rails.map((rail) => rail.id).join(", ")
  throw invalid(
    requested === undefined
      ? `Choose how to pay: send data.rail with the payment session, one of: ${possible}`
      : `Payment by "${plainLine(requested, 64)}" is not offered here. Choose one of: ${possible}`,
  )
}

export const keyOf = (account: Account, rail: Rail, asked: SessionRequest): OfferKey => ({
  accountId: account.id,
  railId: brandAs<RailId>(rail.id),
  storeAmount: new BigNumber(asked.amount).toFixed(),
  currencyCode: asked.currencyCode,
})

/**
 * A payment whose money is to settle the collection for this amount and that no live session shows, or
 * only the one that asks: a session is given to it instead of a new payment.
 */
export const paymentToShow = (
  { session, payments }: SessionView,
  account: AccountId,
  asked: Pick<SessionRequest, "amount" | "currencyCode">,
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

/** One that may still be shown for the same account, rail and store amount: current, and inside its window. */
export const isCurrent = (payment: PaymentRow, requested: Requested, now: Date): boolean =>
  payment.current &&
  payment.window_ends_at > now &&
  (payment.environment ?? requested.environment) === requested.environment &&
  payment.account_id === requested.accountId &&
  payment.rail_id === requested.railId &&
  payment.currency_code === requested.currencyCode &&
  sameStore(payment.store_amount, requested.storeAmount, requested.currencyCode)
