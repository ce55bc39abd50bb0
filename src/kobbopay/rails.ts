import { addressFault, type AddressFormat } from "./addresses"
import type { RailId } from "../domain/ids"
import { convertUp } from "../domain/money"

/** How long a merchant's own source of prices may take: a shopper waits for it. */
export const PRICE_WITHIN_MS = 5_000

/**
 * Asks the merchant's own source for a price: how many units of the asset one unit of the store's
 * currency costs, as a decimal string. It has {@link PRICE_WITHIN_MS} for its answer.
 */
export type PriceFunction = (question: {
  /** Lower case, e.g. "eur". */
  currencyCode: string
  /** Decimal string in units of the store's currency. */
  storeAmount: string
  rail: RailId
  /** Aborts when the answer comes too late to be used: hand it to what is asked. */
  signal: AbortSignal
}) => string | Promise<string>

/** An asset on a network: what a payer chooses. The same asset on two networks is two rails. */
export type Rail = {
  id: RailId
  /** Kobbopay's name for asset + network, e.g. "USDTTRC". */
  token: string
  asset: string
  /** In Kobbopay's words: sent and compared in the docs profile. */
  network: string
  /** What a payer reads. */
  label: string
  /** Fraction digits of a minor unit. */
  decimals: number
  /** Fraction digits a payer is asked to type. */
  quoteDecimals: number
  /** The network needs a memo or tag beside the address; without it the money is lost. */
  memo: boolean
  /** Per currency (lower case): units of the asset that one unit of the currency costs. */
  prices: Readonly<Record<string, string>> | PriceFunction
}

type KnownToken = {
  asset: string
  network: string
  label: string
  decimals: number
  addressFormat: AddressFormat
}

/** What is known of Kobbopay's tokens; decimals are the chains' own. */
export const KNOWN_TOKENS: ReadonlyMap<string, KnownToken> = new Map([
  ["USDTTRC", usdt("TRC20", "Tron (TRC20)", 6, "tron")],
  ["USDTBSC", usdt("BEP20", "BNB Smart Chain (BEP20)", 18, "evm")],
  ["USDTERC", usdt("ERC20", "Ethereum (ERC20)", 6, "evm")],
  ["USDTPOLYGON", usdt("POLYGON", "Polygon", 6, "evm")],
])

function usdt(
  network: string,
  chain: string,
  decimals: number,
  addressFormat: AddressFormat,
): KnownToken {
  return { asset: "USDT", network, label: `USDT on ${chain}`, decimals, addressFormat }
}

/** Why a payer must not be shown this address on this rail, or null when nothing speaks against it. */
export function checkAddress(rail: Pick<Rail, "token">, address: string): string | null {
  return addressFault(KNOWN_TOKENS.get(rail.token)?.addressFormat ?? "opaque", address)
}

/** A rail cannot be offered for an amount: there is no price for its currency. For the shopper to read. */
export class NoPriceError extends Error {
  override readonly name: string = "NoPriceError"
}

/**
 * The merchant's own source of prices failed, kept silent, or answered what is no price. For the
 * merchant to read: `cause` is what it threw.
 */
export class PriceSourceError extends NoPriceError {
  override readonly name = "PriceSourceError"
}

/** The currencies (lower case) a rail has prices for; null where a function is asked instead. */
export function currenciesOf(rail: Pick<Rail, "prices">): string[] | null {
  return typeof rail.prices === "function" ? null : Object.keys(rail.prices).sort()
}

/** Units of the asset per unit of a currency: more digits are a source's mistake, and no price of anything. */
const PRICE = /^\d{1,15}(\.\d{1,36})?$/
const NOTHING = /^[0.]*$/

async function askSource(
  prices: PriceFunction,
  question: Omit<Parameters<PriceFunction>[0], "signal">,
  limit: AbortSignal,
): Promise<string> {
  const about = `the price function of rail ${question.rail}`
  const stop = new AbortController()
  // What is late may still fail: the race has a handler for it, and nobody else hears of it.
  const late = new Promise<never>((_, reject) => {
    const tooLate = () => reject(new PriceSourceError(`${about} gave no answer in time`))
    if (limit.aborted) tooLate()
    limit.addEventListener("abort", tooLate, { signal: stop.signal })
  })
  const asked = Promise.resolve().then(() => prices({ ...question, signal: limit }))
  try {
    const answer: unknown = await Promise.race([asked, late])
    if (typeof answer === "string" && PRICE.test(answer) && !NOTHING.test(answer)) return answer
    // A number would already have been a float: only text keeps every digit.
    const found = typeof answer === "string" ? `"${answer.slice(0, 24)}"` : typeof answer
    throw new PriceSourceError(
      `${about} must answer a decimal string above zero such as "1.08", not ${found}`,
    )
  } catch (cause) {
    if (cause instanceof PriceSourceError) throw cause
    throw new PriceSourceError(`${about} failed`, { cause })
  } finally {
    stop.abort()
  }
}

async function priceOf(
  rail: Rail,
  currencyCode: string,
  storeAmount: string,
  limit: AbortSignal | undefined,
): Promise<string> {
  const { prices } = rail
  if (typeof prices === "function") {
    const question = { currencyCode, storeAmount, rail: rail.id }
    return askSource(prices, question, limit ?? AbortSignal.timeout(PRICE_WITHIN_MS))
  }
  const price = Object.hasOwn(prices, currencyCode) ? prices[currencyCode] : undefined
  if (price !== undefined) return price
  throw new NoPriceError(
    `${rail.label} has no price for ${currencyCode.toUpperCase()}; ` +
      `it can be paid for orders in: ${Object.keys(prices).sort().join(", ").toUpperCase()}`,
  )
}

/**
 * What an order of the store costs on a rail: minor units of the asset, rounded up, and the price used.
 * @param order `storeAmount` a decimal string in units of the currency
 * @param limit ends the wait for a price function; {@link PRICE_WITHIN_MS} when left out
 * @throws {NoPriceError} no price for the currency; the message lists those possible
 * @throws {PriceSourceError} the merchant's own source of prices brought none
 * @throws {AmountError} the store's amount is not a decimal above zero
 */
export async function quote(
  rail: Rail,
  order: { storeAmount: string; currencyCode: string },
  limit?: AbortSignal,
): Promise<{ amountMinor: bigint; price: string }> {
  const { storeAmount } = order
  const { decimals, quoteDecimals } = rail
  // Checked first: a price function is asked only about what can be paid.
  convertUp({ storeAmount, price: "1", decimals, quoteDecimals })
  const price = await priceOf(rail, order.currencyCode.toLowerCase(), storeAmount, limit)
  return { amountMinor: convertUp({ storeAmount, price, decimals, quoteDecimals }), price }
}
