import { plainLine } from "./text"

/** Text that is not the amount it should be. The message never repeats more than a short piece of it. */
export class AmountError extends Error {
  override readonly name = "AmountError"
}

/** Wallets do not take 18 fraction digits; 6 are enough for any stablecoin. */
export const DEFAULT_QUOTE_DECIMALS = 6

const DECIMAL = /^(\d+)(?:\.(\d+))?$/
/** Longer numbers are no amounts, and would only cost time to read. */
const MAX_LENGTH = 80

type Decimal = { digits: bigint; scale: number }

function parseDecimal(text: string): Decimal {
  const match = text.length <= MAX_LENGTH ? DECIMAL.exec(text) : null
  if (!match) {
    throw new AmountError(
      `"${plainLine(text, 24)}" is not an amount; write digits with a point, such as ${exampleFor(text)}`,
    )
  }
  const [, whole = "", fraction = ""] = match
  return { digits: BigInt(whole + fraction), scale: fraction.length }
}

/** What was meant, where only a comma stands for the point; else any amount. */
const exampleFor = (text: string): string =>
  /^\d{1,24},\d{1,24}$/.test(text) ? text.replace(",", ".") : "6.95"

const pow10 = (exponent: number): bigint => 10n ** BigInt(exponent)
const divideUp = (value: bigint, by: bigint): bigint => (value + by - 1n) / by

/**
 * Reads a decimal string of the asset ("10.50") as minor units.
 * @param decimals fraction digits of the asset on its network
 * @throws {AmountError} not a plain decimal, negative, an exponent, or digits finer than a minor unit
 */
export function parseAmount(text: string, decimals: number): bigint {
  const { digits, scale } = parseDecimal(text)
  if (scale <= decimals) return digits * pow10(decimals - scale)
  const finer = pow10(scale - decimals)
  if (digits % finer !== 0n) {
    throw new AmountError(
      `"${text.slice(0, 24)}" has more than the ${decimals} fraction digits of its asset`,
    )
  }
  return digits / finer
}

/** Writes minor units as a plain decimal string without trailing zeros ("10.5"); negative differences too. */
export function formatAmount(minor: bigint, decimals: number): string {
  const sign = minor < 0n ? "-" : ""
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, "0")
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "")
  return sign + whole + (fraction === "" ? "" : `.${fraction}`)
}

/**
 * What an amount of the store's currency costs in the asset: minor units, rounded up so that the shop
 * never asks for less than its price.
 * @param price units of the asset that one unit of the store's currency costs
 * @param quoteDecimals fraction digits a payer is asked to type, never more than `decimals`
 * @throws {AmountError} either text is not a plain decimal, or not above zero
 */
export function convertUp(quote: {
  storeAmount: string
  price: string
  decimals: number
  quoteDecimals?: number
}): bigint {
  const store = parseDecimal(quote.storeAmount)
  const price = parseDecimal(quote.price)
  if (store.digits === 0n || price.digits === 0n) {
    throw new AmountError("the amount and the price must be above zero")
  }
  const shown = Math.min(quote.quoteDecimals ?? DEFAULT_QUOTE_DECIMALS, quote.decimals)
  const product = store.digits * price.digits * pow10(shown)
  return divideUp(product, pow10(store.scale + price.scale)) * pow10(quote.decimals - shown)
}

/** How far what arrives may be from what was asked: units of the asset, or a share of the amount. */
type Tolerance = { kind: "units"; units: string } | { kind: "percent"; percent: string }

/**
 * Reads "0", "0.5" (units of the asset) or "1%" (of the amount asked for).
 * @throws {AmountError} neither form, or 100 % and more
 */
export function parseTolerance(text: string): Tolerance {
  if (!text.endsWith("%")) {
    parseDecimal(text)
    return { kind: "units", units: text }
  }
  const percent = text.slice(0, -1)
  const { digits, scale } = parseDecimal(percent)
  if (digits >= 100n * pow10(scale)) throw new AmountError("a tolerance must be below 100 %")
  return { kind: "percent", percent }
}

/**
 * A tolerance in minor units, rounded down. Always less than the amount itself: however wide it is
 * set, nothing at all never counts as paid.
 */
export function toleranceMinor(
  tolerance: Tolerance,
  expectedMinor: bigint,
  decimals: number,
): bigint {
  const text = tolerance.kind === "units" ? tolerance.units : tolerance.percent
  const { digits, scale } = parseDecimal(text)
  const ideal =
    tolerance.kind === "units"
      ? (digits * pow10(decimals)) / pow10(scale)
      : (digits * expectedMinor) / (100n * pow10(scale))
  const most = expectedMinor > 0n ? expectedMinor - 1n : 0n
  return ideal < most ? ideal : most
}
