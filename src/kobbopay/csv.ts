const BREAK = "\r\n"

/** What parts the cells of a file: programs of other countries expect other signs. */
export const SEPARATORS = { comma: ",", semicolon: ";", tab: "\t" } as const
export type Separator = keyof typeof SEPARATORS

/** A spreadsheet runs what begins like this, also in the wide letters of East Asian keyboards. */
const RUNS = "=+@\\-\\uff1d\\uff0b\\uff20\\uff0d"
const LEADING = /^[\t\r\n]/
/**
 * The same where a cell would begin, were the file read with another separator than its own. A comma parts
 * nothing inside the quotes of a file with commas, and prose has many.
 */
const INSIDE = new RegExp(`(^|[;\\t|\\r\\n])([\\s"']*)(?=[${RUNS}])`, "g")
const INSIDE_OTHERS = new RegExp(`(^|[,;\\t|\\r\\n])([\\s"']*)(?=[${RUNS}])`, "g")
const NEEDS_QUOTES = /[",;\t|\r\n]|^\s|\s$/

/** A spreadsheet drops zeros and digits of these, or makes a day, an hour or a truth of them. */
const MISTAKEN =
  /^(0\d+|\d{16,}|\d+(\.\d+)?e\d+|\d+([-/.:]\d+)+[-/.:]?(\s?[ap]m)?|\d+\.|true|false)$/i

/** A cell: as it is, or `{ text }` where it is no number even if it looks like one. */
export type Cell = string | null | { text: string }

function shown(value: Cell, separator: Separator): string {
  if (value === null) return ""
  const text = typeof value === "string" ? value : value.text
  const isMistaken = typeof value !== "string" && MISTAKEN.test(text)
  const inside = separator === "comma" ? INSIDE : INSIDE_OTHERS
  const guarded = text.replace(inside, "$1$2'")
  return isMistaken || LEADING.test(guarded) ? `'${guarded}` : guarded
}

/** A cell per RFC 4180; what a spreadsheet would take for something else is led by an apostrophe. */
function cell(value: Cell, separator: Separator): string {
  const text = shown(value, separator)
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One line of a CSV, its line break included; null is an empty cell. */
export const csvLine = (values: readonly Cell[], separator: Separator = "comma"): string =>
  values.map((value) => cell(value, separator)).join(SEPARATORS[separator]) + BREAK
