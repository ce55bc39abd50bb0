export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g

/**
 * Parses UTF-8 JSON with every number kept as the text it was written in: an amount or an id must not
 * pass through a float, which would round it.
 * @throws {SyntaxError | TypeError} not JSON, or not UTF-8
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  // Refuses what is not JSON, so that the pattern below only ever meets whole strings and numbers.
  JSON.parse(text)
  return JSON.parse(text.replace(STRING_OR_NUMBER, (m) => (m.startsWith('"') ? m : `"${m}"`)))
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
