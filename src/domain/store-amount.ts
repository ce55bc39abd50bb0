import { defaultCurrencies } from "@medusajs/framework/utils"
import { BigNumber } from "bignumber.js"

/** Fraction digits of a store currency, by Medusa's own table; two for one that it does not know. */
export const decimalsOf = (currencyCode: string): number =>
  defaultCurrencies[currencyCode.toUpperCase()]?.decimal_digits ?? 2

/** Half of the smallest unit of a store currency. */
const halfUnit = (currencyCode: string): BigNumber =>
  BigNumber(0.5).shiftedBy(-decimalsOf(currencyCode))

/**
 * How two amounts of the store currency compare: 0 when they differ by less than half of the currency's
 * smallest unit. Medusa passes a session's amount through a JavaScript number and keeps every digit of the
 * taxes, so one and the same price has several spellings. The one function by which store amounts are
 * compared.
 *
 * @param a, b decimal strings in units of the currency, negative ones too
 */
export function compareStore(a: string, b: string, currencyCode: string): -1 | 0 | 1 {
  const difference = BigNumber(a).minus(b)
  if (difference.abs().lt(halfUnit(currencyCode))) return 0
  return difference.gt(0) ? 1 : -1
}

/** Two amounts of the store currency are the same; see {@link compareStore}. */
export const sameStore = (a: string, b: string, currencyCode: string): boolean =>
  compareStore(a, b, currencyCode) === 0

/** The first amount is more than the second; see {@link compareStore}. */
export const isMore = (a: string, b: string, currencyCode: string): boolean =>
  compareStore(a, b, currencyCode) > 0

/** The lesser of two amounts, decimal string. */
export const lesser = (a: string, b: string): string => BigNumber.min(a, b).toFixed()

/** The sum of amounts of one currency, decimal string. */
export const sumOf = (amounts: readonly string[]): string =>
  amounts.reduce((sum, one) => sum.plus(one), BigNumber(0)).toFixed()

/** The first amount less the second, decimal string. */
export const less = (a: string, b: string): string => BigNumber(a).minus(b).toFixed()

/** An amount in whole smallest units of its currency, the half rounded up. */
export const toUnit = (amount: string, currencyCode: string): BigNumber =>
  BigNumber(amount).decimalPlaces(decimalsOf(currencyCode), BigNumber.ROUND_HALF_UP)
