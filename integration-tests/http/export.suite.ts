import { z } from "@medusajs/framework/zod"
import { parse } from "csv-parse/sync"
import { parseAmount } from "../../src/domain/money"
import { acceptExceptionWorkflow } from "../../src/workflows"
import { everyFate, exported, openException, type Exported } from "../support/every-fate"
import { ACTOR, exceptionsIn } from "../support/exceptions"
import { INVOICE, SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
const payments = z.object({ payments: z.array(exported) })
const transitions = z.object({ transitions: z.array(z.record(z.string(), z.unknown())) })
/** Fourteen checkouts, on a machine that may be busy. */
const LONG_MS = 240_000
const EXPORT = "/admin/kobbopay/payments/export"

storeSuite("history and export", (world) => {
  const { paymentOf } = exceptionsIn(world)
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

  describe("the export", () => {
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
        const fates = await everyFate(world())
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
          exception_id: await openException(world(), session.kobbopay_id, "underpaid"),
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
})
