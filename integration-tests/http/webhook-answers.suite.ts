import { connect } from "node:net"
import { runtime } from "../../src/runtime"
import { SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"
import { logged, send, signed, type Message } from "../support/webhook"

const LIMIT = 64 * 1024
const PAID = { event: "payment.paid", paymentId: "trk-1", orderId: "order-1" }
const AGREEING = "payment:trk-1:payment.paid"

/** JSON of exactly that many bytes that is a proper event. */
const eventOfSize = (bytes: number) => {
  const bare = JSON.stringify({ ...PAID, filler: "" }).length
  return { ...PAID, filler: "x".repeat(bytes - bare) }
}

storeSuite("webhook answers", (world) => {
  const post = (message: Message) => send(world().url, message)
  const valid = (body: Buffer | string | object = PAID, eventId = AGREEING) =>
    signed(world(), "kobbopay", body, { eventId })
  const changed = (headers: Record<string, string | string[]>): Message => {
    const message = valid()
    return { ...message, headers: { ...message.headers, ...headers } }
  }
  const without = (header: string): Message => {
    const { headers, body } = valid()
    const left = Object.entries(headers).filter(([name]) => name !== header)
    return { headers: Object.fromEntries(left), body }
  }
  const recorded = async () =>
    Number((await world().rows(`SELECT count(*) AS n FROM kobbopay_event`))[0]?.["n"])
  /** Each refused with that status, in silence and without a trace in the inbox. */
  const areRefused = async (status: number, cases: Record<string, Message>) => {
    const seen: Record<string, object> = {}
    for (const [name, message] of Object.entries(cases)) {
      const answer = await post(message)
      seen[name] = { status: answer.status, body: answer.body }
    }
    const expected = Object.keys(cases).map((name) => [name, { status, body: "" }])
    expect(seen).toEqual(Object.fromEntries(expected))
    expect(await recorded()).toBe(0)
  }
  const isRefused = (status: number, message: Message) => areRefused(status, { it: message })

  test("a proper webhook is answered with 200 and an empty body, and is committed", async () => {
    const answer = await post(valid())
    expect(answer).toMatchObject({ status: 200, body: "" })
    expect(await world().rows(`SELECT account_id, event_id, raw_body FROM kobbopay_event`)).toEqual(
      [{ account_id: "kobbopay", event_id: AGREEING, raw_body: JSON.stringify(PAID) }],
    )
  })

  test("a trailing slash or a query in the configured URL does no harm", async () => {
    for (const path of ["/hooks/kobbopay/", "/hooks/kobbopay?from=kobbopay"]) {
      expect((await post({ ...valid(), path })).status).toBe(200)
    }
    expect(await recorded()).toBe(1)
  })

  test("404 for a longer path: a webhook sent there is not taken for one of ours", async () => {
    for (const path of ["/hooks/kobbopay/more", "/hooks/kobbopay//"]) {
      expect((await post({ ...valid(), path })).status).toBe(404)
    }
    expect(await recorded()).toBe(0)
  })

  test("401 where nothing proves that Kobbopay sent it", () =>
    areRefused(401, {
      "no signature": without("x-kobbopay-signature"),
      "a foreign secret": signed(world(), "kobbopay", PAID, { secret: "somebody-elses-secret" }),
      "another account's secret": signed(world(), "kobbopay", PAID, { secret: SECRETS.docs }),
      "no hex": changed({ "x-kobbopay-signature": "z".repeat(64) }),
      "half a signature": changed({ "x-kobbopay-signature": "ab".repeat(16) }),
      "another body": { ...valid(), body: JSON.stringify({ ...PAID, paymentId: "x" }) },
      "one space more": { ...valid(), body: `${JSON.stringify(PAID)} ` },
      "another timestamp": changed({ "x-kobbopay-timestamp": "1700000000" }),
    }))

  test("401 for what is stale, or of the future, beyond 300 seconds; exactly 300 passes", async () => {
    const now = new Date("2030-01-01T12:00:00.999Z")
    const clock = jest.spyOn(runtime, "now").mockReturnValue(now)
    try {
      const at = (offset: number) => Math.floor(now.getTime() / 1000) + offset
      for (const offset of [-301, 301, -86_400]) {
        await isRefused(401, signed(world(), "kobbopay", PAID, { timestamp: at(offset) }))
      }
      for (const offset of [-300, -299, 0, 299, 300]) {
        const message = signed(world(), "kobbopay", PAID, { timestamp: at(offset) })
        expect((await post(message)).status).toBe(200)
      }
    } finally {
      clock.mockRestore()
    }
    expect(await world().rows(`SELECT times_seen FROM kobbopay_event`)).toEqual([{ times_seen: 5 }])
  })

  test("400 where a header is not what it must be", () => {
    const signature = valid().headers["x-kobbopay-signature"] ?? ""
    return areRefused(400, {
      "no timestamp": without("x-kobbopay-timestamp"),
      "no event id": without("x-kobbopay-event-id"),
      milliseconds: changed({ "x-kobbopay-timestamp": String(Date.now()) }),
      "a negative time": changed({ "x-kobbopay-timestamp": "-1" }),
      "two signatures": changed({ "x-kobbopay-signature": [signature, signature] }),
      "two event ids": changed({ "x-kobbopay-event-id": [AGREEING, "another"] }),
      "two event ids in one": changed({ "x-kobbopay-event-id": `${AGREEING},another` }),
      "two delivery ids": changed({ "x-kobbopay-delivery-id": ["d1", "d2"] }),
      "a long event id": changed({ "x-kobbopay-event-id": "e".repeat(513) }),
      "a long signature": changed({ "x-kobbopay-signature": "a".repeat(2000) }),
      "an event id in Latin-1": changed({ "x-kobbopay-event-id": "événement" }),
      "an empty event id": changed({ "x-kobbopay-event-id": "" }),
      "an event id of another payment": valid(PAID, "payment:trk-2:payment.paid"),
      "an event id of another event": valid(PAID, "payment:trk-1:payment.confirmed"),
    })
  })

  test("400 for a well signed body that is no event", () => {
    const bodies: Record<string, Buffer | string> = {
      nothing: "",
      "no JSON": "event=payment.paid",
      "cut JSON": JSON.stringify(PAID).slice(0, -1),
      "an array": JSON.stringify([PAID]),
      "a text": '"payment.paid"',
      null: "null",
      "without an event": JSON.stringify({ paymentId: "trk-1" }),
      "an event that is an object": JSON.stringify({ ...PAID, event: { name: "payment.paid" } }),
      "a payment id of dots": JSON.stringify({ ...PAID, paymentId: ".." }),
      "a payment id with a NUL": JSON.stringify({ ...PAID, paymentId: "trk\u0000" }),
      "half a surrogate pair": '{"event":"payment.paid","paymentId":"\\ud800"}',
      "a long order id": JSON.stringify({ ...PAID, orderId: "o".repeat(257) }),
      "a payment id of a thousand digits": `{"event":"x","paymentId":${"9".repeat(1000)}}`,
      "not UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      "an event only in __proto__": `{"__proto__":${JSON.stringify(PAID)}}`,
      "thirty thousand open brackets": "[".repeat(30_000),
    }
    const messages = Object.entries(bodies).map(([name, body]) => [name, valid(body, "event-1")])
    return areRefused(400, Object.fromEntries(messages))
  })

  test("a well signed body with anything in it is recorded as it is and harms nothing", async () => {
    const bodies = [
      `{"event":"payment.paid","a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
      `{"event":"payment.paid","a":1e999999,"b":${"7".repeat(5000)}}`,
      `{"event":"payment.paid","__proto__":{"isTest":true,"ids":["x"]}}`,
      JSON.stringify(eventOfSize(LIMIT)),
    ]
    for (const body of bodies) expect((await post(valid(body, "event-1"))).status).toBe(200)
    const rows = await world().rows(`SELECT raw_body FROM kobbopay_event`)
    expect(rows.map((row) => row["raw_body"]).sort()).toEqual(bodies.sort())
    expect({}).not.toHaveProperty("isTest")
  })

  test("413 over 64 KiB, announced or not, and however long it goes on", () =>
    areRefused(413, {
      "one byte too many": valid(eventOfSize(LIMIT + 1)),
      "announced, before it is sent": {
        ...changed({ "content-length": "1000000" }),
        unended: true,
      },
      "not announced, without an end": {
        ...changed({ "transfer-encoding": "chunked" }),
        body: Buffer.alloc(LIMIT + 1, 0x20),
        unended: true,
      },
    }))

  test("415 for a body that is not sent as it was signed", () =>
    areRefused(415, {
      gzip: changed({ "content-encoding": "gzip" }),
      "brotli, in capitals": changed({ "content-encoding": "BR" }),
      "the second of two": changed({ "content-encoding": "identity, deflate" }),
    }))

  test("whatever it is called, a body is judged by its signature", async () => {
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "text/json", ""]) {
      expect((await post(changed({ "content-type": type }))).status).toBe(200)
    }
    expect(await recorded()).toBe(1)
  })

  test("405 for any other method, naming POST", async () => {
    for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE"]) {
      const answer = await post({ ...valid("{ not JSON"), method })
      expect({ method, status: answer.status, allow: answer.headers.allow }).toEqual({
        method,
        status: 405,
        allow: "POST",
      })
      expect(answer.body).toBe("")
    }
    expect(await recorded()).toBe(0)
  })

  test("403 for an address that the account does not list, and only for that account", async () => {
    const from = (addresses: string) => {
      const message = signed(world(), "guarded", PAID, { eventId: AGREEING })
      return { ...message, headers: { ...message.headers, "x-forwarded-for": addresses } }
    }
    await isRefused(403, signed(world(), "guarded", PAID, { eventId: AGREEING }))
    // The proxy in front appends the address it saw: what stands before it is the sender's own word.
    await isRefused(403, from("203.0.113.7, 203.0.113.8"))
    expect((await post(from("198.51.100.1, 203.0.113.7"))).status).toBe(200)
    expect(await world().rows(`SELECT account_id FROM kobbopay_event`)).toEqual([
      { account_id: "guarded" },
    ])
  })

  test("408 for a body that does not end in time; the same webhook is then taken", async () => {
    const patience = runtime.webhook.bodyWithinMs
    runtime.webhook.bodyWithinMs = 50
    try {
      const half = Buffer.from(JSON.stringify(PAID)).subarray(0, 20)
      await isRefused(408, { ...valid(), body: half, unended: true })
    } finally {
      runtime.webhook.bodyWithinMs = patience
    }
    expect((await post(valid())).status).toBe(200)
  })

  test("a body that is cut off is no event, and the log says so", async () => {
    const { hostname, port } = new URL(world().url)
    const head = Object.entries({ host: hostname, ...valid().headers, "content-length": "400" })
    const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("")
    const lost = await logged(world(), async (lines_) => {
      connect(Number(port), hostname).end(
        `POST /hooks/kobbopay HTTP/1.1\r\n${lines}\r\n${JSON.stringify(PAID)}`,
      )
      await until(() => lines_().some((line) => line.includes("ended before the body did")), {
        withinMs: 20_000,
        what: "the log line",
      })
    })
    expect(lost).not.toEqual([])
    expect(await recorded()).toBe(0)
  })

  test("the log tells cause and ids, and neither secret, signature nor body", async () => {
    const secret = SECRETS.invoice
    const body = { ...PAID, receivedAmount: "confidential-sum" }
    const ids = { eventId: AGREEING, deliveryId: "delivery-7" }
    const good = signed(world(), "kobbopay", body, ids)
    const stale = signed(world(), "kobbopay", body, { ...ids, timestamp: 1_700_000_000 })
    const cut = signed(world(), "kobbopay", JSON.stringify(body).slice(0, -1), ids)
    // Each kind of refusal is logged a few times a minute: this is a later one.
    const later = new Date(Date.now() + 100_000)
    const clock = jest.spyOn(runtime, "now").mockReturnValue(later)
    const lines = await logged(world(), async () => {
      expect((await post({ ...good, body: `${String(good.body)} ` })).status).toBe(401)
      expect((await post(stale)).status).toBe(401)
      expect((await post(cut)).status).toBe(400)
      expect((await post(good)).status).toBe(200)
      await world().worker.drain()
    }).finally(() => clock.mockRestore())
    const refusals = lines.filter((line) => line.includes("webhook refused"))
    expect(refusals).toEqual([
      expect.stringMatching(/401.*payment:trk-1:payment.paid.*delivery-7.*does not match/),
      expect.stringMatching(/401.*payment:trk-1:payment.paid.*delivery-7.*clock/),
      expect.stringMatching(/400.*payment:trk-1:payment.paid.*delivery-7.*not JSON/),
    ])
    const signatures = [good, stale, cut].map((one) => one.headers["x-kobbopay-signature"] ?? "")
    for (const hidden of [secret, "confidential-sum", "order-1", ...signatures]) {
      expect(hidden).not.toBe("")
      expect(lines.join("\n")).not.toContain(hidden.slice(0, 24))
    }
  })
})
