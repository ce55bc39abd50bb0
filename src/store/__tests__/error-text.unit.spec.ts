import { errorText } from "../error-text"

const STATEMENT = `\n      UPDATE kobbopay_payment SET public_token = 'tok_secret' WHERE id = 'kpay_1'`

describe("the words of what was thrown", () => {
  test("are an error's message", () => {
    expect(errorText(new Error("Kobbopay's answer - HTML - is not JSON"))).toBe(
      "Kobbopay's answer - HTML - is not JSON",
    )
  })

  test("never repeat a statement and its values, whoever broke it off", () => {
    const refused = Object.assign(new Error(`${STATEMENT} - deadlock detected`), {
      severity: "ERROR",
      code: "40P01",
    })
    expect(errorText(refused)).toBe("deadlock detected")
    expect(errorText(new Error(`${STATEMENT} - Connection terminated unexpectedly`))).toBe(
      "Connection terminated unexpectedly",
    )
    expect(errorText(new Error(`ROLLBACK - Client has encountered a connection error`))).toBe(
      "Client has encountered a connection error",
    )
  })

  test("are found in what is no Error", () => {
    expect(errorText({ message: "the cart is locked" })).toBe("the cart is locked")
    expect(errorText({ error: { message: "the cart is locked" } })).toBe("the cart is locked")
    expect(errorText("gone")).toBe("gone")
    expect(errorText({ code: 1 })).toBe("{ code: 1 }")
    expect(errorText(undefined)).toBe("undefined")
  })
})
