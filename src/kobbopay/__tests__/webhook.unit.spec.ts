import { createHash } from "node:crypto"
import fc from "fast-check"
import type { Account } from "../options"
import { signWebhook } from "../signature"
import { bodyHashOf, MAX_WEBHOOK_BYTES, receiveWebhook, type Received } from "../webhook"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"
import { rawHeaders } from "./support/raw-headers"
import webhooks from "./vectors/webhooks.json"

const AT = 1_735_689_600
const docs = accountFrom(docsInput, "docs")
const invoice = accountFrom(invoiceInput, "invoice")
const [w1] = webhooks.invoice
const [a1] = webhooks.docs
if (w1 === undefined || a1 === undefined) throw new Error("vectors are missing")

type WebhookHeaders = Parameters<typeof rawHeaders>[0]

const receive = (
  rawBody: Buffer | string,
  headers: WebhookHeaders,
  { accounts = [docs, invoice], now = AT * 1000 }: { accounts?: Account[]; now?: number } = {},
): Received =>
  receiveWebhook({
    rawBody: Buffer.from(rawBody),
    rawHeaders: rawHeaders(headers),
    accounts,
    now,
  })

/** A webhook that Kobbopay really signed, whatever its body says. */
const sent = (
  account: Account,
  body: string | object,
  event: { timestamp?: number; eventId?: string; deliveryId?: string; secret?: string } = {},
): [string, Record<string, string>] => {
  const raw = typeof body === "string" ? body : JSON.stringify(body)
  const signed = { timestamp: AT, eventId: "evt_1", ...event }
  return [raw, signWebhook(account.options.webhook, raw, signed)]
}
const eventOf = (received: Received) => {
  if (!received.ok) throw new Error(received.cause)
  return received.event
}

describe("accepted webhooks", () => {
  it("reads the published invoice vector, header names in any case", () => {
    expect(receive(w1.body, w1.headers)).toEqual({
      ok: true,
      account: invoice,
      secretIndex: 0,
      event: {
        eventId: "payment:pay_T1:payment.confirmed",
        deliveryId: "dlv_1",
        type: "payment.confirmed",
        reportedState: "confirmed",
        reportedAmount: null,
        kobbopayId: "pay_T1",
        ids: ["pay_T1"],
        reference: "order_T1",
        isTest: false,
        sentAt: new Date(AT * 1000),
      },
    })
  })

  it("reads the published docs vector, making an event id of payment and type", () => {
    const received = receive(a1.body, { "x-signature": a1["x-signature"] })
    expect(received).toMatchObject({ ok: true, account: docs })
    expect(eventOf(received)).toMatchObject({
      eventId: "payment:pay_1:payment.confirmed",
      deliveryId: null,
      reportedState: "confirmed",
      kobbopayId: "pay_1",
      reference: "order-123",
      sentAt: null,
    })
  })

  it.each([
    [{ receivedAmount: "4.5" }, "4.5"],
    [{ receivedAmount: "1e-3" }, "0.001"],
    [{ receivedAmount: "0" }, "0"],
    [{ receivedAmount: "4,5" }, null],
    [{ receivedAmount: "-4.5" }, null],
    [{ receivedAmount: {} }, null],
    [{ receivedAmount: "9".repeat(41) }, null],
    [{}, null],
  ])("reads what %j says has arrived, and takes other text for nothing said", (more, amount) => {
    for (const account of [docs, invoice]) {
      const names = { paymentId: "pay_1", payment_id: "pay_1", orderId: "order_1" }
      const event = { event: "payment.partial", ...names, ...more }
      expect(eventOf(receive(...sent(account, event))).reportedAmount).toBe(amount)
    }
  })

  it("tells which secret matched during a rotation", () => {
    const rotating = accountFrom({
      ...invoiceInput,
      webhook: { secrets: ["old-test", "new-test"] },
    })
    const [body, headers] = sent(rotating, w1.body, { secret: "new-test" })
    expect(receive(body, headers, { accounts: [docs, rotating] })).toMatchObject({
      account: rotating,
      secretIndex: 1,
    })
  })

  it("finds the account among several of the same profile by its secret", () => {
    const other = accountFrom({ ...invoiceInput, webhook: { secrets: ["other-test"] } }, "other")
    const accounts = [invoice, other]
    expect(receive(...sent(other, w1.body), { accounts })).toMatchObject({ account: other })
    expect(receive(...sent(invoice, w1.body), { accounts })).toMatchObject({ account: invoice })
  })

  it("names every id that may mean the payment, the tracker's first", () => {
    const body = { event: "payment.paid", paymentId: "pay_9", tracker_id: "trk_9", orderId: "o_9" }
    const eventId = "payment:pay_9:payment.paid"
    expect(eventOf(receive(...sent(invoice, body, { eventId })))).toMatchObject({
      kobbopayId: "trk_9",
      ids: ["trk_9", "pay_9"],
      reference: "o_9",
    })
  })

  it.each([
    ["payment.created", null],
    ["transaction.created", null],
    ["payment.paid", "paid"],
    ["Payment.CONFIRMED", "confirmed"],
    ["payment.expired", "expired"],
    ["payment.partial", "partial"],
    ["payment.partial_settled", null],
    ["payment.something_new", null],
    ["constructor", null],
  ])("takes %s to report %p", (type, reportedState) => {
    const event = eventOf(receive(...sent(invoice, { event: type, paymentId: "p" })))
    expect(event).toMatchObject({ type, reportedState, isTest: false })
  })

  it("knows a test, which names no payment", () => {
    const eventId = "payment:test:payment.webhook_test"
    expect(
      eventOf(receive(...sent(invoice, { event: "payment.webhook_test" }, { eventId }))),
    ).toMatchObject({ isTest: true, reportedState: null, kobbopayId: null, ids: [], eventId })
  })

  it("speaks the words an environment uses instead", () => {
    const account = accountFrom({ ...docsInput, events: { Settled: "confirmed", hello: "test" } })
    const accounts = [account]
    const about = (type: string) =>
      eventOf(receive(...sent(account, { type, payment_id: "p", event_id: "e" }), { accounts }))
    expect(about("settled")).toMatchObject({ reportedState: "confirmed", eventId: "e" })
    expect(about("hello")).toMatchObject({ isTest: true })
    expect(about("Paid")).toMatchObject({ reportedState: "paid" })
  })

  it("takes a number as the text it was written in", () => {
    const body = '{"event":"payment.paid","paymentId":90071992547409931}'
    expect(eventOf(receive(...sent(invoice, body))).kobbopayId).toBe("90071992547409931")
  })

  it("knows a body by its hash, whatever the headers say", () => {
    const expected = createHash("sha256").update(w1.body).digest("hex")
    expect(bodyHashOf(Buffer.from(w1.body))).toBe(expected)
  })

  it("is not moved by a prototype in the body", () => {
    const body =
      '{"__proto__":{"event":"payment.confirmed"},"event":"payment.paid","paymentId":"p"}'
    expect(eventOf(receive(...sent(invoice, body)))).toMatchObject({ reportedState: "paid" })
    expect(receive(...sent(invoice, '{"__proto__":{"event":"payment.paid"}}'))).toMatchObject({
      status: 400,
    })
  })
})

describe("freshness", () => {
  it.each([
    [-300, true],
    [300, true],
    [-301, false],
    [301, false],
  ])("a clock %d s apart is accepted: %p", (seconds, ok) => {
    const now = (AT + seconds) * 1000
    expect(receive(w1.body, w1.headers, { now }).ok).toBe(ok)
  })

  it("says that it is the clock, once the signature holds", () => {
    const stale = receive(w1.body, w1.headers, { now: (AT + 4_000) * 1000 })
    expect(stale).toMatchObject({ status: 401, cause: expect.stringContaining("4000 s") })
    const forged = { ...w1.headers, "X-Kobbopay-Signature": "00".repeat(32) }
    expect(receive(w1.body, forged, { now: (AT + 4_000) * 1000 })).toMatchObject({
      status: 401,
      cause: expect.stringContaining("does not match"),
    })
  })
})

describe("refused webhooks", () => {
  const without = (name: string): WebhookHeaders =>
    Object.fromEntries(Object.entries(w1.headers).filter(([key]) => key !== name))
  const withHeader = (name: string, value: string | string[]): WebhookHeaders => ({
    ...w1.headers,
    [name]: value,
  })
  const { "X-Kobbopay-Signature": signature } = w1.headers

  it.each(webhooks.refuse)("$id: $why", ({ hex }) => {
    expect(receive(w1.body, withHeader("X-Kobbopay-Signature", hex))).toMatchObject({ status: 401 })
  })

  it.each([
    ["no signature", 401, without("X-Kobbopay-Signature")],
    ["no time", 400, without("X-Kobbopay-Timestamp")],
    ["no event id", 400, without("X-Kobbopay-Event-Id")],
    ["a signature too short", 401, withHeader("X-Kobbopay-Signature", signature.slice(2))],
    ["a signature that is no hex", 401, withHeader("X-Kobbopay-Signature", "z".repeat(64))],
    [
      "a signature sent twice",
      400,
      withHeader("X-Kobbopay-Signature", `${signature}, ${signature}`),
    ],
    ["a list of signatures", 400, withHeader("X-Kobbopay-Signature", [signature, signature])],
    ["a second spelling of a header", 400, withHeader("x-kobbopay-signature", signature)],
    ["an event id sent twice", 400, withHeader("X-Kobbopay-Event-Id", "a, b")],
    ["an event id beyond ASCII", 400, withHeader("X-Kobbopay-Event-Id", "évt")],
    ["an empty event id", 400, withHeader("X-Kobbopay-Event-Id", "")],
    ["a huge event id", 400, withHeader("X-Kobbopay-Event-Id", "e".repeat(10_000))],
    ["a time with a fraction", 400, withHeader("X-Kobbopay-Timestamp", "1735689600.0")],
    ["a time in milliseconds", 400, withHeader("X-Kobbopay-Timestamp", "1735689600000")],
    ["a negative time", 400, withHeader("X-Kobbopay-Timestamp", "-1735689600")],
    ["a time in hex", 400, withHeader("X-Kobbopay-Timestamp", "0x67748580")],
    [
      "an event id of another payment",
      400,
      withHeader("X-Kobbopay-Event-Id", "payment:pay_T2:payment.confirmed"),
    ],
    [
      "an event id of another event",
      400,
      withHeader("X-Kobbopay-Event-Id", "payment:pay_T1:payment.paid"),
    ],
  ])("%s: %i", (_, status, headers) => {
    expect(receive(w1.body, headers)).toMatchObject({ ok: false, status })
  })

  it("tells a store without accounts apart from nothing", () => {
    expect(receive(w1.body, w1.headers, { accounts: [] })).toMatchObject({ status: 401 })
  })

  it("does not let one profile's signature pass for another's", () => {
    const [body, headers] = sent(docs, { event: "payment.paid", payment_id: "p" })
    const disguised = { ...w1.headers, "X-Kobbopay-Signature": headers["x-signature"] ?? "" }
    expect(receive(body, disguised)).toMatchObject({ status: 401 })
  })

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["text", '"payment.paid"'],
    ["no event", '{"paymentId":"p"}'],
    ["an event that is no text", '{"event":{},"paymentId":"p"}'],
    ["an id that is no text", '{"event":"e","paymentId":["p"]}'],
    ["an id too long", `{"event":"e","paymentId":"${"p".repeat(257)}"}`],
    ["an id of dots", '{"event":"e","paymentId":".."}'],
    ["a NUL in an id", '{"event":"e","paymentId":"p\\u0000"}'],
    ["half a character", '{"event":"e","orderId":"\\ud800"}'],
    ["depth without end", `{"event":"e","a":${"[".repeat(30_000)}`],
  ])("a signed body of %s: 400", (_, body) => {
    expect(receive(...sent(invoice, body))).toMatchObject({ ok: false, status: 400 })
  })

  it("a signed body that is not UTF-8: 400", () => {
    const raw = Buffer.concat([Buffer.from('{"event":"'), Buffer.from([0xff]), Buffer.from('"}')])
    const headers = signWebhook(invoice.options.webhook, raw, { timestamp: AT, eventId: "e" })
    expect(receive(raw, headers)).toMatchObject({ ok: false, status: 400 })
  })

  it("more than 64 KiB: 400, before anything is computed", () => {
    const body = JSON.stringify({ event: "e", pad: "x".repeat(MAX_WEBHOOK_BYTES) })
    expect(receive(...sent(invoice, body))).toMatchObject({ status: 400 })
  })

  it("parses nothing before a signature holds: garbage without one is 401, not 400", () => {
    expect(receive("{", w1.headers)).toMatchObject({ status: 401 })
  })

  it("never throws, and accepts nothing that was not signed", () => {
    const value = fc.oneof(
      fc.string(),
      fc.array(fc.string()),
      fc.constantFrom(undefined, "1735689600"),
    )
    const headers = fc.record({
      "x-kobbopay-signature": value,
      "x-kobbopay-timestamp": value,
      "x-kobbopay-event-id": value,
      "x-signature": value,
    })
    fc.assert(
      fc.property(fc.uint8Array(), headers, (body, given) => {
        const received = receive(Buffer.from(body), given)
        expect(received.ok).toBe(false)
        expect(JSON.stringify(received)).not.toContain("webhook-secret-test")
      }),
    )
  })

  it("never throws on any signed JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(docs, invoice), (body, account) => {
        const received = receive(...sent(account, body))
        expect(received.ok || received.status === 400).toBe(true)
      }),
    )
  })
})
