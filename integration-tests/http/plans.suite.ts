import { checkMedusa } from "../../src/modules/kobbopay/medusa-check"
import { FILL_EVENTS, FILL_COLLECTIONS, FILL_HISTORY, FILL_PAYMENTS } from "../support/fill"
import { plansOf } from "../support/plans"
import { storeSuite } from "../support/store-suite"

/** Walks that are meant: once at boot, and by a job that looks for what was never looked at. */
const MEANT = [
  "watchedPayments: Seq Scan kobbopay_payment",
  "wakeForgotten: Seq Scan kobbopay_entitled_order",
]

storeSuite("plans", (world) => {
  test("no statement of sweeps, checks, webhooks and pages walks a whole table, however much was there before", async () => {
    const { sql } = world().service
    const fill = (statement: string, given: readonly (string | number)[]) => {
      const bindings: (string | number)[] = []
      const text = statement.replaceAll(/\$(\d)/g, (_, number: string) => {
        bindings.push(given[Number(number) - 1] ?? "")
        return "?"
      })
      return sql.raw(text, bindings)
    }
    await fill(FILL_EVENTS, [50_000])
    for (const statement of [FILL_PAYMENTS, FILL_COLLECTIONS]) {
      await fill(statement, [1_000, "pending", "open"])
      await fill(statement, [20_000, "confirmed", "closed"])
    }
    for (const statement of FILL_HISTORY) await fill(statement, ["closed", 20_000])
    await sql.raw("ANALYZE")
    const plans = await plansOf(sql)
    const walks = Object.entries(plans).flatMap(([name, reached]) =>
      reached.filter((one) => one.startsWith("Seq Scan")).map((one) => `${name}: ${one}`),
    )
    expect(walks).toEqual(MEANT)
  })

  test("tables of Medusa that are not as they are read are logged, those that are stay unmentioned", async () => {
    const lines: string[] = []
    const log = { error: (line: unknown) => lines.push(String(line)) }
    const { sql } = world().service
    await checkMedusa({ sql, log })
    expect(lines).toEqual([])
    await world().rows(`ALTER TABLE capture RENAME COLUMN raw_amount TO raw_total`)
    try {
      await checkMedusa({ sql, log })
    } finally {
      await world().rows(`ALTER TABLE capture RENAME COLUMN raw_total TO raw_amount`)
    }
    expect(lines).toEqual([expect.stringContaining("no payment can settle")])
  })
})
