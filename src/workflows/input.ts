import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import {
  brandAs,
  type EntitlementId,
  type ExceptionId,
  type OrderId,
  type PaymentId,
} from "../domain/ids"
import { isStorable } from "../domain/text"
import { DISMISSALS } from "../domain/exception-actions"
import { TRIGGERS } from "../store/reconciliation"

const words = (most: number) =>
  z.string().trim().min(1).max(most).refine(isStorable, {
    error: "A text holds a NUL or a broken character; leave it out",
  })

/** The person in whose name it happens, such as a user's id. "kobbopay" is the plugin's own name. */
const actor = words(200).refine((name) => name !== "kobbopay", {
  error: "actor is the plugin's own name; say which person decided",
})
const note = words(2_000)
  .nullish()
  .transform((text) => text ?? null)
const exceptionId = words(100).transform((id) => brandAs<ExceptionId>(id))

export const acceptInput = z.strictObject({
  exception_id: exceptionId,
  actor,
  note,
  /** Takes the money for final, whatever Kobbopay calls it. */
  final: z.boolean().default(false),
})
export const dismissInput = z.strictObject({
  exception_id: exceptionId,
  code: z.enum(DISMISSALS),
  actor,
  note: words(2_000),
})
export const refundAmount = words(80)
export const refundInput = z.strictObject({
  payment_id: words(100).transform((id) => brandAs<PaymentId>(id)),
  /** Decimal string, units of the asset. */
  amount: refundAmount,
  /** One spelling each, so that the same transaction is not recorded twice: hex without 0x, lower case. */
  hash: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, {
      error:
        "hash is not a transaction hash; write it as the explorer of its network shows it, without spaces",
    })
    .transform((hash) =>
      /^(0x)?[0-9a-f]+$/i.test(hash) ? hash.replace(/^0x/i, "").toLowerCase() : hash,
    ),
  actor,
  note,
})

export const convergeInput = z.strictObject({
  order_id: words(100).transform((id) => brandAs<OrderId>(id)),
})
export const decideInput = z.strictObject({
  entitlement_id: words(100).transform((id) => brandAs<EntitlementId>(id)),
  actor,
  reason: words(2_000),
})

const hasPassed = (at: Date) => at.getTime() <= Date.now()
const FUTURE = { error: "since is in the future; write a moment that has passed" }
const NO_MOMENT = { error: 'since is no moment; write one such as "2026-01-31T08:00:00Z"' }

/** A moment that is not to come, as ISO 8601. */
export const pastMoment = z.iso
  .datetime({ offset: true, error: NO_MOMENT.error })
  .transform((text) => new Date(text))
  .refine(hasPassed, FUTURE)
const past = z.union([z.date().refine(hasPassed, FUTURE), pastMoment], NO_MOMENT)

export const reconcileInput = z.strictObject({
  /** From when on payments that ended are looked at too. */
  since: past.nullish().transform((at) => at ?? null),
  trigger: z.enum(TRIGGERS).optional(),
  actor: actor.nullish().transform((name) => name ?? null),
})

/** @throws MedusaError INVALID_DATA naming every faulty key */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new MedusaError(MedusaError.Types.INVALID_DATA, z.prettifyError(result.error))
}
