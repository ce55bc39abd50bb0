import { parse } from "csv-parse/sync"
import fc from "fast-check"
import { csvLine } from "../csv"

const read = (text: string): string[][] => parse(text, { record_delimiter: "\r\n" })
const FORMULA = /^[=+\-@\t\r]/
/** What a reader finds in a cell: the value, behind an apostrophe where a spreadsheet would run it. */
const shown = (value: string | null) =>
  value === null ? "" : FORMULA.test(value) ? `'${value}` : value

describe("a line of CSV", () => {
  it("is read back by a parser as it was written, whatever the cells hold", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constant(null),
      fc.stringMatching(/^[",\r\n=+@-]{0,6}$/),
    )
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(table, (rows) => {
        const width = rows[0]?.length ?? 0
        const even = rows.map((row) => Array.from({ length: width }, (_, n) => row[n] ?? null))
        expect(read(even.map(csvLine).join(""))).toEqual(even.map((row) => row.map(shown)))
      }),
    )
  })

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://a","b")'])(
    "leaves no spreadsheet a formula: %j",
    (formula) => {
      const [[cell]] = read(csvLine([formula, "x"])) as [[string, string]]
      expect(cell).toBe(`'${formula}`)
    },
  )

  it("quotes what must be quoted, doubles quotes, and ends with CRLF", () => {
    expect(csvLine(["a", "b,c", 'say "x"', "two\nlines", null, "0"])).toBe(
      'a,"b,c","say ""x""","two\nlines",,0\r\n',
    )
  })
})
