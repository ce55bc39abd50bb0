import { readFile } from "node:fs/promises"
import { ModulesSdkUtils } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { InboxPool } from "../../src/modules/kobbopay/inbox-pool"
import { checkInbox } from "../../src/modules/kobbopay/inbox-check"
import { row } from "../../src/store/sql"
import { freePort } from "../support/free-port"
import { startMedusa } from "../support/medusa-process"
import { pgbouncerVersion, startPgBouncer, type PgBouncerOptions } from "../support/pgbouncer"
import { Shopper } from "../support/shopper"
import { storeHome, type StoreHome } from "../support/store-home"
import { until } from "../support/until"

jest.setTimeout(300_000)

/** Where the way to PostgreSQL leads through; a straight one where no PgBouncer is installed. */
type Way = { url: string; isPooled: boolean; close: () => Promise<void> }

let home: StoreHome
let version: string | null = null

beforeAll(async () => {
  version = await pgbouncerVersion()
  if (version === null) {
    console.log(
      "There is no PgBouncer here (Debian and Ubuntu: apt-get install pgbouncer): tested on PostgreSQL itself.",
    )
  }
  home = await storeHome("pooler")
})
afterAll(() => home.close())

async function wayThrough(options: PgBouncerOptions): Promise<Way> {
  if (version === null) {
    return { url: home.databaseUrl, isPooled: false, close: () => Promise.resolve() }
  }
  const pooler = await startPgBouncer(home.postgres, options)
  return { url: pooler.through(home.databaseUrl), isPooled: true, close: () => pooler.stop() }
}

/** The app's own connection, made by Medusa's function for it. */
function appOn(
  clientUrl: string | undefined,
  driverOptions: Record<string, unknown> = {},
  schema = "public",
) {
  const pool = { min: 0, max: 2 }
  return ModulesSdkUtils.createPgConnection({ clientUrl, schema, driverOptions, pool })
}

/** What a webhook's connection finds set, and what the boot's check says, on the app's connection. */
async function inboxOn(app: ReturnType<typeof appOn>) {
  const inbox = new InboxPool(app)
  const errors: string[] = []
  const text = `SELECT current_setting('statement_timeout') AS limit, current_setting('search_path') AS path,
    (SELECT count(*)::int FROM pg_catalog.pg_tables WHERE tablename = $1) AS tables`
  try {
    const log = { error: (line: string) => void errors.push(line) }
    await checkInbox({ pool: inbox, log, now: () => new Date() })
    const ask = () => inbox.query({ name: "found", text, values: ["kobbopay_event"] })
    const answers = await Promise.allSettled([ask(), ask(), ask(), ask(), ask(), ask()])
    const found = answers.map((one) => (one.status === "fulfilled" ? one.value.rows[0] : "failed"))
    return { errors, found: [...new Set(found.map((one) => JSON.stringify(one)))] }
  } finally {
    await inbox.end()
    await app.destroy()
  }
}
const FINE = { errors: [], found: ['{"limit":"2500ms","path":"public","tables":1}'] }

describe.each(["session", "transaction"] as const)("behind a PgBouncer in %s mode", (mode) => {
  test("a store boots without a complaint, takes webhooks with 200, and captures", async () => {
    const way = await wayThrough({ mode })
    const logFile = `${home.options.logFile}.${mode}`
    const running = await startMedusa(await freePort(), {
      logFile,
      // The line about the test event is logged as information.
      env: { ...home.options.env, DATABASE_URL: way.url, LOG_LEVEL: "info" },
    })
    try {
      home.sandbox.control.setWebhook({ url: `${running.url}/hooks/kobbopay` })
      const shopper = new Shopper(running.url, home.store)
      for (let round = 0; round < 3; round++) {
        const { order, session } = await shopper.buy({
          product: home.store.digital,
          rail: "usdt-tron",
        })
        home.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
        await until(async () => (await shopper.order(order.id)).payment_status === "captured", {
          withinMs: 60_000,
          what: "the capture",
        })
        await home.sandbox.control.quiet()
        const answers = home.sandbox.control.deliveries(session.kobbopay_id)
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      }
      home.sandbox.control.sendTest("invoice")
      const log = await until(
        async () => {
          const text = await readFile(logFile, "utf8")
          return text.includes("a test event was received") ? text : null
        },
        { withinMs: 30_000, what: "a line about the test event" },
      )
      const boot =
        /kobbopay: account kobbopay \(invoice\) at (localhost|127).*rails: usdt-tron, usdt-bsc; .*took the credentials/
      expect(log).toMatch(boot)
      expect(log).not.toMatch(/sandbox-private-key|sandbox-webhook-secret/)
      expect(
        log.split("\n").filter((line) => /kobbopay: .*(cannot|failed|503)/.test(line)),
      ).toEqual([])
    } finally {
      home.sandbox.control.setWebhook({ url: null })
      await running.stop()
      await way.close()
    }
  })

  test("a statement with a name works, also while nobody has found out what is in between", async () => {
    const way = await wayThrough({ mode })
    const app = appOn(way.url)
    const one = { name: `kobbopay_one_${mode}`, text: "SELECT ?::int AS one" }
    const shape = z.object({ one: z.number() })
    try {
      const found = await Promise.all(
        Array.from({ length: 40 }, (_, n) => row(app, shape, one, [n])),
      )
      expect(found).toEqual(found.map((_, n) => ({ one: n })))
    } finally {
      await app.destroy()
      await way.close()
    }
  })

  test("the inbox has its limits, and lends them to nobody else", async () => {
    const way = await wayThrough({ mode })
    try {
      expect(await inboxOn(appOn(way.url))).toEqual(FINE)
      const app = appOn(way.url)
      const inbox = new InboxPool(app)
      const statement = { name: "one", text: "SELECT $1::int AS one", values: ["1"] }
      await Promise.all(Array.from({ length: 20 }, () => inbox.query(statement)))
      const read = () => app.raw("SELECT current_setting('statement_timeout') AS value")
      const seen = await Promise.all(Array.from({ length: 20 }, read))
      expect(JSON.stringify(seen.map(({ rows }: { rows: unknown }) => rows))).not.toContain("2500")
      await inbox.end()
      await app.destroy()
    } finally {
      await way.close()
    }
  })

  test("a statement that takes too long ends at the database too, and its connection is replaced", async () => {
    const way = await wayThrough({ mode })
    const app = appOn(way.url)
    const inbox = new InboxPool(app)
    const sleeping = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1"
    try {
      const slow = { name: "slow", text: "SELECT pg_sleep(60 + length($1))", values: [""] }
      await expect(inbox.query(slow)).rejects.toThrow(/timeout/)
      await until(
        async () =>
          (await home.database.query(sleeping, ["SELECT pg_sleep(60%"])).rows.length === 0,
        { withinMs: 30_000, what: "the statement ending at the database" },
      )
      const next = await inbox.query({ name: "next", text: "SELECT 1 AS one", values: [] })
      expect(next.rows).toEqual([{ one: 1 }])
    } finally {
      await inbox.end()
      await app.destroy()
      await way.close()
    }
  })
})

describe("the inbox connects as the app does", () => {
  test("in the store's own schema", async () => {
    const { database, databaseUrl } = home
    await database.query(`CREATE SCHEMA IF NOT EXISTS "Shop"`)
    await database.query(
      `CREATE TABLE "Shop".kobbopay_event (LIKE public.kobbopay_event INCLUDING DEFAULTS)`,
    )
    await database.query(
      `CREATE UNIQUE INDEX ON "Shop".kobbopay_event (account_id, body_hash) WHERE deleted_at IS NULL`,
    )
    try {
      for (const mode of ["session", "transaction"] as const) {
        const way = await wayThrough({ mode })
        const found = ['{"limit":"2500ms","path":"\\"Shop\\"","tables":2}']
        expect(await inboxOn(appOn(way.url, {}, "Shop"))).toEqual({ errors: [], found })
        await way.close()
      }
      expect(await inboxOn(appOn(databaseUrl, {}, "empty"))).toMatchObject({
        errors: [expect.stringMatching(/kobbopay_event.*db:migrate.*databaseSchema/)],
      })
    } finally {
      await database.query(`DROP SCHEMA "Shop" CASCADE`)
    }
  })

  /** Without a URL pg goes by its own variables: a password in a URL, and be it empty, wins over a function. */
  const withoutUrl = async (work: () => Promise<void>) => {
    const way = await wayThrough({ mode: "session", password: "rotated" })
    const { hostname, port, username, pathname } = new URL(way.url)
    const before = { ...process.env }
    Object.assign(process.env, {
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGDATABASE: pathname.slice(1),
    })
    try {
      await work()
    } finally {
      process.env = before
      await way.close()
    }
  }

  test("with a password that is asked for at each connection", () =>
    withoutUrl(async () => {
      let asked = 0
      const dynamicPassword = () => {
        asked++
        return Promise.resolve("rotated")
      }
      expect(await inboxOn(appOn(undefined, { dynamicPassword }))).toEqual(FINE)
      if (version === null) return
      expect(asked).toBeGreaterThan(0)
      const wrong = () => Promise.resolve("of-yesterday")
      const refused = await inboxOn(appOn(undefined, { dynamicPassword: wrong }))
      expect(refused.errors).toEqual([expect.stringMatching(/503.*dynamicPassword/)])
      expect(refused.errors.join()).not.toContain("of-yesterday")
    }))

  test.each([
    ["never comes", () => new Promise<string>(() => undefined), /timeout/],
    ["cannot be had", () => Promise.reject(new Error("the vault is sealed")), /vault is sealed/],
  ])("and does not wait for a password that %s", (_, dynamicPassword, cause) =>
    withoutUrl(async () => {
      if (version === null) return
      const before = Date.now()
      const { errors, found } = await inboxOn(appOn(undefined, { dynamicPassword }))
      expect(Date.now() - before).toBeLessThan(60_000)
      expect({ errors, found }).toEqual({
        errors: [expect.stringMatching(cause)],
        found: ['"failed"'],
      })
    }),
  )

  test.each([
    ["ssl", { ssl: { rejectUnauthorized: false } }],
    ["connection.ssl", { connection: { ssl: { rejectUnauthorized: false } } }],
  ])("with TLS as %s", async (_, driverOptions) => {
    const way = await wayThrough({ mode: "session", tls: true })
    try {
      if (!way.isPooled) return
      expect(await inboxOn(appOn(way.url, driverOptions))).toEqual(FINE)
      const untrusting = await inboxOn(appOn(way.url, { ssl: true }))
      expect(untrusting.errors).toEqual([expect.stringMatching(/certificate.*ssl in database/)])
    } finally {
      await way.close()
    }
  })

  test("a missing right is logged at boot, with the fix", async () => {
    const { database, databaseUrl } = home
    await database.query("CREATE ROLE reader LOGIN")
    await database.query("GRANT SELECT ON kobbopay_event TO reader")
    const url = new URL(databaseUrl)
    url.username = "reader"
    const { errors } = await inboxOn(appOn(url.toString()))
    expect(errors).toEqual([expect.stringMatching(/permission denied.*insert into kobbopay_event/)])
  })

  test("the trial event of the boot leaves nothing behind", async () => {
    expect(await home.count("kobbopay_event WHERE account_id = 'boot'")).toBe(0)
  })
})
