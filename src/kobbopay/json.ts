export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const NUMBER = /-?\d[\d.eE+-]*/g
const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * Parses UTF-8 JSON with every number kept as the text it was written in: an amount or an id must not
 * pass through a float, which would round it.
 * @throws {SyntaxError | TypeError} not JSON, or not UTF-8
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = utf8.decode(bytes)
  // Refuses what is not JSON, so that what follows only ever meets whole strings and numbers.
  const parsed: unknown = JSON.parse(text)
  return holdsNumber(parsed) ? JSON.parse(quoteNumbers(text)) : parsed
}

/** Whether there is a number anywhere in parsed JSON, which may be nested deeper than calls can be. */
function holdsNumber(parsed: unknown): boolean {
  const open = [parsed]
  for (const value of open) {
    if (typeof value === "number") return true
    if (typeof value !== "object" || value === null) continue
    for (const part of Object.values(value)) open.push(part)
  }
  return false
}

/** Puts quotes around every number of a JSON text. Strings are stepped over, not looked at character by character. */
function quoteNumbers(json: string): string {
  let quoted = ""
  let taken = 0
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at)
    const end = quote < 0 ? json.length : quote
    const between = json.slice(at, end)
    if (/\d/.test(between)) {
      quoted += json.slice(taken, at) + between.replace(NUMBER, '"$&"')
      taken = end
    }
    at = quote < 0 ? end : endOfString(json, quote)
  }
  return quoted + json.slice(taken)
}

/** Where a string that begins at a quote is over: behind the first quote that no backslash escapes. */
function endOfString(json: string, begin: number): number {
  for (let quote = begin; ;) {
    quote = json.indexOf('"', quote + 1)
    let backslashes = 0
    while (json[quote - 1 - backslashes] === "\\") backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
}

/** The value at "a.b.c", own keys only; undefined where the path ends early. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
      value,
    )
}
