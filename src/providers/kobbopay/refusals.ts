import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { KobbopayError } from "../../kobbopay/errors"

/** What a shopper asked for cannot be had: says what can. */
export const invalid = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.INVALID_DATA, message)

/** What was asked for may not be done now: says why, and what to do instead. */
export const notAllowed = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.NOT_ALLOWED, message)

export const unavailable = (): MedusaError =>
  notAllowed(
    "Crypto payment is not available right now. Try again in a minute, or choose another way to pay.",
  )

/**
 * Does what one call of Medusa asks for, and turns whatever goes wrong into a MedusaError that says what to do
 * next. A plain error is swallowed by Medusa on an order that awaits its payment.
 *
 * @param report is given what went wrong where the error cannot say it: the cause belongs in the log
 */
export async function inMedusaErrors<T>(
  work: () => Promise<T>,
  report: (cause: unknown) => void,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof MedusaError) throw cause
    if (cause instanceof z.ZodError) {
      throw invalid(`The payment session's data does not fit: ${z.prettifyError(cause)}`)
    }
    report(cause)
    if (cause instanceof KobbopayError) throw unavailable()
    throw new MedusaError(
      MedusaError.Types.UNEXPECTED_STATE,
      "The payment could not be processed. Nothing was charged by this; try again.",
    )
  }
}
