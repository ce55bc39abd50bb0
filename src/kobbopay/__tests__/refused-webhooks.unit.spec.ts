import fc from "fast-check"
import { signWebhook } from "./support/sign-webhook"
import { MAX_WEBHOOK_BYTES } from "../webhook"
import webhooks from "./vectors/webhooks.json"
import { AT, docs, invoice, type WebhookHeaders, receive, sent } from "./support/webhooks"

const [w1] = webhooks.invoice
if (w1 === undefined) throw new Error("vectors are missing")

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
