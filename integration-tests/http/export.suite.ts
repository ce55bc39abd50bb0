import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { parse } from "csv-parse/sync"
import { cancelOrderWorkflow } from "@medusajs/medusa/core-flows"
import { parseAmount } from "../../src/domain/money"
import { parseAccounts, type Account } from "../../src/kobbopay/options"
import { checkAccounts } from "../../src/modules/kobbopay/account-check"
import {
  acceptExceptionWorkflow,
  dismissExceptionWorkflow,
  reconcileWorkflow,
  recordRefundWorkflow,
} from "../../src/workflows"
import { AUTHORIZED, booksBecome, capturedFor } from "../support/books"
import { freePort } from "../support/free-port"
import { startMedusa } from "../support/medusa-process"
import { DOCS, INVOICE, SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { logged } from "../support/webhook"

const minor = z.string().regex(/^\d+$/)
const exported = z.looseObject({
  payment_id: z.string(),
  kobbopay_id: z.string(),
  decimals: z.number(),
  received_minor: minor.nullable(),
  captured_minor: minor,
  in_open_exceptions_minor: minor,
  refunded_minor: minor,
  written_off_minor: minor,
  in_flight_minor: minor,
})
type Exported = z.infer<typeof exported>
const payments = z.object({ payments: z.array(exported) })
const transitions = z.object({ transitions: z.array(z.record(z.string(), z.unknown())) })
const found = z.object({ id: z.string() })
const ACTOR = "user_anna"
/** Fourteen checkouts, on a machine that may be busy. */
const LONG_MS = 240_000
const EXPORT = "/admin/kobbopay/payments/export"

storeSuite("history, accounts and secrets", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (rail = "usdt-tron", provider = INVOICE) =>
    world().shopper.buy({ product: world().store.digital, rail, provider })
  const csv = async (path: string) => {
    const answer = await world().merchant.download(path)
    expect(answer.headers.get("content-type")).toMatch(/^text\/csv/)
    const text = await answer.text()
    return z
      .array(z.record(z.string(), z.string()))
      .parse(parse(text, { columns: true, record_delimiter: "\r\n" }))
  }
  const paymentOf = async (kobbopayId: string) => {
    const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE kobbopay_id = ?`, [
      kobbopayId,
    ])
    return found.parse(row).id
  }
  /** Works until the payment has an open exception (of that class), and returns its id. */
  const exceptionOf = (kobbopayId: string, expected = "%") =>
    world().worked(async () => {
      const [row] = await world().rows(
        `SELECT e.id FROM kobbopay_exception e JOIN kobbopay_payment p ON p.id = e.subject_id
          WHERE e.state = 'open' AND e.class LIKE ? AND p.kobbopay_id = ?`,
        [expected, kobbopayId],
      )
      return row === undefined ? null : found.parse(row).id
    }, `an exception ${expected}`)
  const state = (kobbopayId: string, expected: string) =>
    world().worked(async () => {
      const [row] = await world().rows(
        `SELECT id FROM kobbopay_payment WHERE kobbopay_id = ? AND state = ?`,
        [kobbopayId, expected],
      )
      return row
    }, `a payment being ${expected}`)
  const refund = async (kobbopayId: string, amount: string) =>
    recordRefundWorkflow(world().container).run({
      input: {
        payment_id: await paymentOf(kobbopayId),
        amount,
        hash: `hash-${kobbopayId}`,
        actor: ACTOR,
      },
    })

  describe("the export", () => {
    /** A payment of every fate; by kobbopay id, the parts that what arrived on it must be split into. */
    async function everyFate(): Promise<Map<string, Partial<Exported>>> {
      const fates = new Map<string, Partial<Exported>>()
      const on = async (rail = "usdt-tron", provider = INVOICE) => {
        const made = await buy(rail, provider)
        return { ...made, id: made.session.kobbopay_id }
      }
      const whole = (amount: string, decimals = 6) => parseAmount(amount, decimals).toString()

      const exact = await on()
      sandbox().pay(exact.id, { amount: "10.5", confirm: true })
      fates.set(exact.id, { captured_minor: whole("10.5") })

      const eighteen = await on("usdt-bsc", DOCS)
      sandbox().pay(eighteen.id, { amount: "10.5", confirm: true })
      fates.set(eighteen.id, { captured_minor: whole("10.5", 18) })

      const under = await on()
      sandbox().underpay(under.id, { due: "10.5", confirm: true })
      fates.set(under.id, { in_open_exceptions_minor: whole("5.25") })

      const topped = await on("usdt-tron", DOCS)
      sandbox().underpay(topped.id, { confirm: true })
      await exceptionOf(topped.id, "underpaid")
      sandbox().secondTransfer(topped.id, { amount: "5.25", confirm: true })
      fates.set(topped.id, { captured_minor: whole("10.5") })

      const over = await on()
      sandbox().overpay(over.id, { due: "10.5", confirm: true })
      fates.set(over.id, { captured_minor: whole("10.5"), in_open_exceptions_minor: whole("5.25") })

      const surplus = await on()
      sandbox().overpay(surplus.id, { due: "10.5", confirm: true })
      await exceptionOf(surplus.id, "overpaid")
      await booksBecome(world(), surplus.collectionId, {
        ...capturedFor("10.5"),
        open: ["overpaid"],
      })
      await refund(surplus.id, "5.25")
      fates.set(surplus.id, { captured_minor: whole("10.5"), refunded_minor: whole("5.25") })

      const late = await on("usdt-tron", DOCS)
      const returned = await on()
      for (const { id } of [late, returned]) {
        sandbox().expire(id)
        await state(id, "expired")
        sandbox().pay(id, { amount: "10.5", due: "10.5", confirm: true })
        await exceptionOf(id)
      }
      await refund(returned.id, "10.5")
      fates.set(late.id, { in_open_exceptions_minor: whole("10.5") })
      fates.set(returned.id, { refunded_minor: whole("10.5") })

      const cancelled = await on()
      await cancelOrderWorkflow(world().container).run({ input: { order_id: cancelled.order.id } })
      sandbox().pay(cancelled.id, { amount: "10.5", confirm: true })
      fates.set(cancelled.id, { in_open_exceptions_minor: whole("10.5") })

      const writtenOff = await on()
      sandbox().pay(writtenOff.id, { amount: "3", due: "10.5", confirm: true })
      await dismissExceptionWorkflow(world().container).run({
        input: {
          exception_id: await exceptionOf(writtenOff.id, "underpaid"),
          code: "written_off",
          actor: ACTOR,
          note: '=HYPERLINK("http://example.com","see")',
        },
      })
      fates.set(writtenOff.id, { written_off_minor: whole("3") })

      const accepted = await on()
      sandbox().pay(accepted.id, { amount: "10", due: "10.5", confirm: true })
      await acceptExceptionWorkflow(world().container).run({
        input: {
          exception_id: await exceptionOf(accepted.id, "underpaid"),
          actor: ACTOR,
          note: '=cmd|"/c calc"!A1, said "yes"\nand meant it',
        },
      })
      fates.set(accepted.id, { captured_minor: whole("10") })

      const seen = await on()
      sandbox().pay(seen.id, { amount: "10.5" })
      await booksBecome(world(), seen.collectionId, AUTHORIZED)
      fates.set(seen.id, { in_flight_minor: whole("10.5") })

      const expired = await on()
      sandbox().expire(expired.id)
      await state(expired.id, "expired")
      fates.set(expired.id, {})

      fates.set((await on("usdt-bsc")).id, {})
      await Promise.all([sandbox().quiet(), world().second.control.quiet()])
      await world().worker.drain()
      return fates
    }

    /** What the sandbox says arrived on a payment, minor units. */
    const arrived = ({
      kobbopay_id,
      decimals,
    }: Pick<Exported, "kobbopay_id" | "decimals">): bigint =>
      Object.values(sandbox().stats().received[kobbopay_id] ?? {}).reduce(
        (sum, amount) => sum + parseAmount(amount, decimals),
        0n,
      )
    const parts = (payment: Exported): bigint =>
      BigInt(payment.captured_minor) +
      BigInt(payment.in_open_exceptions_minor) +
      BigInt(payment.refunded_minor) +
      BigInt(payment.written_off_minor) +
      BigInt(payment.in_flight_minor)
    const NOTHING = {
      captured_minor: "0",
      in_open_exceptions_minor: "0",
      refunded_minor: "0",
      written_off_minor: "0",
      in_flight_minor: "0",
    }

    test(
      "of payments of every fate adds up to what the sandbox says it received, as JSON and as CSV",
      async () => {
        const fates = await everyFate()
        const json = await world().merchant.call(`${EXPORT}?format=json`, payments)
        expect(json.payments.map(({ kobbopay_id }) => kobbopay_id).sort()).toEqual(
          [...fates.keys()].sort(),
        )
        for (const payment of json.payments) {
          const expected = { ...NOTHING, ...fates.get(payment.kobbopay_id) }
          expect({ id: payment.kobbopay_id, ...payment }).toMatchObject({
            id: payment.kobbopay_id,
            ...expected,
          })
          expect(BigInt(payment.received_minor ?? 0)).toBe(arrived(payment))
          expect(parts(payment)).toBe(arrived(payment))
        }

        const rows = await csv(EXPORT)
        expect(rows.map(({ payment_id }) => payment_id)).toEqual(
          json.payments.map(({ payment_id }) => payment_id),
        )
        for (const [n, row] of rows.entries()) {
          for (const [column, cell] of Object.entries(row)) {
            const value = json.payments[n]?.[column]
            const text =
              value == null ? "" : typeof value === "string" ? value : JSON.stringify(value)
            expect([column, cell]).toEqual([column, text])
          }
        }
      },
      LONG_MS,
    )

    test("tells each change with who made it, and leaves a spreadsheet no formula", async () => {
      const { session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10", due: "10.5", confirm: true })
      const note = '=cmd|"/c calc"!A1, said "yes"\nand meant it'
      await acceptExceptionWorkflow(world().container).run({
        input: {
          exception_id: await exceptionOf(session.kobbopay_id, "underpaid"),
          actor: ACTOR,
          note,
        },
      })
      const id = await paymentOf(session.kobbopay_id)
      const history = `/admin/kobbopay/payments/${id}/history`
      const json = await world().merchant.call(history, payments)
      expect(json.payments).toMatchObject([
        {
          payment_id: id,
          kobbopay_id: session.kobbopay_id,
          reference: session.reference,
          account: "kobbopay",
          rail: "usdt-tron",
          token: "USDTTRC",
          decimals: 6,
          expected_minor: "10500000",
          received_minor: "10000000",
          store_amount: "10.5",
          transfers: [{ hash: expect.any(String), amount_minor: "10000000", final: true }],
          exceptions: [{ class: "underpaid", actor: ACTOR, resolution: "accepted", note }],
          captured_at: expect.any(String),
          transitions: expect.arrayContaining([expect.objectContaining({ actor: ACTOR, note })]),
        },
      ])
      const rows = await csv(`${history}?format=csv`)
      const all = await csv(`${EXPORT}?kind=transitions&payment_id=${id}`)
      expect(all).toEqual(rows)
      expect(rows[0]).toMatchObject({ payment_id: id, from: "creating", to: "pending", actor: "" })
      expect(rows.find(({ actor }) => actor === ACTOR)).toMatchObject({ note: `'${note}` })
      const same = await world().merchant.call(
        `${EXPORT}?kind=transitions&format=json`,
        transitions,
      )
      expect(same.transitions).toHaveLength(rows.length)
    })

    test("says no secret and no token of a payer", async () => {
      const { session } = await buy()
      const text = await (await world().merchant.download(`${EXPORT}?format=json`)).text()
      expect(text).toContain(session.kobbopay_id)
      for (const hidden of [session.token, ...Object.values(SECRETS), "test-api-key"]) {
        expect(text).not.toContain(hidden)
      }
    })

    test("is of the payments asked for, page by page, each once; and for merchants only", async () => {
      const { order, session } = await buy()
      const id = await paymentOf(session.kobbopay_id)
      await world().rows(
        `INSERT INTO kobbopay_payment
           SELECT (p).* FROM (SELECT jsonb_populate_record(p, jsonb_build_object(
             'id', 'kpay_0' || n, 'kobbopay_id', 'copy' || n, 'public_token', 'token' || n, 'current', false,
             'account_id', CASE WHEN n % 2 = 0 THEN 'docs' ELSE 'kobbopay' END, 'order_id', NULL,
             'created_at', timestamptz '2026-01-01' + n * interval '1 hour')) AS p
             FROM kobbopay_payment p, generate_series(1, 450) n) AS copies`,
      )
      const ids = async (query: string) =>
        (await world().merchant.call(`${EXPORT}?format=json${query}`, payments)).payments.map(
          ({ payment_id }) => payment_id,
        )
      const all = await ids("")
      expect(new Set(all).size).toBe(451)
      expect(all).toHaveLength(451)
      expect(await ids("&account=docs")).toHaveLength(225)
      expect(await ids("&from=2026-01-02&to=2026-01-03T00:00:00Z")).toHaveLength(24)
      expect(await ids(`&order_id=${order.id}`)).toEqual([id])
      expect(await ids(`&payment_id=${id}`)).toEqual([id])
      expect(await ids("&account=nobody")).toEqual([])
      expect(await csv(`${EXPORT}?account=nobody`)).toEqual([])
      await expect(ids("&from=yesterday")).rejects.toMatchObject({ status: 400 })
      await expect(ids("&colour=blue")).rejects.toMatchObject({ status: 400 })
      const unknown = await world().merchant.download("/admin/kobbopay/payments/kpay_x/history")
      expect(unknown.status).toBe(404)
      expect((await fetch(`${world().url}${EXPORT}`)).status).toBe(401)
    })
  })

  describe("a change of the accounts' options", () => {
    const exceptions = () =>
      world().rows(
        `SELECT subject_id, state, observed->>'reason' AS reason, observed->>'payments' AS payments
           FROM kobbopay_exception WHERE class = 'account_changed' ORDER BY subject_id, opened_at`,
      )
    const check = async (accounts: readonly Account[]) => {
      const lines: string[] = []
      const tell = (line: unknown) => lines.push(String(line))
      await checkAccounts({
        sql: world().service.sql,
        accounts,
        now: () => new Date(),
        log: { warn: tell },
      })
      return lines
    }
    const configured = () => world().service.accounts
    const without = (id: string) => configured().filter((account) => account.id !== id)
    const moved = (id: string, to: Partial<Account["options"]>) =>
      configured().map((account) =>
        account.id === id
          ? { ...account, options: { ...account.options, ...to } as Account["options"] }
          : account,
      )

    test("is an exception with the payments it orphans and why, and is over when the options are right again", async () => {
      expect(await check(configured())).toEqual([])
      const { session } = await buy()
      const id = await paymentOf(session.kobbopay_id)
      const open = { subject_id: "kobbopay", state: "open", payments: "1" }

      const removed = await check(without("kobbopay"))
      expect(removed).toEqual([expect.stringContaining(id)])
      expect(removed[0]).toMatch(/account kobbopay: 1 payments.*1 open.*not in the options/)
      expect(await exceptions()).toEqual([{ ...open, reason: "account_removed" }])

      const elsewhere = await check(moved("kobbopay", { baseUrl: "https://elsewhere.example.com" }))
      expect(elsewhere[0]).toMatch(/profile, baseUrl or credentials/)
      expect(await exceptions()).toEqual([{ ...open, reason: "environment_changed" }])

      expect(await check(configured())).toEqual([])
      expect(await exceptions()).toEqual([
        { ...open, state: "closed", reason: "environment_changed" },
      ])
    })

    test("that only removes a rail is logged: its payments are read all the same", async () => {
      const { session } = await buy("usdt-bsc")
      const rails = configured()[0]?.options.rails.filter(({ id }) => id !== "usdt-bsc") ?? []
      const lines = await check(moved("kobbopay", { rails }))
      expect(lines).toEqual([expect.stringContaining(await paymentOf(session.kobbopay_id))])
      expect(lines[0]).toMatch(/read all the same/)
      expect(await exceptions()).toEqual([])
    })

    test("to a new key of the same merchant is settled by a reconciliation that reads the payments", async () => {
      sandbox().setWeather({ drop: true })
      const { session } = await buy("usdt-tron", DOCS)
      await world().rows(`UPDATE kobbopay_payment SET environment = 'another one'`)
      expect(await check(configured())).toHaveLength(1)
      await reconcileWorkflow(world().container).run({ input: {} })
      expect(await exceptions()).toMatchObject([{ subject_id: "docs", state: "closed" }])
      expect(session.reference).not.toBe("")
    })

    test("is reported by the boot, which goes on all the same", async () => {
      const { session } = await buy()
      const left = (JSON.parse(process.env.KOBBOPAY_ACCOUNTS ?? "[]") as { id: string }[]).filter(
        ({ id }) => id !== "kobbopay",
      )
      const { projectConfig } = world().container.resolve(ContainerRegistrationKeys.CONFIG_MODULE)
      const folder = await mkdtemp(join(tmpdir(), "kobbopay-accounts-"))
      const logFile = join(folder, "store.log")
      const env = {
        DATABASE_URL: String(projectConfig.databaseUrl),
        KOBBOPAY_ACCOUNTS: JSON.stringify(left),
        LOG_LEVEL: "warn",
      }
      try {
        const other = await startMedusa(await freePort(), { env, logFile })
        try {
          const reason = "account_removed"
          await world().worked(async () => (await exceptions()).length, "the boot telling")
          expect(await exceptions()).toMatchObject([
            { subject_id: "kobbopay", state: "open", reason },
          ])
        } finally {
          await other.kill()
        }
        const log = await readFile(logFile, "utf8")
        expect(log).toContain(await paymentOf(session.kobbopay_id))
        for (const secret of Object.values(SECRETS)) expect(log).not.toContain(secret)
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  })

  describe("a rotation of the webhook secret", () => {
    const CURRENT = SECRETS.invoice
    const NEXT = "test-rotated-secret"
    /** The accounts as they are after a restart with these secrets. */
    const restart = (secrets: string[]) => {
      const entries = JSON.parse(process.env.KOBBOPAY_ACCOUNTS ?? "[]") as {
        id: string
        options: { webhook: object }
      }[]
      const accounts = parseAccounts(
        entries.map(({ id, options }) =>
          id === "kobbopay"
            ? { id, options: { ...options, webhook: { ...options.webhook, secrets } } }
            : { id, options },
        ),
      )
      jest.replaceProperty(world().service, "accounts", accounts)
    }
    const pay = async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await sandbox().quiet()
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      const events = await world().rows(
        `SELECT DISTINCT secret_index FROM kobbopay_event WHERE ? = ANY(kobbopay_ids)`,
        [session.kobbopay_id],
      )
      return events.map(({ secret_index }) => secret_index)
    }

    test("loses no event over its two restarts, and inbox and log tell which secret matched", async () => {
      const before = sandbox().deliveries().length
      const lines = await logged(world(), async () => {
        restart([CURRENT])
        expect(await pay()).toEqual([0])
        restart([CURRENT, NEXT])
        expect(await pay()).toEqual([0])
        sandbox().setWebhook({ secret: { invoice: NEXT } })
        expect(await pay()).toEqual([1])
        restart([NEXT])
        expect(await pay()).toEqual([0])
      }).finally(() => {
        jest.restoreAllMocks()
        sandbox().setWebhook({ secret: { invoice: CURRENT } })
      })
      expect(
        sandbox()
          .deliveries()
          .slice(before)
          .filter(({ outcome }) => outcome !== "delivered"),
      ).toEqual([])
      expect(lines.filter((line) => line.includes("are signed with"))).toEqual([
        "kobbopay: webhooks of account kobbopay are signed with secret 2 of 2 now",
      ])
      for (const secret of [CURRENT, NEXT]) expect(lines.join("\n")).not.toContain(secret)
    })
  })
})
