import { textOf, type Texts } from "../texts"

const en: Texts = { plain: "Plain", deep: { named: "For {{name}}, {{name}} and {{other}}" } }
const de: Texts = { plain: "Schlicht" }

describe("a text", () => {
  test("is found by its key, in the reader's language first", () => {
    expect(textOf([de, en], ["plain"])).toBe("Schlicht")
    expect(textOf([de, en], ["deep.named"])).toBe("For {{name}}, {{name}} and {{other}}")
  })

  test("takes what it names, and leaves a gap that nobody fills", () => {
    expect(textOf([en], ["deep.named"], { name: "A$&" })).toBe("For A$&, A$& and {{other}}")
  })

  test("is the first of several keys that is there", () => {
    expect(textOf([en], ["deep.missing", "plain"])).toBe("Plain")
  })

  test("is what was given instead, or the key, when there is none", () => {
    expect(textOf([en], ["state.new"], "brand new")).toBe("brand new")
    expect(textOf([en], ["state.new"])).toBe("state.new")
    expect(textOf([en], ["deep"])).toBe("deep")
    expect(textOf([en], ["constructor.name"])).toBe("constructor.name")
  })
})
