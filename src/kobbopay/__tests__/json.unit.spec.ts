import fc from "fast-check"
import { parseJson, valueAt } from "../json"

describe("JSON with numbers as text", () => {
  const withTextNumbers = (value: unknown): unknown => {
    if (typeof value === "number") return JSON.stringify(value)
    if (Array.isArray(value)) return value.map(withTextNumbers)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, withTextNumbers(one)]),
    )
  }

  it("differs from plain JSON in the numbers alone", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value)
        expect(parseJson(Buffer.from(text))).toEqual(withTextNumbers(JSON.parse(text)))
      }),
    )
  })

  it("keeps each digit as it was written", () => {
    const text = '{"a":10.50,"b":[-1e-7,90071992547409931],"c":"1\\"2"}'
    expect(parseJson(Buffer.from(text))).toEqual({
      a: "10.50",
      b: ["-1e-7", "90071992547409931"],
      c: '1"2',
    })
  })

  it("looks at nothing but the text, whatever other libraries add to all objects", () => {
    Object.defineProperty(Object.prototype, "added", {
      value: { by: "another library" },
      enumerable: true,
      configurable: true,
    })
    try {
      expect(parseJson(Buffer.from('{"a":"b"}'))).toHaveProperty("a", "b")
    } finally {
      Reflect.deleteProperty(Object.prototype, "added")
    }
  })

  it.each(["", "{", "01", "[1,]", "NaN", "1 2"])("refuses %p", (text) => {
    expect(() => parseJson(Buffer.from(text))).toThrow(SyntaxError)
  })

  it("steps into own keys only", () => {
    expect(valueAt({ a: { b: 1 } }, "a.b")).toBe(1)
    expect(valueAt({ a: "text" }, "a.length")).toBeUndefined()
    expect(valueAt({}, "constructor.name")).toBeUndefined()
  })
})
