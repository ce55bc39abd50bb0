/** NUL and halves of surrogate pairs: PostgreSQL refuses them in a text or in JSON, or stores another text. */
const UNSTORABLE = /[\0\p{Cs}]/u
/** Of an unknown text, what may move a terminal's cursor, end a line, or turn its reading direction. */
const NOT_PLAIN = /[\p{C}\p{Zl}\p{Zp}]+/gu
const SURROGATE_HALF_AT_END = /[\ud800-\udbff]$/

/** Whether a database takes a text as it is. */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text)

/** Objects deeper than this are no question to a route. */
const DEEPEST = 32

/** Whether a database takes every text, and every key, in a value that was parsed from JSON or a query. */
export function isStorableThroughout(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return isStorable(value)
  if (typeof value !== "object" || value === null) return true
  if (depth === DEEPEST) return false
  return Object.entries(value).every(
    ([key, inside]) => isStorable(key) && isStorableThroughout(inside, depth + 1),
  )
}

/** Text from outside as one short, plain line, for a log or a message. */
export function plainLine(text: string, most = 200): string {
  // What is cut off anyway is not worth looking at.
  const line = text
    .slice(0, most * 4)
    .replace(NOT_PLAIN, " ")
    .trim()
  const isWhole = line.length <= most && text.length <= most * 4
  return isWhole ? line : `${line.slice(0, most).replace(SURROGATE_HALF_AT_END, "")}…`
}
