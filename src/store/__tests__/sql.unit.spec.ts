import { z } from "@medusajs/framework/zod"
import { execute, rows, type Sql } from "../sql"

/** A connection that keeps what it is asked to run. */
function listening(): { sql: Sql; asked: [string, unknown][] } {
  const asked: [string, unknown][] = []
  const raw = (text: string, values: unknown) => {
    asked.push([text, values])
    const result = Promise.resolve({ rows: [], rowCount: 0 })
    return Object.assign(result, { options: () => result })
  }
  return { sql: { raw, transaction: () => undefined } as unknown as Sql, asked }
}

const anyRow = z.object({})

describe("bindings of a statement", () => {
  it("binds by name, wherever and however often a name stands", async () => {
    const { sql, asked } = listening()
    const statement = `UPDATE t SET a = :a, b = :b_2::text, c = '{}'::jsonb WHERE a <> :a AND d[1] = :d`
    await execute(sql, statement, { d: 3, a: "x", b_2: null })
    await execute(sql, statement, { d: 4, a: "y", b_2: "z" })
    const text = `UPDATE t SET a = ?, b = ?::text, c = '{}'::jsonb WHERE a <> ? AND d[1] = ?`
    expect(asked).toEqual([
      [text, ["x", null, "x", 3]],
      [text, ["y", "z", "y", 4]],
    ])
  })

  it("binds by name in statements that keep their plan", async () => {
    const { sql, asked } = listening()
    await rows(sql, anyRow, { name: "one", text: "SELECT :a::int, :b" }, { a: 1, b: [] })
    expect(asked).toEqual([["SELECT ?::int, ?", [1, []]]])
  })

  it("leaves question marks and their order alone", async () => {
    const { sql, asked } = listening()
    await execute(sql, "DELETE FROM t WHERE a = ?::text AND b = ?", ["x", 2])
    expect(asked).toEqual([["DELETE FROM t WHERE a = ?::text AND b = ?", ["x", 2]]])
  })

  it("refuses a name that nothing is bound to", async () => {
    const { sql, asked } = listening()
    await expect(execute(sql, "SELECT :payment_id", { payment: "x" })).rejects.toThrow(
      "no value for :payment_id",
    )
    expect(asked).toEqual([])
  })
})
