import { createServer } from "node:net"
import { createClient } from "../client"
import { KobbopayError, safeText } from "../errors"
import { retryAfterMs } from "../http"
import { brandAs, type KobbopayId, type Reference } from "../../domain/ids"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"
import { railOf, TRON_ADDRESS } from "./support/profiles"
import { hangUp, scripted, status, type Answer, type Scripted } from "./support/server"

const ID = brandAs<KobbopayId>("pay_1")
const rail = railOf(accountFrom(docsInput))
const payment = { reference: brandAs<Reference>("order_01JABCXYZ"), rail, amountMinor: 10_500_000n }
const PENDING = { payment_id: "pay_1", status: "Pending" }

let open: Scripted | undefined
const start = async (options: object, ...answers: Answer[]): Promise<Scripted> => {
  open = await scripted(options, answers)
  return open
}
afterEach(async () => {
  jest.restoreAllMocks()
  await open?.close()
  open = undefined
})
const failure = async (call: Promise<unknown>): Promise<KobbopayError> => {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof KobbopayError) return error
  throw new Error(`no failure of Kobbopay: ${String(error)}`)
}

describe("requests", () => {
  it("sends and signs exactly the published create, down to the byte", async () => {
    const { client, seen } = await start(invoiceInput, {
      receiver: TRON_ADDRESS,
      tracker_id: "trk_1",
      token: "USDTTRC",
    })
    await client.create(payment)
    expect(seen).toMatchObject([
      {
        method: "POST",
        url: "/api/crypto/invoice/create",
        body: '{"token":"USDTTRC","client_transaction_id":"order_01JABCXYZ"}',
        headers: {
          accept: "application/json",
          apipublic: "public-id-test",
          timestamp: "1735689600",
          signature:
            "60da4e4b720a559bdb3a9b14ec37e79e2a0b806f1eb20ce7103c5a3a4f4c23682ab1914f3e0adb8205bccc483f7563e229530183d60de4799935a99260155d78",
        },
      },
    ])
  })

  it("repeats a create under the same reference, with the same body and a fresh signature", async () => {
    const created = { receiver: TRON_ADDRESS, tracker_id: "trk_1", token: "USDTTRC" }
    const options = { ...invoiceInput, headers: { idempotency: "Idempotency-Key" } }
    const server = await start(options, hangUp, status(503), created)
    const { client, seen, clock } = server
    const before = clock.now
    clock.now += 1_000
    await client.create(payment)
    expect(seen).toHaveLength(3)
    expect(new Set(seen.map((request) => request.body)).size).toBe(1)
    expect(seen.map((request) => request.headers["idempotency-key"])).toEqual(
      Array(3).fill(payment.reference),
    )
    expect(Number(seen[2]?.headers.timestamp)).toBe(Math.floor(clock.now / 1000))
    expect(clock.now).toBeGreaterThan(before)
    const byTime = new Map(seen.map(({ headers }) => [headers.timestamp, headers.signature]))
    expect(new Set(byTime.values()).size).toBe(byTime.size)
  })

  it("authenticates the docs profile by its key alone, and sends the amount as text", async () => {
    const { client, seen } = await start(docsInput, { payment_id: "pay_1", address: TRON_ADDRESS })
    await client.create(payment)
    expect(seen[0]).toMatchObject({
      url: "/v1/payments",
      headers: { "x-api-key": "docs-api-key-test", "content-type": "application/json" },
    })
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      amount: "10.5",
      currency: "USDT",
      network: "TRC20",
      orderId: "order_01JABCXYZ",
    })
  })

  it("keeps an id inside its place in the path", async () => {
    const { client, seen } = await start(docsInput, { status: "Paid" })
    await client.read(brandAs<KobbopayId>("a/../b?c"), rail)
    expect(seen[0]?.url).toBe("/v1/payments/a%2F..%2Fb%3Fc")
  })
})

describe("trying again", () => {
  it("doubles its pauses, with jitter, up to the tries allowed", async () => {
    const { client, seen, pauses } = await start(docsInput, status(500))
    const error = await failure(client.read(ID, rail))
    expect(error).toMatchObject({ kind: "unavailable", status: 500, retryAfterMs: null })
    expect(seen).toHaveLength(4)
    expect(pauses).toEqual([375, 750, 1_500])
  })

  it.each([408, 425, 429, 500, 502, 503, 504])("gets over a %i", async (code) => {
    const { client, seen } = await start(docsInput, status(code), PENDING)
    expect((await client.read(ID, rail)).state).toBe("pending")
    expect(seen).toHaveLength(2)
  })

  it("gets over a broken connection", async () => {
    const { client } = await start(docsInput, hangUp, hangUp, PENDING)
    expect((await client.read(ID, rail)).state).toBe("pending")
  })

  it("gets over an answer that breaks off", async () => {
    const half: Answer = (response) => {
      response.writeHead(200, { "content-length": "1000" }).write("{")
      response.destroy()
    }
    const { client, seen } = await start(docsInput, half, PENDING)
    expect((await client.read(ID, rail)).state).toBe("pending")
    expect(seen).toHaveLength(2)
  })

  it("waits at least as long as Retry-After asks", async () => {
    const { client, pauses } = await start(
      docsInput,
      status(429, {}, { "retry-after": "2" }),
      PENDING,
    )
    await client.read(ID, rail)
    expect(pauses).toEqual([2_125])
  })

  it("hands a long Retry-After to its caller at once", async () => {
    const { client, seen } = await start(docsInput, status(503, {}, { "retry-after": "120" }))
    expect(await failure(client.read(ID, rail))).toMatchObject({
      kind: "unavailable",
      retryAfterMs: 120_000,
    })
    expect(seen).toHaveLength(1)
  })

  it("fails fast where the caller allows one try", async () => {
    const { client, seen } = await start(docsInput, status(500))
    await failure(client.create(payment, { attempts: 1 }))
    expect(seen).toHaveLength(1)
  })

  it("does not repeat what Kobbopay refuses, or what is no answer", async () => {
    for (const answer of [
      status(400),
      status(401),
      status(404),
      status(302),
      status(200, "<html>"),
    ]) {
      const { client, seen, close } = await start(docsInput, answer)
      await failure(client.create(payment))
      expect(seen).toHaveLength(1)
      await close()
    }
  })

  it("stops when told to, in the middle of a try and between two", async () => {
    for (const during of ["try", "pause"]) {
      const stop = new AbortController()
      const tried: Answer = (response) => {
        if (during === "try") stop.abort()
        response.writeHead(500).end()
      }
      const { client, seen, events, close } = await start(docsInput, tried)
      events.onPause = () => stop.abort()
      expect(await failure(client.read(ID, rail, { signal: stop.signal }))).toMatchObject({
        kind: "unavailable",
      })
      expect(seen).toHaveLength(1)
      await close()
    }
  })
})

describe("failures", () => {
  it("knows nothing when nobody listens", async () => {
    const probe = createServer()
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve))
    const address = probe.address()
    await new Promise((resolve) => probe.close(resolve))
    if (address === null || typeof address === "string") throw new Error("no port")
    const account = accountFrom({ ...docsInput, baseUrl: `http://127.0.0.1:${address.port}` })
    const client = createClient(account, {
      now: () => 0,
      random: () => 0,
      sleep: () => Promise.resolve(),
    })
    const error = await failure(client.read(ID, rail))
    expect(error).toMatchObject({ kind: "unavailable", status: null })
    expect(error.message).toContain("ECONNREFUSED")
  })

  it("gives up on a server that accepts and never answers", async () => {
    const options = { ...docsInput, request: { timeout: "50ms", attempts: 2 } }
    // Time is up once the server was asked, so that no machine is too slow to ask it.
    const limits: AbortController[] = []
    jest.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      const limit = new AbortController()
      limits.push(limit)
      return limit.signal
    })
    const silent: Answer = () => limits.at(-1)?.abort()
    const { client, seen } = await start(options, silent)
    const error = await failure(client.read(ID, rail))
    expect(error).toMatchObject({ kind: "unavailable", status: null })
    expect(error.message).toContain("within 50 ms")
    expect(seen).toHaveLength(2)
  })

  it("limits the whole answer, not only its first byte", async () => {
    const options = { ...docsInput, request: { timeout: "50ms", attempts: 1 } }
    const endless: Answer = (response) => void response.writeHead(200).write("{")
    const { client } = await start(options, endless)
    expect((await failure(client.read(ID, rail))).message).toContain("within 50 ms")
  })

  it.each([
    ["message", { message: "token is disabled" }],
    ["error", { error: "token is disabled" }],
    ["error_message", { error_message: "token is disabled" }],
    ["an error object", { error: { message: "token is disabled" } }],
  ])("keeps the reason given as %s", async (_, body) => {
    const { client } = await start(invoiceInput, status(422, body))
    const error = await failure(client.create(payment))
    expect(error).toMatchObject({ kind: "rejected", status: 422 })
    expect(error.message).toContain("token is disabled")
  })

  it("holds no secret, even when the answer echoes them all", async () => {
    const { apiKey, webhook } = docsInput
    const echo = `${apiKey} ${webhook.secrets.join(" ")}\n${"x".repeat(5_000)}`
    const { client } = await start(docsInput, status(401, { message: echo }), status(500, echo))
    for (const call of [client.create(payment), client.read(ID, rail, { attempts: 1 })]) {
      const error = await failure(call)
      const shown = `${error.message} ${error.stack} ${JSON.stringify(error)}`
      for (const secret of [apiKey, ...webhook.secrets]) expect(shown).not.toContain(secret)
      expect(error.message.length).toBeLessThan(300)
      expect(error.message).not.toContain("\n")
    }
  })

  it("refuses an answer above 1 MiB without reading on", async () => {
    const { client } = await start(docsInput, status(200, { pad: "x".repeat(2 * 1024 * 1024) }))
    expect(await failure(client.read(ID, rail))).toMatchObject({
      kind: "invalid_answer",
      message: expect.stringContaining("1 MiB"),
    })
  })

  it.each(["", "<html></html>", '{"status":"Paid"', "\xff\xfe"])(
    "refuses an answer that is no JSON: %p",
    async (body) => {
      const { client } = await start(docsInput, status(200, body))
      expect(await failure(client.read(ID, rail))).toMatchObject({ kind: "invalid_answer" })
    },
  )
})

describe("Retry-After", () => {
  const now = Date.UTC(2025, 0, 1)
  it.each([
    ["0", 0],
    ["120", 120_000],
    ["Wed, 01 Jan 2025 00:00:30 GMT", 30_000],
    ["Tue, 31 Dec 2024 00:00:00 GMT", 0],
    ["3601", 3_600_000],
    ["999999999999", 3_600_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 3_600_000],
    ["-1", null],
    ["1.5", null],
    ["soon", null],
    ["2025-01-01", null],
    [null, null],
  ])("%p is %p ms", (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms)
  })
})

describe("text from outside", () => {
  it("becomes one bounded line without our secrets", () => {
    const text = safeText(`bad\r\n\u0000key my-key ${"y".repeat(900)}`, ["my-key"])
    expect(text).toMatch(/^bad key \[hidden\] y+…$/)
    expect(text.length).toBeLessThan(210)
  })
})
