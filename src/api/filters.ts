import { z } from "@medusajs/framework/zod"

/** PostgreSQL's `OFFSET` takes more, but no table of payments is this long. */
const MOST_OFFSET = 1_000_000_000

// Medusa puts words of its own in place of zod's for a wrong type or value, but leaves a custom message.
const wholeFrom = (least: number, most: number) =>
  z.unknown().transform((given, ctx) => {
    const number = /^\d{1,15}$/.test(String(given)) ? Number(given) : NaN
    if (number >= least && number <= most) return number
    ctx.addIssue({ code: "custom", message: `write a whole number from ${least} to ${most}` })
    return z.NEVER
  })

/** `limit` and `offset` of a list. */
export const pageOf = (most: number) => ({
  limit: wholeFrom(1, most).default(20),
  offset: wholeFrom(0, MOST_OFFSET).default(0),
})

/** By which column a list is ordered, the other way round with a "-" in front. */
export const orderBy = (columns: readonly string[], by: string) =>
  z
    .string()
    .refine((order) => columns.includes(order.replace(/^-/, "")), {
      error: `write one of ${columns.join(", ")}, with "-" in front for the other way round`,
    })
    .default(by)

/** An id, or another short text, that rows are chosen by. */
export const idFilter = z
  .string({ error: "write one id" })
  .min(1, { error: "is empty; leave it out to ask for all" })
  .max(100, { error: "is longer than any id" })
  .optional()

/** One of a few words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.custom<Words[number]>((given) => words.some((word) => word === given), {
    error: `write one of ${words.join(", ")}`,
  })

/** One of a thing, or several. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(item).optional(),
  )

/** A day, which is its beginning in UTC, or a moment. */
export const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'write a day such as "2026-01-31" or a moment such as "2026-01-31T08:00:00Z"',
  })
  .transform((text) => new Date(text))
  .optional()
