import { createHmac } from "node:crypto"

import {
  docsCreate,
  docsRead,
  eventOf,
  invoiceCreate,
  invoiceGet,
  invoiceRead,
  receiver,
  sandboxFor,
  SECRETS,
  send,
  stopAll,
  transactionGet,
} from "./support"
import { FAIR, seededRandom, STORM, type WeatherPatch, WeatherStation } from "../weather"

afterEach(stopAll)

async function invoiceShop(weather: WeatherPatch) {
  const shop = await receiver()
  const sandbox = await sandboxFor(shop.url)
  sandbox.control.setWeather(weather)
  return { shop, sandbox }
}

describe("over webhooks", () => {
  test("duplicates: copies with delivery ids of their own", async () => {
    const { shop, sandbox } = await invoiceShop({ duplicates: { copies: 2 } })
    sandbox.control.sendTest("invoice")
    await sandbox.control.quiet()
    expect(new Set(shop.received.map(({ body }) => body)).size).toBe(1)
    const ids = shop.received.map(({ headers }) => headers["x-kobbopay-delivery-id"])
    expect(new Set(ids).size).toBe(3)
  })

  test("reorder: an event comes after the next one of its payment", async () => {
    const { shop, sandbox } = await invoiceShop({ reorder: { count: 1, holdMs: 60_000 } })
    await invoiceCreate(sandbox, "order_1")
    sandbox.control.pay("order_1", { amount: "5" })
    await sandbox.control.quiet()
    expect(shop.received.map(eventOf)).toEqual(["payment.paid", "payment.created"])
  })

  test("reorder: an event that nothing follows comes when its time is over", async () => {
    const { shop, sandbox } = await invoiceShop({ reorder: { holdMs: 1 } })
    sandbox.control.sendTest("invoice")
    await sandbox.control.quiet()
    expect(shop.received).toHaveLength(1)
  })

  test("delay: nothing is sent before its time", async () => {
    const { shop, sandbox } = await invoiceShop({ delayMs: 3_600_000 })
    sandbox.control.sendTest("invoice")
    const late = await send("GET", `${sandbox.url}/sandbox/quiet?timeout_ms=1`)
    expect([late.status, shop.received.length]).toEqual([504, 0])
  })

  test("drop: never sent, never retried, and known to be so", async () => {
    const { shop, sandbox } = await invoiceShop({ drop: { count: 1 } })
    sandbox.control.sendTest("invoice")
    await sandbox.control.quiet()
    expect(shop.received).toEqual([])
    expect(sandbox.control.deliveries()).toMatchObject([{ outcome: "dropped", try: 0 }])
  })

  test("stale timestamp: too old, and correctly signed", async () => {
    const { shop, sandbox } = await invoiceShop({ staleTimestamp: { seconds: 301 } })
    const before = Math.floor(Date.now() / 1000)
    sandbox.control.sendTest("invoice")
    await sandbox.control.quiet()
    const [{ headers, body } = { headers: {}, body: "" }] = shop.received
    const timestamp = String(headers["x-kobbopay-timestamp"])
    expect(Number(timestamp)).toBeLessThanOrEqual(before - 300)
    expect(headers["x-kobbopay-signature"]).toBe(
      createHmac("sha256", SECRETS.invoice).update(`${timestamp}.${body}`).digest("hex"),
    )
  })

  test("wrong signature: refused, then retried with the right one", async () => {
    const shop = await receiver([401, 200])
    const sandbox = await sandboxFor(shop.url)
    sandbox.control.setWeather({ wrongSignature: { count: 1 } })
    sandbox.control.sendTest("docs")
    await sandbox.control.quiet()
    const holds = shop.received.map(
      ({ headers, body }) =>
        headers["x-signature"] === createHmac("sha256", SECRETS.docs).update(body).digest("hex"),
    )
    expect(holds).toEqual([false, true])
  })
})

describe("over the API", () => {
  test("rate limit: 429 with Retry-After, nothing done, as often as told", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ rateLimit: { count: 1, retryAfterSeconds: 7, on: "create" } })
    expect((await docsRead(sandbox, "pay_x")).status).toBe(404)
    const limited = await docsCreate(sandbox, "order_1")
    expect([limited.status, limited.headers["retry-after"]]).toEqual([429, "7"])
    expect(sandbox.control.payments()).toEqual([])
    expect((await docsCreate(sandbox, "order_1")).status).toBe(201)
  })

  test("rate limit: without Retry-After where told so", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ rateLimit: { retryAfterSeconds: null } })
    const limited = await docsCreate(sandbox, "order_1")
    expect([limited.status, limited.headers["retry-after"]]).toEqual([429, undefined])
  })

  test("weather on transaction strikes the second call of an invoice read, weather on read both", async () => {
    const sandbox = await sandboxFor(null)
    const { tracker_id: id } = (await invoiceCreate(sandbox, "order_1")).json()
    sandbox.control.pay("order_1", { amount: "5" })
    const statuses = async (on: "create" | "read" | "transaction") => {
      sandbox.control.clearWeather()
      const first = (await invoiceGet(sandbox, String(id))).json()["transaction_tracker_id"]
      sandbox.control.setWeather({ serverError: { on } })
      const answers = [
        await invoiceGet(sandbox, String(id)),
        await transactionGet(sandbox, String(first)),
      ]
      return answers.map(({ status }) => status)
    }
    expect(await statuses("create")).toEqual([200, 200])
    expect(await statuses("transaction")).toEqual([200, 503])
    expect(await statuses("read")).toEqual([503, 503])
  })

  test("server error: the status told, nothing done", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ serverError: { count: 1, status: 502 } })
    expect((await docsCreate(sandbox, "order_1")).status).toBe(502)
    expect(sandbox.control.payments()).toEqual([])
  })

  test("slow: the work is done while the answer is still to come", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ slowMs: 3_600_000 })
    const answer = docsCreate(sandbox, "order_1")
    while (sandbox.control.payments().length === 0)
      await send("GET", `${sandbox.url}/sandbox/stats`)
    await Promise.all([sandbox.close(), answer.catch(() => undefined)])
  })

  test.each(["html", "truncated", "empty"] as const)(
    "garbage: %s cannot be parsed, though the work was done",
    async (kind) => {
      const sandbox = await sandboxFor(null)
      sandbox.control.setWeather({ garbage: { kind } })
      const answer = await docsCreate(sandbox, "order_1")
      expect(() => answer.json()).toThrow(SyntaxError)
      expect(sandbox.control.payments()).toHaveLength(1)
    },
  )

  test("garbage: cut breaks the connection in the middle of the answer", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ garbage: { kind: "cut" } })
    await expect(docsCreate(sandbox, "order_1")).rejects.toThrow(/other side closed|aborted/)
    expect(sandbox.control.payments()).toHaveLength(1)
  })

  test("garbage: the right names with values that mean nothing", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ garbage: { kind: "wrong_types" } })
    const values = Object.values((await docsCreate(sandbox, "order_1")).json())
    expect(values.every((value) => typeof value === "object")).toBe(true)
  })

  test("outage: connections are reset, nothing is done, the control API stays up", async () => {
    const sandbox = await sandboxFor(null)
    await send("POST", `${sandbox.url}/sandbox/weather`, {}, '{"outage":true}')
    await expect(docsCreate(sandbox, "order_1")).rejects.toThrow(/ECONNRESET|other side closed/)
    expect(sandbox.control.payments()).toEqual([])
    await send("DELETE", `${sandbox.url}/sandbox/weather`)
    expect((await docsCreate(sandbox, "order_1")).status).toBe(201)
  })

  test("lost answer: the payment exists, and a repeat under its reference finds it", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ lostAnswer: { count: 1 } })
    await expect(docsCreate(sandbox, "order_1")).rejects.toThrow(/ECONNRESET|other side closed/)
    const [lost] = sandbox.control.payments()
    expect((await docsCreate(sandbox, "order_1")).json()).toMatchObject({ payment_id: lost?.id })
  })

  test("forgetful: each create makes a payment, and money may come to any of them", async () => {
    const sandbox = await sandboxFor(null)
    sandbox.control.setWeather({ forgetful: true })
    const [first, second] = [
      await invoiceCreate(sandbox, "order_1"),
      await invoiceCreate(sandbox, "order_1"),
    ].map((answer) => String(answer.json()["tracker_id"]))
    expect(sandbox.control.stats().references["order_1"]).toEqual({
      creates: 2,
      payments: [first, second],
    })
    sandbox.control.pay(first ?? "", { amount: "5" })
    expect(sandbox.control.payment("order_1")).toMatchObject({ id: second, status: "Pending" })
  })

  test("lagging reads: the old state is read as often as told, in both profiles", async () => {
    const sandbox = await sandboxFor(null)
    const { payment_id: docs } = (await docsCreate(sandbox, "docs_1")).json()
    const { tracker_id: invoice } = (await invoiceCreate(sandbox, "invoice_1")).json()
    sandbox.control.setWeather({ laggingReads: { reads: 2 } })
    sandbox.control.pay("docs_1", { confirm: true })
    sandbox.control.pay("invoice_1", { amount: "5" })
    const docsStates = []
    const invoiceStates = []
    for (let reads = 0; reads < 3; reads += 1) {
      docsStates.push((await docsRead(sandbox, String(docs))).json()["status"])
      invoiceStates.push((await invoiceRead(sandbox, String(invoice))) === null ? "open" : "seen")
    }
    expect(docsStates).toEqual(["Pending", "Pending", "Confirmed"])
    expect(invoiceStates).toEqual(["open", "open", "seen"])
    sandbox.control.confirm("invoice_1")
    const statuses = []
    for (let reads = 0; reads < 3; reads += 1) {
      statuses.push(await invoiceRead(sandbox, String(invoice)))
    }
    expect(statuses).toMatchObject([
      { status: "ACCEPTED" },
      { status: "ACCEPTED" },
      { status: "SUCCESS" },
    ])
  })

  test("lagging reads: a change shows only after its time", async () => {
    let clock = 1_000_000
    const sandbox = await sandboxFor(null, { now: () => clock })
    const { payment_id: id } = (await docsCreate(sandbox, "order_1")).json()
    sandbox.control.setWeather({ laggingReads: { ms: 5000 } })
    sandbox.control.pay("order_1")
    clock += 4999
    expect((await docsRead(sandbox, String(id))).json()).toMatchObject({ status: "Pending" })
    clock += 1
    expect((await docsRead(sandbox, String(id))).json()).toMatchObject({ status: "Paid" })
  })

  test("summed transfers: one transaction over all, under the newest hash", async () => {
    const sandbox = await sandboxFor(null)
    const { tracker_id: id } = (await invoiceCreate(sandbox, "order_1")).json()
    sandbox.control.pay("order_1", { amount: "0.1", hash: "one" })
    sandbox.control.secondTransfer("order_1", { amount: "0.2", hash: "two" })
    const transaction = { status: "ACCEPTED", token: "USDTTRC", hash: "two" }
    expect(await invoiceRead(sandbox, String(id))).toEqual({ ...transaction, amount: "0.2" })
    sandbox.control.setWeather({ summedTransfers: true })
    expect(await invoiceRead(sandbox, String(id))).toEqual({ ...transaction, amount: "0.3" })
    expect((await invoiceGet(sandbox, String(id))).status).toBe(200)
  })
})

describe("the station", () => {
  test("changes only what is named, and clears to fair", () => {
    const station = new WeatherStation(() => 0)
    station.set({ drop: true })
    station.set({ outage: true })
    expect(station.current).toEqual({
      ...FAIR,
      drop: { probability: 1, count: null },
      outage: true,
    })
    expect(station.clear()).toEqual(FAIR)
  })

  test.each([{ rain: true }, { drop: 2 }, { drop: { often: 1 } }, { delayMs: { min: 2, max: 1 } }])(
    "refuses %j in words",
    async (patch) => {
      const sandbox = await sandboxFor(null)
      const answer = await send("POST", `${sandbox.url}/sandbox/weather`, {}, JSON.stringify(patch))
      expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(/rain|drop|min/)])
    },
  )

  test("the same seed gives the same weather", () => {
    const strikes = (seed: number) => {
      const station = new WeatherStation(seededRandom(seed))
      station.set(STORM)
      return Array.from({ length: 200 }, () => station.strikes("duplicates") !== null)
    }
    expect(strikes(3)).toEqual(strikes(3))
    expect(strikes(3)).not.toEqual(strikes(4))
    expect(new Set(strikes(3)).size).toBe(2)
  })
})
