import { bareWires } from "./bare-wires"
import {
  API_KEY,
  docsBody,
  docsCreate,
  docsRead,
  invoiceCreate,
  invoiceGet,
  invoiceRead,
  PUBLIC_ID,
  sandboxFor,
  send,
  signed,
  stopAll,
  transactionGet,
} from "./support"

afterEach(stopAll)

const B1 = {
  key: "kobbopay-test-private-key-0001",
  path: "/api/transaction/get",
  body: '{"tracker_id":"trk_1"}',
  signature:
    "83c732e4aeeee36d157c08838c77179321febe6be4d122a968746ed16b5c8efea04e748ae6006fe7abfb246cea51c5c94d2bc51ea2b8e3fa8ec071458b727327",
  accepted: 404,
}
const B2 = {
  key: "kobbopay-test-private-key-0002",
  path: "/api/crypto/invoice/create",
  body: '{"token":"USDTTRC","client_transaction_id":"order_01JABCXYZ"}',
  signature:
    "60da4e4b720a559bdb3a9b14ec37e79e2a0b806f1eb20ce7103c5a3a4f4c23682ab1914f3e0adb8205bccc483f7563e229530183d60de4799935a99260155d78",
  accepted: 200,
}
const SECONDS = 1735689600

describe("signatures of the published vectors", () => {
  test.each([B1, B2])("a request signed as in $path is let in", async (vector) => {
    const sandbox = await sandboxFor(null, {
      credentials: { apiKey: API_KEY, publicId: PUBLIC_ID, privateKey: vector.key },
      now: () => SECONDS * 1000,
    })
    const headers = {
      Accept: "application/json",
      ApiPublic: PUBLIC_ID,
      Timestamp: String(SECONDS),
      Signature: vector.signature,
    }
    const url = sandbox.url + vector.path
    expect((await send("POST", url, headers, vector.body)).status).toBe(vector.accepted)
    expect((await send("POST", url, headers, `${vector.body} `)).status).toBe(401)
  })

  test("an invoice webhook carries the headers of W1", () => {
    const { invoice } = bareWires()
    const body = '{"event":"payment.confirmed","paymentId":"pay_T1","orderId":"order_T1"}'
    const composed = { eventId: "payment:pay_T1:payment.confirmed", body }
    const signing = {
      secret: "kobbopay-test-webhook-secret-0001",
      timestamp: SECONDS,
      deliveryId: "dlv_1",
    }
    expect(invoice.webhook.headers(composed, signing)).toEqual({
      "X-Kobbopay-Event-Id": "payment:pay_T1:payment.confirmed",
      "X-Kobbopay-Timestamp": "1735689600",
      "X-Kobbopay-Delivery-Id": "dlv_1",
      "X-Kobbopay-Signature": "ad5bdf191289af79bffdcfd68216343c2d2b845440b86b7488b11660aeeeb12d",
    })
  })

  test.each([
    [
      '{"event":"payment.confirmed","payment_id":"pay_1","orderId":"order-123"}',
      "f4a7a3b1d76d3442dad35ce702e331bdc35d4ad710964cbc82b5b44b00668aa6",
    ],
    ["", "c9c5fde5fe03968e0415cd42021f9705b6942ccfda7108ee105d8a5a2199dc6e"],
  ])("a docs webhook with body %j carries the signature of A1 and A3", (body, signature) => {
    const { docs } = bareWires()
    const signing = { secret: "docs-webhook-secret-test-0001", timestamp: SECONDS, deliveryId: "" }
    expect(docs.webhook.headers({ eventId: "", body }, signing)).toEqual({
      "x-signature": signature,
    })
  })
})

describe("the docs profile", () => {
  test("creates a payment, and reads it with what arrived", async () => {
    const sandbox = await sandboxFor(null)
    const created = await docsCreate(sandbox, "order_1")
    expect(created.status).toBe(201)
    const { payment_id: id } = created.json()
    expect(created.json()).toEqual({
      payment_id: expect.stringMatching(/^pay_/),
      status: "Pending",
      amount: "10.50",
      currency: "USDT",
      network: "tron",
      orderId: "order_1",
      address: expect.stringMatching(/^T[1-9A-HJ-NP-Za-km-z]{33}$/),
    })
    sandbox.control.pay("order_1", { hash: "abc" })
    expect((await docsRead(sandbox, String(id))).json()).toMatchObject({
      payment_id: id,
      status: "Paid",
      received_amount: "10.5",
      transactions: [{ hash: "abc", amount: "10.50", currency: "USDT", network: "tron" }],
    })
  })

  test("says when a payment expires and what memo it needs, where there are such", async () => {
    const sandbox = await sandboxFor(null, {
      expireAfterMs: 60_000,
      memoTokens: ["USDTTRC"],
      now: () => SECONDS * 1000,
    })
    expect((await docsCreate(sandbox, "order_1")).json()).toMatchObject({
      memo: expect.stringMatching(/^\d+$/),
      expires_at: "2025-01-01T00:01:00.000Z",
    })
  })

  test("takes the amount as a number too, since one page of the docs shows one", async () => {
    const sandbox = await sandboxFor(null)
    expect((await docsCreate(sandbox, "order_1", 10.5)).json()).toMatchObject({ amount: "10.5" })
  })

  test.each([
    ["a wrong key", { "x-api-key": "other" }],
    ["no key", {}],
  ])("refuses %s and creates nothing", async (_case, headers: Record<string, string>) => {
    const sandbox = await sandboxFor(null)
    const answer = await send("POST", `${sandbox.url}/v1/payments`, headers, docsBody("order_1"))
    expect(answer.status).toBe(401)
    expect(sandbox.control.payments()).toEqual([])
  })

  test.each([
    ["no amount", docsBody("order_1", null)],
    ["a negative amount", docsBody("order_1", "-1")],
    ["an amount of zero", docsBody("order_1", "0.00")],
    ["an amount with an exponent", docsBody("order_1", "1e3")],
    ["an unknown network", docsBody("order_1", "1", "nowhere")],
    ["no reference", docsBody("")],
    ["no JSON", "{"],
  ])("refuses %s", async (_case, body) => {
    const sandbox = await sandboxFor(null)
    const headers = { "x-api-key": API_KEY }
    const answer = await send("POST", `${sandbox.url}/v1/payments`, headers, body)
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ error: expect.any(String) })
  })

  test("a repeated create answers the same payment; another amount is refused", async () => {
    const sandbox = await sandboxFor(null)
    const first = await docsCreate(sandbox, "order_1", "10.5")
    expect((await docsCreate(sandbox, "order_1", "10.50")).json()).toEqual(first.json())
    expect((await docsCreate(sandbox, "order_1", "11")).status).toBe(409)
    expect(sandbox.control.stats().references["order_1"]).toMatchObject({ creates: 2 })
    expect(sandbox.control.payments()).toHaveLength(1)
  })

  test("does not know payments of the other profile", async () => {
    const sandbox = await sandboxFor(null)
    const { tracker_id: id } = (await invoiceCreate(sandbox, "order_1")).json()
    expect((await docsRead(sandbox, String(id))).status).toBe(404)
  })
})

describe("the invoice profile", () => {
  test("creates an invoice without an amount, and reads it in two calls", async () => {
    const sandbox = await sandboxFor(null)
    const created = (await invoiceCreate(sandbox, "order_1", "USDTBSC")).json()
    expect(created).toEqual({
      receiver: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/),
      tracker_id: expect.stringMatching(/^trk_/),
      token: "USDTBSC",
    })
    const id = String(created["tracker_id"])
    expect((await invoiceGet(sandbox, id)).json()).toEqual({ tracker_id: id })
    sandbox.control.pay(id, { amount: "3.000000000000000001", hash: "0xabc" })
    const transaction = { amount: "3.000000000000000001", token: "USDTBSC", hash: "0xabc" }
    expect(await invoiceRead(sandbox, id)).toEqual({ status: "ACCEPTED", ...transaction })
    sandbox.control.confirm(id)
    expect(await invoiceRead(sandbox, id)).toEqual({ status: "SUCCESS", ...transaction })
  })

  test("a failure shows as ERROR, with money or without", async () => {
    const sandbox = await sandboxFor(null)
    for (const reference of ["unpaid", "paid"]) {
      const { tracker_id: id } = (await invoiceCreate(sandbox, reference)).json()
      if (reference === "paid") sandbox.control.pay(reference, { amount: "5" })
      sandbox.control.fail(reference)
      expect(await invoiceRead(sandbox, String(id))).toMatchObject({ status: "ERROR" })
    }
  })

  test("names the tokens that are enabled, and refuses others", async () => {
    const sandbox = await sandboxFor(null, { tokens: ["USDTTRC", "XRP"], memoTokens: ["XRP"] })
    const tokens = await send("GET", `${sandbox.url}/user/token/fetch`, signed(""))
    expect(tokens.json()).toEqual({ tokens: ["USDTTRC", "XRP"] })
    expect((await invoiceCreate(sandbox, "order_1", "USDTBSC")).status).toBe(400)
    expect((await invoiceCreate(sandbox, "order_1", "XRP")).json()).toMatchObject({
      dest_tag: expect.stringMatching(/^\d+$/),
    })
  })

  const body = '{"token":"USDTTRC","client_transaction_id":"order_1"}'
  const now = Math.floor(Date.now() / 1000)
  test.each([
    ["no headers", {}],
    ["an unknown public id", { ...signed(body), ApiPublic: "other" }],
    ["another private key", signed(body, now, "other")],
    ["a body signed after re-serialising", signed(body.replace(",", ", "))],
    ["an upper-case signature", upperCase(signed(body))],
    ["a timestamp that is not digits", { ...signed(body), Timestamp: `${now}.0` }],
    ["a timestamp that was not signed", { ...signed(body), Timestamp: String(now + 1) }],
  ])("refuses %s", async (_case, headers: Record<string, string>) => {
    const sandbox = await sandboxFor(null)
    const url = `${sandbox.url}/api/crypto/invoice/create`
    expect((await send("POST", url, headers, body)).status).toBe(401)
    expect(sandbox.control.payments()).toEqual([])
  })

  test.each([
    [300, 200],
    [-300, 200],
    [301, 401],
    [-301, 401],
  ])("a timestamp %i seconds off is answered %i", async (off, status) => {
    const sandbox = await sandboxFor(null, { now: () => SECONDS * 1000 })
    const url = `${sandbox.url}/user/token/fetch`
    expect((await send("GET", url, signed("", SECONDS + off))).status).toBe(status)
  })

  test("wants to be asked for JSON", async () => {
    const sandbox = await sandboxFor(null)
    const headers = { ...signed(""), Accept: "text/html" }
    expect((await send("GET", `${sandbox.url}/user/token/fetch`, headers)).status).toBe(406)
  })

  test("a transaction is known only by its own id", async () => {
    const sandbox = await sandboxFor(null)
    const { tracker_id: id } = (await invoiceCreate(sandbox, "order_1")).json()
    sandbox.control.pay("order_1", { amount: "5" })
    expect((await transactionGet(sandbox, String(id))).status).toBe(404)
  })
})

test("only the profiles asked for are served", async () => {
  const sandbox = await sandboxFor(null, { profiles: ["invoice"] })
  expect((await docsCreate(sandbox, "order_1")).status).toBe(404)
  expect((await invoiceCreate(sandbox, "order_1")).status).toBe(200)
})

test("a wrong method, an unknown path and a huge body are refused in words", async () => {
  const sandbox = await sandboxFor(null)
  const wrong = await send("DELETE", `${sandbox.url}/v1/payments`)
  expect([wrong.status, wrong.headers["allow"]]).toEqual([405, "POST"])
  expect((await send("GET", `${sandbox.url}/v2/payments`)).status).toBe(404)
  const huge = "x".repeat(70_000)
  expect((await send("POST", `${sandbox.url}/v1/payments`, {}, huge)).status).toBe(413)
})

function upperCase(headers: ReturnType<typeof signed>) {
  return { ...headers, Signature: headers.Signature.toUpperCase() }
}
