import { z } from "@medusajs/framework/zod"

/** PostgreSQL's `OFFSET` takes more, but no table of payments is this long. */
const MOST_OFFSET = 1_000_000_000

/**
 * What to write instead, after the key that is wrong. Medusa has words of its own for a missing or mistyped
 * value, and answers with the message of any other fault as it is.
 */
const keyed = (advice: string) => ({
  error: ({ path }: { path?: PropertyKey[] }) => `${(path ?? []).join(".")}: ${advice}`,
})

const wholeFrom = (least: number, most: number) =>
  z.unknown().refine(
    (given) => {
      const number = /^\d{1,15}$/.test(String(given)) ? Number(given) : NaN
      return number >= least && number <= most
    },
    keyed(`write a whole number from ${least} to ${most}`),
  )

/** `limit` and `offset` of a list. */
export const pageOf = (most: number) => ({
  limit: wholeFrom(1, most).transform(Number).default(20),
  offset: wholeFrom(0, MOST_OFFSET).transform(Number).default(0),
})

/** By which column a list is ordered, the other way round with a "-" in front. */
export const orderBy = (columns: readonly string[], by: string) =>
  z
    .string()
    .refine(
      (order) => columns.includes(order.replace(/^-/, "")),
      keyed(`write one of ${columns.join(", ")}, with "-" in front for the other way round`),
    )
    .default(by)

/** An id, or another short text, that rows are chosen by. */
export const idFilter = z.string().min(1).max(100).optional()

/** One of a few words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.custom<Words[number]>(
    (given) => words.some((word) => word === given),
    keyed(`write one of ${words.join(", ")}`),
  )

/** One of a thing, or several. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(item).optional(),
  )

/** A day, which is its beginning in UTC, or a moment. */
export const moment = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    keyed('write a day such as "2026-01-31" or a moment such as "2026-01-31T08:00:00Z"'),
  )
  .transform((text) => new Date(text))
  .optional()
