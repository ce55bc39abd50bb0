import { BigNumber } from "bignumber.js"
import { z } from "@medusajs/framework/zod"

/** Up to 18 decimals, as the finest of the chains here has; never an exponent, never a sign. */
const DECIMAL = /^\d{1,30}(\.\d{1,18})?$/

/** A positive decimal string of an asset, e.g. "10.50". */
export const amountSchema = z
  .string()
  .regex(DECIMAL, 'must be a decimal string such as "10.50", at most 18 decimals')
  .refine((text) => !/^[0.]*$/.test(text), "must be greater than zero")

/** Adds decimal strings exactly; plain notation. */
export function sum(amounts: Iterable<string>): string {
  let total = new BigNumber(0)
  for (const amount of amounts) total = total.plus(amount)
  return total.toFixed()
}

/** Whether `amount` is at least `asked`, both decimal strings. */
export const reaches = (amount: string, asked: string): boolean => new BigNumber(amount).gte(asked)

/** Half of a decimal string, rounded down to six decimals, which every chain here can carry. */
export const half = (amount: string): string =>
  new BigNumber(amount).dividedBy(2).decimalPlaces(6, BigNumber.ROUND_DOWN).toFixed()

/** One and a half times a decimal string, rounded up to six decimals. */
export const halfMore = (amount: string): string =>
  new BigNumber(amount).times("1.5").decimalPlaces(6, BigNumber.ROUND_UP).toFixed()

/** How many decimals a decimal string really uses. */
export const decimalsOf = (amount: string): number => new BigNumber(amount).decimalPlaces() ?? 0

/** Whether two decimal strings mean the same amount ("10.5" and "10.50" do). */
export const same = (left: string, right: string): boolean => new BigNumber(left).eq(right)
