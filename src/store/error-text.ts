import { inspect } from "node:util"
import { z } from "@medusajs/framework/zod"
import { plainLine } from "../domain/text"

/** Medusa's workflows throw plain objects, some with the error inside. */
const errorShape = z.union([
  z.object({ message: z.string() }),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error),
])

/** Enough for every cause, too little to fill a log. */
const MOST = 1_000
const AT_A_GLANCE = { depth: 1, breakLength: Infinity }
const STATEMENT = /^\s*(select|insert|update|delete|with|begin|commit|rollback)\b/i

/**
 * The words of whatever was thrown, for a log line or a row. Of a failed statement only what was wrong with
 * it: the message in front of that repeats the statement together with its values. One plain line: what was
 * thrown may repeat what a stranger sent.
 */
export function errorText(cause: unknown): string {
  return plainLine(wordsOf(cause), MOST)
}

function wordsOf(cause: unknown): string {
  const found = errorShape.safeParse(cause)
  if (!found.success) return typeof cause === "string" ? cause : inspect(cause, AT_A_GLANCE)
  const { message } = found.data
  return STATEMENT.test(message) ? (message.split(" - ").at(-1) ?? "") : message
}
