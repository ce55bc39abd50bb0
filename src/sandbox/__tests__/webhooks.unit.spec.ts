import { createHmac } from "node:crypto"

import {
  docsCreate,
  eventOf,
  invoiceCreate,
  receiver,
  type Received,
  sandboxFor,
  SECRETS,
  send,
  stopAll,
} from "./support"

afterEach(stopAll)

const hmac = (secret: string, message: string) =>
  createHmac("sha256", secret).update(message).digest("hex")

const signatureHolds = ({ headers, body }: Received, secret = SECRETS.invoice) =>
  headers["x-kobbopay-signature"] ===
  hmac(secret, `${String(headers["x-kobbopay-timestamp"])}.${body}`)

test("an invoice payment's life is told in order, each event signed over timestamp and body", async () => {
  const shop = await receiver()
  const sandbox = await sandboxFor(shop.url)
  const { tracker_id: id } = (await invoiceCreate(sandbox, "order_1")).json()
  sandbox.control.underpay("order_1", { due: "10" })
  sandbox.control.pay("order_1", { amount: "5" })
  sandbox.control.confirm("order_1")
  await sandbox.control.quiet()
  expect(shop.received.map(eventOf)).toEqual([
    "payment.created",
    "payment.partial",
    "payment.paid",
    "payment.confirmed",
  ])
  expect(shop.received.every((received) => signatureHolds(received))).toBe(true)
  const last = shop.received[3]
  expect(last?.headers["x-kobbopay-event-id"]).toBe(`payment:${String(id)}:payment.confirmed`)
  expect(JSON.parse(last?.body ?? "")).toEqual({
    event: "payment.confirmed",
    paymentId: id,
    orderId: "order_1",
    tracker_id: id,
    receivedAmount: "10",
  })
})

test("a docs event carries its own id and a signature over the body alone", async () => {
  const shop = await receiver()
  const sandbox = await sandboxFor(shop.url)
  const { payment_id: id } = (await docsCreate(sandbox, "order_1")).json()
  await sandbox.control.quiet()
  const [created] = shop.received
  expect(JSON.parse(created?.body ?? "")).toEqual({
    event_id: expect.stringMatching(/^evt_/),
    event: "payment.created",
    payment_id: id,
    orderId: "order_1",
  })
  expect(created?.headers["x-signature"]).toBe(hmac(SECRETS.docs, created?.body ?? ""))
})

test("an event is repeated until it is taken: same id and body, signed anew, own delivery id", async () => {
  const shop = await receiver([500, 302, 200])
  let clock = 1_000_000_000_000
  const sandbox = await sandboxFor(shop.url, { now: () => (clock += 1000) })
  sandbox.control.sendTest("invoice")
  await sandbox.control.quiet()
  expect(shop.received).toHaveLength(3)
  const header = (name: string) => new Set(shop.received.map(({ headers }) => headers[name]))
  expect(new Set(shop.received.map(({ body }) => body)).size).toBe(1)
  expect(header("x-kobbopay-event-id").size).toBe(1)
  expect(header("x-kobbopay-delivery-id").size).toBe(3)
  expect(header("x-kobbopay-timestamp").size).toBe(3)
  expect(shop.received.every((received) => signatureHolds(received))).toBe(true)
  expect(sandbox.control.deliveries().map(({ outcome, status }) => [outcome, status])).toEqual([
    ["refused", 500],
    ["refused", 302],
    ["delivered", 200],
  ])
})

test("an event is given up after its last try, and can be sent again by hand", async () => {
  const shop = await receiver([503, 503])
  const sandbox = await sandboxFor(shop.url, { retry: { delaysMs: [1] } })
  sandbox.control.sendTest("docs")
  await sandbox.control.quiet()
  const [first] = sandbox.control.deliveries()
  expect(shop.received).toHaveLength(2)
  sandbox.control.redeliver(first?.id ?? "")
  await sandbox.control.quiet()
  expect(shop.received[2]?.body).toBe(shop.received[0]?.body)
  expect(sandbox.control.deliveries().at(-1)?.outcome).toBe("delivered")
})

test("a receiver that never answers, or is not there, is tried again", async () => {
  const shop = await receiver()
  shop.silent.is = true
  const sandbox = await sandboxFor(shop.url, { webhookTimeoutMs: 20, retry: { delaysMs: [1] } })
  sandbox.control.sendTest("docs")
  await sandbox.control.quiet()
  sandbox.control.setWebhook({ url: "http://127.0.0.1:9/nobody" })
  sandbox.control.sendTest("docs")
  await sandbox.control.quiet()
  expect(sandbox.control.deliveries().map(({ outcome }) => outcome)).toEqual([
    "timeout",
    "timeout",
    "failed",
    "failed",
  ])
})

test("without a URL events are kept, and sent when one is set and they are asked for", async () => {
  const shop = await receiver()
  const sandbox = await sandboxFor(null)
  await invoiceCreate(sandbox, "order_1")
  const [kept] = sandbox.control.deliveries("order_1")
  expect(kept?.outcome).toBe("no_url")
  sandbox.control.setWebhook({ url: shop.url, secret: { invoice: "rotated" } })
  sandbox.control.redeliver(kept?.id ?? "")
  await sandbox.control.quiet()
  expect(shop.received).toHaveLength(1)
  expect(shop.received.every((received) => signatureHolds(received, "rotated"))).toBe(true)
})

test("closing ends waits for further tries at once", async () => {
  const shop = await receiver([500])
  const sandbox = await sandboxFor(shop.url, { retry: { delaysMs: [3_600_000] } })
  sandbox.control.sendTest("docs")
  await sandbox.close()
  await sandbox.control.quiet()
  expect(sandbox.control.stats().deliveries.pending).toBe(0)
})

test("the control API tells when nothing is under way, and when that takes too long", async () => {
  const shop = await receiver([500])
  const sandbox = await sandboxFor(shop.url, { retry: { delaysMs: [3_600_000] } })
  expect((await send("GET", `${sandbox.url}/sandbox/quiet`)).json()).toEqual({ pending: 0 })
  sandbox.control.sendTest("docs")
  const late = await send("GET", `${sandbox.url}/sandbox/quiet?timeout_ms=1`)
  expect([late.status, late.text]).toEqual([504, expect.stringContaining("1 events")])
})

test("a receiver that does not know the signature is told of, and not asked for ever", async () => {
  const shop = await receiver(Array<number>(40).fill(401))
  const lines: string[] = []
  const retry = { delaysMs: Array<number>(30).fill(1) }
  const sandbox = await sandboxFor(shop.url, { retry, tell: (line) => void lines.push(line) })
  sandbox.control.sendTest("docs")
  await sandbox.control.quiet()
  expect(shop.received).toHaveLength(5)
  expect(lines).toEqual([
    expect.stringMatching(/webhook_test \(profile docs\) was answered 401: .*--profile/),
    expect.stringMatching(/answered 401 5 times, and is not sent again: .*webhook\.secrets/),
  ])
})

test("a signature that was wrong once is forgiven", async () => {
  const shop = await receiver([401, 401, 503, 401, 401, 401, 200])
  const sandbox = await sandboxFor(shop.url, { retry: { delaysMs: Array<number>(9).fill(1) } })
  sandbox.control.sendTest("docs")
  await sandbox.control.quiet()
  expect(sandbox.control.deliveries().at(-1)?.outcome).toBe("delivered")
})
