import { createHmac } from "node:crypto"
import fc from "fast-check"
import { signRequest, verifyWebhook } from "../signature"
import { signWebhook } from "./support/sign-webhook"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"
import requests from "./vectors/requests.json"
import webhooks from "./vectors/webhooks.json"

const docs = accountFrom(docsInput).options.webhook
const invoice = accountFrom(invoiceInput).options.webhook
const bytes = (base64: string): Buffer => Buffer.from(base64, "base64")
const [w1] = webhooks.invoice
if (w1 === undefined) throw new Error("vectors are missing")

describe("published vectors", () => {
  it.each(webhooks.docs)("docs webhook $id", (vector) => {
    const scheme = { ...docs, secrets: [vector.secret] }
    const rawBody = bytes(vector.body_b64)
    const signature = vector["x-signature"]
    expect(rawBody.toString()).toBe(vector.body)
    expect(verifyWebhook(scheme, { rawBody, timestamp: null, signature })).toBe(0)
    expect(signWebhook(scheme, rawBody, { timestamp: 1 })).toEqual({ "x-signature": signature })
  })

  it.each(webhooks.invoice)("invoice webhook $id", (vector) => {
    const scheme = { ...invoice, secrets: [vector.secret] }
    const rawBody = bytes(vector.body_b64)
    const timestamp = vector.headers["X-Kobbopay-Timestamp"]
    const signature = vector.headers["X-Kobbopay-Signature"]
    expect(verifyWebhook(scheme, { rawBody, timestamp, signature })).toBe(0)
    expect(verifyWebhook(scheme, { rawBody, timestamp, signature: signature.toUpperCase() })).toBe(
      0,
    )
    const headers = signWebhook(scheme, vector.body, {
      timestamp: Number(timestamp),
      eventId: vector.headers["X-Kobbopay-Event-Id"],
      deliveryId: vector.headers["X-Kobbopay-Delivery-Id"],
    })
    const lower = Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value])
    expect(headers).toEqual(Object.fromEntries(lower))
  })

  it.each(webhooks.refuse)("refuses $id: $why", ({ hex }) => {
    const sent = { rawBody: bytes(w1.body_b64), timestamp: "1735689600", signature: hex }
    expect(verifyWebhook({ ...invoice, secrets: [w1.secret] }, sent)).toBeNull()
  })

  it("knows the refused vectors as what they say they are", () => {
    const hmac = (algorithm: string, message: string): string =>
      createHmac(algorithm, w1.secret).update(message).digest("hex")
    const [n1, n2, n3, n5] = webhooks.refuse.map((vector) => vector.hex)
    const at = "1735689600."
    expect(n1).toBe(hmac("sha256", at + webhooks.refuse[0]?.body))
    expect(n2).toBe(hmac("sha256", `${at}${w1.body} `))
    expect(n3).toBe(hmac("sha256", w1.body))
    expect(n5).toBe(hmac("sha512", at + w1.body))
  })

  it.each(requests.invoice)("request $id", (vector) => {
    const { options } = accountFrom({ ...invoiceInput, privateKey: vector.private_key })
    if (options.profile !== "invoice") throw new Error("not an invoice account")
    const body = bytes(vector.body_b64).toString("utf8")
    expect(signRequest(options, vector.Timestamp, body)).toBe(vector.Signature)
  })
})

describe("any scheme an environment may use", () => {
  const schemes = fc
    .record({
      algorithm: fc.constantFrom("sha256" as const, "sha512" as const),
      encoding: fc.constantFrom("hex" as const, "base64" as const),
      prefix: fc.constantFrom("", "sha256=", "v1,"),
      signsTimestamp: fc.boolean(),
      separator: fc.constantFrom("", ".", ":"),
    })
    .map((scheme) => ({ ...invoice, ...scheme }))
  const body = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  const secrets = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 })
  const timestamp = fc.nat()

  const signed = (scheme: typeof invoice, rawBody: Buffer, at: number, secret: string) => ({
    rawBody,
    timestamp: String(at),
    signature:
      signWebhook(scheme, rawBody, { timestamp: at, secret })[scheme.headers.signature] ?? "",
  })

  it("tells which of the secrets signed, over any bytes", () => {
    fc.assert(
      fc.property(
        fc.record({ scheme: schemes, rawBody: body, all: secrets, at: timestamp, pick: fc.nat() }),
        ({ scheme, rawBody, all, at, pick }) => {
          const index = pick % all.length
          const sent = signed(scheme, rawBody, at, all[index] ?? "")
          expect(verifyWebhook({ ...scheme, secrets: all }, sent)).toBe(index)
        },
      ),
    )
  })

  it("refuses when one bit of the body, or the secret, differs", () => {
    fc.assert(
      fc.property(
        fc.record({ scheme: schemes, rawBody: body, all: secrets, at: timestamp, where: fc.nat() }),
        ({ scheme, rawBody, all, at, where }) => {
          const [first = "", ...others] = all
          const sent = signed(scheme, rawBody, at, first)
          expect(verifyWebhook({ ...scheme, secrets: others }, sent)).toBeNull()
          fc.pre(rawBody.length > 0)
          const changed = Buffer.from(rawBody)
          const at8 = where % (rawBody.length * 8)
          changed.writeUInt8(changed.readUInt8(at8 >> 3) ^ (1 << (at8 & 7)), at8 >> 3)
          expect(
            verifyWebhook({ ...scheme, secrets: all }, { ...sent, rawBody: changed }),
          ).toBeNull()
        },
      ),
    )
  })

  it("refuses another time where the time is signed, and takes it where it is not", () => {
    fc.assert(
      fc.property(schemes, body, secrets, timestamp, (scheme, rawBody, all, at) => {
        const sent = { ...signed(scheme, rawBody, at, all[0] ?? ""), timestamp: `${at}0` }
        const index = verifyWebhook({ ...scheme, secrets: all }, sent)
        // Without a separator the digit could only move into the body, whose bytes stay the same here.
        expect(index).toBe(scheme.signsTimestamp ? null : 0)
      }),
    )
  })

  it("never throws and never accepts, whatever stands in the header", () => {
    fc.assert(
      fc.property(schemes, body, secrets, fc.string(), (scheme, rawBody, all, signature) => {
        const sent = { rawBody, timestamp: "1", signature }
        expect(verifyWebhook({ ...scheme, secrets: all }, sent)).toBeNull()
      }),
    )
  })
})
