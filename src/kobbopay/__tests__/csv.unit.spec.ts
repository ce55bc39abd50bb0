import { parse } from "csv-parse/sync"
import fc from "fast-check"
import { csvLine, type Separator } from "../csv"

const SEPARATORS: Record<Separator, string> = { comma: ",", semicolon: ";", tab: "\t" }
const NAMES = ["comma", "semicolon", "tab"] as const
const read = (text: string, delimiter = ","): string[][] =>
  parse(text, { record_delimiter: "\r\n", delimiter })
/** What a spreadsheet makes of a text that it opens with another separator than was meant. */
const cellsAnyhow = (text: string): string[] =>
  text.split(/[,;\t|\r\n]/).map((cell) => cell.replace(/^[\s"]+/, ""))
const RUNS = /^[=+@\uff1d\uff0b\uff20\uff0d-]/

describe("a line of CSV", () => {
  const cell = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constant(null),
    fc.stringMatching(/^[",;\t|\r\n =+@-]{0,8}$/),
  )

  it.each(NAMES)(
    "is read back by a parser with as many cells as it was written (%s)",
    (separator) => {
      const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), {
        minLength: 1,
        maxLength: 5,
      })
      fc.assert(
        fc.property(table, (rows) => {
          const width = rows[0]?.length ?? 0
          const even = rows.map((row) => Array.from({ length: width }, (_, n) => row[n] ?? null))
          const text = even.map((row) => csvLine(row, separator)).join("")
          const back = read(text, SEPARATORS[separator])
          // Apostrophes are all that is added.
          const bare = (value: string | null) => (value ?? "").replaceAll("'", "")
          expect(back.map((row) => row.map(bare))).toEqual(even.map((row) => row.map(bare)))
        }),
      )
    },
  )

  it.each(NAMES)("holds what no spreadsheet would change as it was written (%s)", (separator) => {
    const harmless = fc
      .string({ unit: "binary" })
      .filter((text) => !/[=+@\uff1d\uff0b\uff20\uff0d-]|^[\t\r\n]|^[\d\s.,/:e]+$/iu.test(text))
    fc.assert(
      fc.property(fc.array(harmless, { minLength: 2, maxLength: 4 }), (row) => {
        expect(read(csvLine(row, separator), SEPARATORS[separator])).toEqual([row])
      }),
    )
  })

  it("leaves no formula, whatever separator the spreadsheet takes it to have", () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...NAMES),
        (row, by) => {
          // A comma inside a quoted cell parts nothing in a program that takes commas.
          const ways = by === "comma" ? [/[;\t|\r\n]/, /\0/] : [/[,;\t|\r\n]/]
          const text = csvLine(row, by)
          for (const way of ways) {
            const cells = text.split(way).map((one) => one.replace(/^[\s"]+/, ""))
            expect(cells.filter((one) => RUNS.test(one))).toEqual([])
          }
        },
      ),
    )
  })

  it.each([
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://a","b")',
    " =1+1",
    "＝1+1",
    "x; =1+1",
    "x;=1+1",
    'x;"=1+1"',
    "x\n=1+1",
    "x\r\n +1",
    "x\t@SUM(A1)",
    "x|-1",
    "\t=1",
    "\r=1",
  ])("leaves no spreadsheet a formula: %j", (formula) => {
    for (const separator of NAMES) {
      const text = csvLine(["a", formula, "x"], separator)
      const [[, back]] = read(text, SEPARATORS[separator]) as [[string, string, string]]
      expect(back.replaceAll("'", "")).toBe(formula)
      expect(cellsAnyhow(text).filter((one) => RUNS.test(one))).toEqual([])
    }
  })

  it.each(["\tx", "\rx", "\nx"])("begins no cell with a tab or a break: %j", (text) => {
    expect(read(csvLine([text, "x"]))).toEqual([[`'${text}`, "x"]])
  })

  it.each([
    "0012345",
    "12345678901234567890",
    "1234567890123456",
    "1E5",
    "12e34",
    "9e9",
    "1-2",
    "1/2",
    "3.4.2026",
    "10.5.",
    "1:30",
    "12:00:01",
    "TRUE",
    "false",
  ])("leaves a text that only looks like a number, a day or a truth a text: %j", (text) => {
    expect(read(csvLine([{ text }, "x"]))).toEqual([[`'${text}`, "x"]])
    expect(read(csvLine([text, "x"]))).toEqual([[text, "x"]])
  })

  it("quotes what must be quoted, doubles quotes, and ends with CRLF", () => {
    expect(csvLine(["a", "b,c", 'say "x"', "two\nlines", null, "0"])).toBe(
      'a,"b,c","say ""x""","two\nlines",,0\r\n',
    )
    expect(csvLine(["a;b", "c\td", " e "])).toBe('"a;b","c\td"," e "\r\n')
    expect(csvLine(["a", "b", null], "semicolon")).toBe("a;b;\r\n")
  })
})
