import { createHash } from "node:crypto"
import { bodyHashOf } from "../webhook"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"
import webhooks from "./vectors/webhooks.json"
import { AT, docs, invoice, receive, sent, eventOf } from "./support/webhooks"

const [w1] = webhooks.invoice
const [a1] = webhooks.docs
if (w1 === undefined || a1 === undefined) throw new Error("vectors are missing")

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
