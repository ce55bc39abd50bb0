import { addressFault, type AddressFormat } from "./addresses"
import type { RailId } from "./ids"
import { AmountError, convertUp } from "./money"

/**
 * Asks the merchant's own source for a price: how many units of the asset one unit of the store's
 * currency costs, as a decimal string.
 */
export type PriceFunction = (question: {
  /** Lower case, e.g. "eur". */
  currencyCode: string
  /** Decimal string in units of the store's currency. */
  storeAmount: string
  rail: RailId
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

export type KnownToken = {
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

/** A rail cannot be offered for an amount: no price for its currency, or a price that is none. */
export class NoPriceError extends Error {
  override readonly name = "NoPriceError"
}

/** The currencies (lower case) a rail has prices for; null where a function is asked instead. */
export function currenciesOf(rail: Pick<Rail, "prices">): string[] | null {
  return typeof rail.prices === "function" ? null : Object.keys(rail.prices).sort()
}

async function priceOf(rail: Rail, currencyCode: string, storeAmount: string): Promise<string> {
  const { prices } = rail
  if (typeof prices !== "function") {
    const price = Object.hasOwn(prices, currencyCode) ? prices[currencyCode] : undefined
    if (price !== undefined) return price
    throw new NoPriceError(
      `${rail.label} has no price for ${currencyCode.toUpperCase()}; ` +
        `it can be paid for orders in: ${Object.keys(prices).sort().join(", ").toUpperCase()}`,
    )
  }
  let answer: unknown
  try {
    answer = await prices({ currencyCode, storeAmount, rail: rail.id })
  } catch (cause) {
    throw new NoPriceError(`the price function of rail ${rail.id} failed`, { cause })
  }
  // A number would already have been a float: only text keeps every digit.
  if (typeof answer === "string") return answer
  throw new NoPriceError(
    `the price function of rail ${rail.id} must answer a decimal string, not a ${typeof answer}`,
  )
}

/**
 * What an order of the store costs on a rail: minor units of the asset, rounded up, and the price used.
 * @param order `storeAmount` a decimal string in units of the currency
 * @throws {NoPriceError} no price for the currency (the message lists those possible), or not a price
 * @throws {AmountError} the store's amount is not a decimal above zero
 */
export async function quote(
  rail: Rail,
  order: { storeAmount: string; currencyCode: string },
): Promise<{ amountMinor: bigint; price: string }> {
  const { storeAmount } = order
  const { decimals, quoteDecimals } = rail
  // Checked first, so that what fails below can only be the price.
  convertUp({ storeAmount, price: "1", decimals, quoteDecimals })
  const price = await priceOf(rail, order.currencyCode.toLowerCase(), storeAmount)
  try {
    return { amountMinor: convertUp({ storeAmount, price, decimals, quoteDecimals }), price }
  } catch (error) {
    if (!(error instanceof AmountError)) throw error
    throw new NoPriceError(`rail ${rail.id} has no usable price: ${error.message}`)
  }
}
