import { phrase } from "../profiles/answer"

describe("a name in an answer of Kobbopay", () => {
  it.each(["Confirmed", "Paid in full", "已确认"])("is taken: %s", (name) => {
    expect(phrase.safeParse(name).success).toBe(true)
  })

  it.each(["", "x".repeat(101), "Paid\0", "Paid \ud800"])(
    "is none where a database would not hold it: %j",
    (name) => {
      expect(phrase.safeParse(name).success).toBe(false)
    },
  )
})
