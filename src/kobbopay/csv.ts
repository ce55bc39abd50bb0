const BREAK = "\r\n"
/** A spreadsheet would run what begins like this. */
const FORMULA = /^[=+\-@\t\r]/
const NEEDS_QUOTES = /[",\r\n]/

/** A cell per RFC 4180; what a spreadsheet would take for a formula is led by an apostrophe. */
function cell(value: string | null): string {
  if (value === null) return ""
  const plain = FORMULA.test(value) ? `'${value}` : value
  return NEEDS_QUOTES.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** One line of a CSV, its line break included; null is an empty cell. */
export const csvLine = (values: readonly (string | null)[]): string =>
  values.map(cell).join(",") + BREAK
