import { createHmac } from "node:crypto"
import fc from "fast-check"
import type { Message } from "./webhook"

type Signed = Message & { headers: Record<string, string> }

/** Header values that HTTP can carry at all. */
const text = fc
  .string({ unit: "binary", maxLength: 80 })
  .map((raw) => raw.replace(/[^\t -~\u0080-\u00ff]/g, "."))
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((raw) => Buffer.from(raw))

const HEADERS = ["signature", "timestamp", "event-id"].map((name) => `x-kobbopay-${name}`)

/**
 * What a stranger makes of a webhook that was overheard: every mutation of its body and headers that we
 * could think of, and bodies that Kobbopay itself would never send, properly signed.
 * @param sign signs a body as Kobbopay would, with the given event id and seconds off the clock
 * @param secrets of the other accounts
 */
export function mutations(
  sign: (
    body: Buffer | string,
    event?: { eventId?: string; off?: number; secret?: string },
  ) => Signed,
  secrets: readonly string[],
): fc.Arbitrary<Message> {
  const genuine = sign(BODY)
  const original = Buffer.from(BODY)
  const now = () => sign(BODY)
  const changed = (headers: Record<string, string | string[]>): Message => ({
    ...genuine,
    headers: { ...now().headers, ...headers },
  })
  const signatureOf = ({ headers }: Signed) => headers["x-kobbopay-signature"] ?? ""
  const withBody = (body: Buffer): Message => ({ ...now(), body })
  const at = fc.nat(original.length - 1)

  const bodies = fc.oneof(
    fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([where, by]) => {
      const body = Buffer.from(original)
      body.writeUInt8(body.readUInt8(where) ^ by, where)
      return withBody(body)
    }),
    at.map((end) => withBody(original.subarray(0, end))),
    bytes.map((more) => withBody(Buffer.concat([original, more]))),
    fc
      .tuple(at, bytes)
      .map(([where, more]) =>
        withBody(Buffer.concat([original.subarray(0, where), more, original.subarray(where)])),
      ),
    fc
      .constantFrom(
        Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), original]),
        Buffer.from(` ${BODY}`),
        Buffer.from(JSON.stringify(JSON.parse(BODY), null, 1)),
        Buffer.from(BODY, "utf16le"),
      )
      .map(withBody),
    // Of another message that was overheard too.
    fc
      .constant(BODY.replace("trk-1", "trk-2"))
      .map((other) => ({ ...sign(other), body: original })),
  )
  const noEvents = fc.oneof(
    bytes.map((body) => sign(body, { eventId: "event-1" })),
    fc.json().map((body) => sign(body, { eventId: "event-1" })),
    fc
      .tuple(text, text)
      .map(([payment, event]) => sign(BODY, { eventId: `payment:${payment}x:${event}x` })),
  )
  const headers = fc.oneof(
    fc.constantFrom(...HEADERS).map((name) => {
      const left = Object.entries(now().headers).filter(([key]) => key !== name)
      return { ...genuine, headers: Object.fromEntries(left) }
    }),
    fc
      .constantFrom(...HEADERS)
      .map((name) => changed({ [name]: [now().headers[name] ?? "", "x"] })),
    fc
      .tuple(fc.constantFrom(...HEADERS, "x-kobbopay-delivery-id", "x-signature"), text)
      .map(([name, value]) => changed({ [name]: value })),
    text.map((type) => changed({ "content-type": type })),
    text.map((encoding) => changed({ "content-encoding": encoding })),
  )
  const signatures = fc.oneof(
    fc.tuple(fc.nat(63), fc.constantFrom(..."0123456789abcdef")).map(([where, digit]) => {
      const signature = signatureOf(now())
      const value = signature.slice(0, where) + digit + signature.slice(where + 1)
      return changed({ "x-kobbopay-signature": value })
    }),
    fc
      .constantFrom<(signature: string) => string>(
        (signature) => signature.toUpperCase(),
        (signature) => Buffer.from(signature, "hex").toString("base64"),
        (signature) => Buffer.from(signature, "hex").toString("base64url"),
        (signature) => `sha256=${signature}`,
        (signature) => `0x${signature}`,
        (signature) => `${signature}00`,
        (signature) => signature.slice(0, 62),
        (signature) => signature + signature,
        (signature) => [...signature].reverse().join(""),
      )
      .map((change) => changed({ "x-kobbopay-signature": change(signatureOf(now())) })),
    fc.constantFrom(...secrets).map((secret) => sign(BODY, { secret })),
    fc
      .integer({ min: 301, max: 10_000_000 })
      .chain((off) => fc.constantFrom(sign(BODY, { off }), sign(BODY, { off: -off }))),
    fc.integer({ min: -300, max: 300 }).map((off) => {
      const seconds = Number(now().headers["x-kobbopay-timestamp"]) + off
      return changed({ "x-kobbopay-timestamp": String(seconds) })
    }),
  )
  return fc.oneof(bodies, noEvents, headers, signatures)
}

const BODY =
  '{"event":"payment.paid","paymentId":"trk-1","orderId":"order-1","receivedAmount":"10.50"}'

/** Whether one of the secrets really signed this very message, by the contract and not by our code. */
export function isGenuine(
  { headers, body }: Message,
  secrets: { invoice: readonly string[]; docs: readonly string[] },
): boolean {
  const one = (name: string) => {
    const value = headers[name]
    return typeof value === "string" ? value.trim() : ""
  }
  const made = (secret: string, ...parts: (string | Buffer)[]) =>
    parts.reduce((mac, part) => mac.update(part), createHmac("sha256", secret)).digest("hex")
  const timestamp = one("x-kobbopay-timestamp")
  return (
    secrets.invoice.some(
      (secret) =>
        one("x-kobbopay-signature").toLowerCase() ===
        made(secret, `${timestamp}.`, Buffer.from(body)),
    ) ||
    secrets.docs.some(
      (secret) => one("x-signature").toLowerCase() === made(secret, Buffer.from(body)),
    )
  )
}
