import { z } from "@medusajs/framework/zod"

/** The middle of a list that is not empty: half of the figures are not larger, half are not smaller. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)]
  const lower = sorted[Math.ceil(middle) - 1]
  if (upper === undefined || lower === undefined) throw new Error("there is nothing to measure by")
  return (upper + lower) / 2
}

/** The figure that the given share (0 to 1) of a list does not exceed. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (found === undefined) throw new Error("there is nothing to measure by")
  return found
}

const spreadSchema = z.tuple([z.number(), z.number()])
/** Lowest and highest. */
type Spread = z.output<typeof spreadSchema>

export const spreadOf = (figures: readonly number[]): Spread => [
  Math.min(...figures),
  Math.max(...figures),
]

const resultSchema = z.object({
  name: z.string(),
  /** The median of ours. */
  value: z.number(),
  unit: z.string(),
  /** The median of what it is compared with, in the same unit; null where there is no other side. */
  against: z.number().nullable(),
  /** Median ÷ median; null where the value speaks for itself. */
  ratio: z.number().nullable(),
  /** Of the ratio, round by round, or of the value where there is no ratio. */
  spread: spreadSchema,
  /** What was measured, for a reader who does not know the code. */
  what: z.string(),
  to_reach: z.string(),
})
/** One line of the report. */
export type Result = z.output<typeof resultSchema>

/** What the bench writes and reads again. */
export const reportSchema = z.looseObject({ results: z.array(resultSchema) })

type Line = Pick<Result, "name" | "unit" | "what" | "to_reach">

/** Ours ÷ theirs, measured in pairs, one after the other in the same round. */
export function compared(line: Line, ours: readonly number[], theirs: readonly number[]): Result {
  const value = median(ours)
  const against = median(theirs)
  const pairs = ours.flatMap((one, round) => {
    const other = theirs[round]
    return other === undefined ? [] : [one / other]
  })
  return { ...line, value, against, ratio: value / against, spread: spreadOf(pairs) }
}

/** Figures that stand alone. */
export const alone = (line: Line, figures: readonly number[]): Result => ({
  ...line,
  value: median(figures),
  against: null,
  ratio: null,
  spread: spreadOf(figures),
})
