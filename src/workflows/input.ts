import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type ExceptionId, type PaymentId } from "../kobbopay/ids"
import { DISMISSALS } from "../work/resolve"

const words = (most: number) => z.string().trim().min(1).max(most)

/** The person in whose name it happens, such as a user's id. "kobbopay" is the plugin's own name. */
const actor = words(200).refine((name) => name !== "kobbopay", {
  error: "is the plugin's own name; say which person decided",
})
const note = words(2_000)
  .nullish()
  .transform((text) => text ?? null)
const exceptionId = words(100).transform((id) => brandAs<ExceptionId>(id))

export const acceptInput = z.strictObject({ exception_id: exceptionId, actor, note })
export const dismissInput = z.strictObject({
  exception_id: exceptionId,
  code: z.enum(DISMISSALS),
  actor,
  note: words(2_000),
})
export const payBackInput = z.strictObject({
  payment_id: words(100).transform((id) => brandAs<PaymentId>(id)),
  /** Decimal string, units of the asset. */
  amount: words(80),
  hash: z.string().regex(/^[\x21-\x7e]{1,200}$/, { error: "is not a transaction hash" }),
  actor,
  note,
})

/** @throws MedusaError INVALID_DATA naming every faulty key */
export function parsed<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new MedusaError(MedusaError.Types.INVALID_DATA, z.prettifyError(result.error))
}
