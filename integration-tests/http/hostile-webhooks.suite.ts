import { createHmac } from "node:crypto"
import fc from "fast-check"
import { rawHeaders } from "../../src/kobbopay/__tests__/support/raw-headers"
import { receiveWebhook } from "../../src/kobbopay/webhook"
import { isGenuine, mutations } from "../support/hostile"
import { memoryInUse } from "../support/memory"
import { SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { logged, send, signed, type Message } from "../support/webhook"

const PAID = { event: "payment.paid", paymentId: "trk-1", orderId: "order-1" }
const MADE = 20_000
/** As many of them as go over HTTP, through the whole booted store. */
const SENT = 5_000
const SIDE_BY_SIDE = 16
const MEGABYTE = 1024 * 1024

storeSuite("hostile webhooks", (world) => {
  const post = (message: Message) => send(world().url, message)
  const valid = (body: Buffer | string | object = PAID, eventId = "event-1") =>
    signed(world(), "kobbopay", body, { eventId })
  const changed = (headers: Record<string, string | string[]>): Message => {
    const message = valid()
    return { ...message, headers: { ...message.headers, ...headers } }
  }
  const inbox = () => world().rows(`SELECT raw_body, state FROM kobbopay_event`)
  /** The statuses that messages are answered with, by their names. */
  const statusesOf = async (messages: Record<string, Message>) => {
    const seen: Record<string, number> = {}
    for (const [name, message] of Object.entries(messages)) {
      const { status, body } = await post(message)
      expect(body).toBe("")
      seen[name] = status
    }
    return seen
  }
  const allWith = (status: number, messages: Record<string, Message>) =>
    Object.fromEntries(Object.keys(messages).map((name) => [name, status]))

  describe("each header", () => {
    const cases = (name: string): Record<string, Message> => {
      const good = valid().headers[name] ?? "delivery-7"
      const others = Object.entries(valid().headers).filter(([other]) => other !== name)
      return {
        missing: { ...valid(), headers: Object.fromEntries(others) },
        empty: changed({ [name]: "" }),
        "only spaces": changed({ [name]: "   " }),
        doubled: changed({ [name]: [good, good] }),
        "doubled in one": changed({ [name]: `${good}, ${good}` }),
        "with another beside it": changed({ [name]: [good, "x"] }),
        "a space inside": changed({ [name]: `${good} ${good}` }),
        "a tab inside": changed({ [name]: `${good.slice(0, 4)}\t${good.slice(4)}` }),
        "Latin-1": changed({ [name]: `${good}é` }),
        "513 characters": changed({ [name]: "1".repeat(513) }),
        "eight thousand characters": changed({ [name]: "1".repeat(8_000) }),
      }
    }

    test.each(["x-kobbopay-signature", "x-kobbopay-timestamp", "x-kobbopay-event-id"])(
      "%s: anything but one plain value is refused",
      async (name) => {
        const messages = cases(name)
        // Without a signature nothing is known to be wrong with the message: it is merely unproven.
        const missing = name === "x-kobbopay-signature" ? 401 : 400
        expect(await statusesOf(messages)).toEqual({ ...allWith(400, messages), missing })
        expect(await inbox()).toEqual([])
      },
    )

    test("x-kobbopay-delivery-id: the same, but it may be left out", async () => {
      const messages = cases("x-kobbopay-delivery-id")
      expect(await statusesOf(messages)).toEqual({ ...allWith(400, messages), missing: 200 })
      expect(await inbox()).toHaveLength(1)
    })

    test("headers of more than 16 KiB are refused before they reach anything", async () => {
      const message = changed({ "x-kobbopay-event-id": "e".repeat(20_000) })
      expect((await post(message)).status).toBe(431)
      expect(await inbox()).toEqual([])
    })

    test("another profile's headers beside the right ones neither help nor harm", async () => {
      const docs = signed(world(), "docs", PAID).headers
      const forged = { "x-signature": "0".repeat(64) }
      expect((await post(changed(forged))).status).toBe(200)
      const alone = { "content-type": "application/json", "x-kobbopay-signature": "0".repeat(64) }
      expect((await post({ headers: { ...alone, ...forged }, body: "{}" })).status).toBe(401)
      const both = { ...valid().headers, ...docs, "x-kobbopay-signature": "0".repeat(64) }
      expect((await post({ headers: both, body: JSON.stringify(PAID) })).status).toBe(200)
      const rows = await world().rows(`SELECT account_id FROM kobbopay_event ORDER BY account_id`)
      expect(rows).toEqual([{ account_id: "docs" }, { account_id: "kobbopay" }])
    })
  })

  test("a signature of another length, encoding, scheme or account proves nothing; upper case does", async () => {
    const body = JSON.stringify(PAID)
    const { headers } = valid()
    const at = headers["x-kobbopay-timestamp"] ?? ""
    const right = headers["x-kobbopay-signature"] ?? ""
    const raw = Buffer.from(right, "hex")
    const made = (algorithm: string, message: string, secret = SECRETS.invoice) =>
      createHmac(algorithm, secret).update(message).digest("hex")
    const by = (signature: string) => ({
      headers: { ...headers, "x-kobbopay-signature": signature },
      body,
    })
    const proofs: Record<string, Message> = {
      "one digit less": by(right.slice(1)),
      "one byte less": by(right.slice(2)),
      "one byte more": by(`${right}00`),
      twice: by(right + right),
      "one digit": by("a"),
      base64: by(raw.toString("base64")),
      "base64 for URLs": by(raw.toString("base64url")),
      "with a prefix": by(`sha256=${right}`),
      "as a number": by(`0x${right}`),
      SHA512: by(made("sha512", `${at}.${body}`)),
      "half of SHA512": by(made("sha512", `${at}.${body}`).slice(0, 64)),
      SHA1: by(made("sha1", `${at}.${body}`)),
      "over the body alone": by(made("sha256", body)),
      "over time and body without the dot": by(made("sha256", at + body)),
      "over body and time": by(made("sha256", `${body}.${at}`)),
      "over nothing": by(made("sha256", "")),
      "without a key": by(made("sha256", `${at}.${body}`, "")),
      "by a request's key": by(made("sha256", `${at}.${body}`, "test-private-key")),
      "by another account": by(made("sha256", `${at}.${body}`, SECRETS.docs)),
      "the docs scheme under our header": by(made("sha256", body, SECRETS.docs)),
      "all zeros": by("0".repeat(64)),
    }
    expect(await statusesOf(proofs)).toEqual(allWith(401, proofs))
    expect(await inbox()).toEqual([])
    expect((await post(by(right.toUpperCase()))).status).toBe(200)
    expect(await inbox()).toHaveLength(1)
  })

  test("signed bodies with anything in them are recorded byte for byte and worked to rest", async () => {
    const about = (id: string, more = "") =>
      `{"event":"payment.paid","paymentId":${JSON.stringify(id)}${more}}`
    const bodies = [
      about("nul", `,"note":"a\\u0000b"`),
      about("surrogate", `,"note":"\\ud800 \\udc00"`),
      about("noncharacter", `,"note":"\\uffff\ufffe"`),
      about("constructor", `,"constructor":{"prototype":{"isTest":true}},"prototype":1`),
      about("proto", `,"__proto__":{"ids":["x"],"isTest":true},"toString":1,"valueOf":null`),
      about("huge", `,"receivedAmount":${"9".repeat(4_000)},"tiny":1e-9999,"more":-1e9999`),
      about("deep", `,"a":${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`),
      about("twice", `,"event":"payment.confirmed"`),
      about(`' OR 1=1; DROP TABLE kobbopay_event; --`),
      about(`{"a","b",NULL}\\?$1`),
      about("../../admin"),
      about("💸".repeat(128)),
      about("__proto__"),
      about("constructor"),
      `{"event":"constructor","paymentId":"type"}`,
      `{"event":"__proto__","paymentId":"type"}`,
      `\ufeff${about("bom")}`,
      ` \n\t${about("white")}\r\n`,
    ]
    const lines = await logged(world(), async () => {
      for (const [index, body] of bodies.entries()) {
        const answer = await post(valid(body, `event-${index}`))
        expect({ body, status: answer.status }).toEqual({ body, status: 200 })
      }
      await world().rows(`UPDATE kobbopay_event SET received_at = now() - interval '11 minutes',
        next_attempt_at = now() WHERE state = 'received'`)
      await world().worked(
        async () => (await inbox()).every(({ state }) => state === "done"),
        "every event at rest",
      )
    })
    const recorded = (await inbox()).map((row) => row["raw_body"])
    expect(recorded.sort()).toEqual([...bodies].sort())
    expect(lines.filter((line) => /interrupted|error/i.test(line))).toEqual([])
    expect({}).not.toHaveProperty("isTest")
  })

  test("bytes that no database can hold are refused for good, not put off", async () => {
    const raw = (...parts: (string | number[])[]) =>
      Buffer.concat(parts.map((part) => Buffer.from(part as string)))
    const bodies: Record<string, Message> = {
      "a NUL in a text": valid(raw('{"event":"a', [0], '"}')),
      "a NUL after it": valid(raw(JSON.stringify(PAID), [0])),
      "only NULs": valid(Buffer.alloc(64)),
      "a NUL as the event": valid('{"event":"\\u0000","paymentId":"p"}'),
      "a NUL in the reference": valid('{"event":"e","paymentId":"p","orderId":"a\\u0000"}'),
      "half a pair in the reference": valid('{"event":"e","orderId":"\\udfff"}'),
      "half a pair as the event": valid('{"event":"\\ud83d"}'),
      "an overlong slash": valid(raw('{"event":"', [0xc0, 0xaf], '"}')),
      "a surrogate in UTF-8": valid(raw('{"event":"', [0xed, 0xa0, 0x80], '"}')),
      "a lone continuation byte": valid(raw('{"event":"', [0x80], '"}')),
      "UTF-16": valid(Buffer.from(JSON.stringify(PAID), "utf16le")),
      "UTF-16 with its mark": valid(Buffer.from(`\ufeff${JSON.stringify(PAID)}`, "utf16le")),
    }
    expect(await statusesOf(bodies)).toEqual(allWith(400, bodies))
    expect(await inbox()).toEqual([])
  })

  test(`${MADE} mutated webhooks: none accepted that was not signed, none answered with 5xx`, async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000)
    console.info(`mutated webhooks are made from FUZZ_SEED=${seed}`)
    const secrets = {
      invoice: [SECRETS.invoice, SECRETS.invoiceNext, SECRETS.brief, SECRETS.guarded],
      docs: [SECRETS.docs, SECRETS.after, SECRETS.bare],
    }
    const sign = (
      body: Buffer | string,
      { off = 0, ...event }: { eventId?: string; off?: number; secret?: string } = {},
    ) => {
      const timestamp = Math.floor(Date.now() / 1000) + off
      return signed(world(), "kobbopay", body, {
        eventId: "payment:trk-1:payment.paid",
        timestamp,
        ...event,
      })
    }
    const strangers = [SECRETS.docs, SECRETS.after, "", "somebody-else"]
    const made = fc.sample(mutations(sign, strangers), { numRuns: MADE, seed })

    // All of them at the function that decides; only what was really signed may pass.
    const { accounts } = world().service
    let passed = 0
    for (const message of made) {
      const rawBody = Buffer.from(message.body)
      const received = receiveWebhook({
        rawBody,
        rawHeaders: rawHeaders(message.headers),
        accounts,
        now: Date.now(),
      })
      if (!received.ok) continue
      passed++
      expect({ seed, message, isGenuine: isGenuine(message, secrets) }).toMatchObject({
        isGenuine: true,
      })
    }
    // Some mutations change nothing that is signed: were there none, the test would prove little.
    expect(passed).toBeGreaterThan(0)
    expect(passed).toBeLessThan(MADE / 4)

    const bodies = new Set<string>()
    const sendAll = async (messages: readonly Message[]) => {
      const left = messages[Symbol.iterator]()
      const sendSome = async () => {
        for (const message of left) {
          const answer = await post(message)
          const answered = { seed, message, status: answer.status, body: answer.body }
          if (answer.status === 200) {
            expect({ ...answered, isGenuine: isGenuine(message, secrets) }).toMatchObject({
              isGenuine: true,
            })
            bodies.add(String(message.body))
          } else {
            expect([400, 401, 415]).toContain(answer.status)
          }
          expect(answered).toMatchObject({ body: "" })
        }
      }
      const senders = Array.from({ length: SIDE_BY_SIDE }, sendSome)
      // All are waited for, so that none goes on into the next test.
      await Promise.allSettled(senders)
      await Promise.all(senders)
    }
    await sendAll(made.slice(0, SENT / 2))
    const before = memoryInUse()
    await sendAll(made.slice(SENT / 2, SENT))
    const grown = memoryInUse() - before
    console.info(`${passed} of ${MADE} were genuine; ${SENT / 2} requests kept ${grown} bytes`)
    expect(grown).toBeLessThan(16 * MEGABYTE)
    const recorded = (await inbox()).map((row) => row["raw_body"])
    expect(recorded.sort()).toEqual([...bodies].sort())
  })
})
