import { isStorable, isStorableThroughout, plainLine } from "../text"

describe("text for a database", () => {
  it.each(["", "plain", "two\nlines\tand a tab", "💸", "\ufeff\uffff", "à la carte"])(
    "is taken as it is: %j",
    (text) => {
      expect(isStorable(text)).toBe(true)
    },
  )

  it.each(["\0", "a\0b", "\ud83d", "\udc00\ud83d", "a\ud800b"])("is refused: %j", (text) => {
    expect(isStorable(text)).toBe(false)
    for (const value of [text, [text], { a: { b: [1, text] } }, { [text]: 1 }]) {
      expect(isStorableThroughout(value)).toBe(false)
    }
  })

  it("is looked for as deep as anything means something", () => {
    const nested = (depth: number): unknown => (depth === 0 ? "x" : { a: nested(depth - 1) })
    expect(isStorableThroughout(nested(20))).toBe(true)
    expect(isStorableThroughout(nested(5_000))).toBe(false)
    expect(isStorableThroughout({ a: null, b: 1, c: true, d: [undefined] })).toBe(true)
  })
})

describe("a plain line", () => {
  it.each([
    ["as it is", "as it is"],
    ["two\r\nlines\tand \u001b[31mred\u0007", "two lines and [31mred"],
    ["turned \u202eround\u2028and\u2029on\u0085", "turned round and on"],
    ["half \ud83d a pair", "half a pair"],
  ])("%j", (text, line) => {
    expect(plainLine(text).replace(/ +/g, " ")).toBe(line)
  })

  it("is short, whatever it was, and cuts no character in half", () => {
    expect(plainLine("x".repeat(15_000))).toBe(`${"x".repeat(200)}…`)
    expect(plainLine("\0".repeat(15_000))).toBe("…")
    expect(plainLine(`${"x".repeat(9)}💸`, 10)).toBe(`${"x".repeat(9)}…`)
    expect(plainLine("exact", 5)).toBe("exact")
  })
})
