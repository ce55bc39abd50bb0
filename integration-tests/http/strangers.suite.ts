import { z } from "@medusajs/framework/zod"
import { runtime } from "../../src/runtime"
import { appOf } from "../../src/work/app"
import { brandAs, type AccountId } from "../../src/domain/ids"
import { DOCS, INVOICE, MEDDLED } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"
import { logged, send, signed, type Message } from "../support/webhook"

const PAID = { event: "payment.paid", paymentId: "trk-1", orderId: "order-1" }
/** What a database refuses, or changes, in a text. */
const UNSTORABLE = { NUL: "%00", "a NUL inside": "a%00b" }
const HALF = "\ud83d"

storeSuite("strangers", (world) => {
  const post = (message: Message) => send(world().url, message)
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${world().url}${path}`, {
      headers: { "x-publishable-api-key": world().store.publishableKey, ...headers },
    })
  const statusOf = async (answer: Promise<Response>) => {
    const { status, headers } = await answer
    return `${status} ${(headers.get("content-type") ?? "").split(";")[0]}`
  }

  describe("text that a database refuses", () => {
    const REFUSED = "400 application/json"

    test("is answered 400 in every id and filter of the admin's routes", async () => {
      const paths = (text: string) => [
        `orders/${text}`,
        `entitlements/${text}`,
        `reconciliations/${text}`,
        `payments/${text}/history`,
        `payments/${text}/refunds/preview?amount=1`,
        `payments/kpay_1/refunds/preview?amount=${text}`,
        ...["account", "payment_id", "order_id", "from", "format"].map(
          (key) => `payments/export?${key}=${text}`,
        ),
        ...["class", "order_id", "payment_id", "state"].map((key) => `exceptions?${key}=${text}`),
        ...["q", "state", "order_id", "variant_id", "customer_id", "order", "fields"].map(
          (key) => `entitlements?${key}=${text}`,
        ),
        `entitlements?order_id[]=order_1&order_id[]=${text}`,
        `entitlements?order_id[${text}]=order_1`,
        `exceptions?${text}=1`,
      ]
      const seen: Record<string, string> = {}
      const expected: Record<string, string> = {}
      for (const text of Object.values(UNSTORABLE)) {
        for (const path of paths(text)) {
          seen[path] = await statusOf(world().merchant.download(`/admin/kobbopay/${path}`))
          expected[path] = REFUSED
        }
      }
      expect(seen).toEqual(expected)
    })

    test("is answered 400 in every id and filter of the store's routes", async () => {
      const paths = (text: string) => [
        `payments/${text}`,
        `payments/${text}/entitlements`,
        `rails?currency_code=${text}`,
        `rails?provider_id=${text}`,
        `rails?region_id=${text}`,
        `rails?cart_id=${text}`,
      ]
      const seen: Record<string, string> = {}
      const expected: Record<string, string> = {}
      for (const path of paths("a%00b")) {
        seen[path] = await statusOf(get(`/store/kobbopay/${path}`))
        // A token is looked for by its pattern alone.
        expected[path] = path.startsWith("payments/") ? "404 application/json" : REFUSED
      }
      expect(seen).toEqual(expected)
      const customer = await world().shopper.registered("nul@example.com")
      await expect(
        customer.call("/store/kobbopay/entitlements?order_id=a%00b", z.unknown()),
      ).rejects.toMatchObject({ status: 400 })
    })

    test("is answered 400 in every body, a half of a pair too", async () => {
      const bodies = (text: string): Record<string, object> => ({
        "exceptions/kpex_1/accept": { note: text },
        "exceptions/kpex_1/apply": { note: text },
        "exceptions/kpex_1/dismiss": { code: "no_action", note: text },
        "payments/kpay_1/refunds": { amount: "1", hash: "h", note: text },
        "entitlements/kpent_1/hold": { reason: text },
        "entitlements/kpent_1/release": { reason: text },
        "entitlements/kpent_1/revoke": { reason: text },
        "entitlements/kpent_1/resume": { reason: text },
        reconciliations: { since: text },
      })
      const expected: Record<string, number> = {}
      const seen: Record<string, number> = {}
      for (const text of ["a\u0000b", `a${HALF}b`]) {
        for (const [path, body] of Object.entries(bodies(text))) {
          const key = `${path} ${JSON.stringify(text)}`
          expected[key] = 400
          seen[key] = await world()
            .merchant.call(`/admin/kobbopay/${path}`, z.unknown(), { body })
            .then(() => 200)
            .catch((cause: unknown) => z.object({ status: z.number() }).parse(cause).status)
        }
      }
      expect(seen).toEqual(expected)
    })

    test("is refused in what a shopper sends with a payment session of ours", async () => {
      const { shopper, store } = world()
      const cart = await shopper.cart({ product: store.digital, rail: "" })
      const collection = await shopper.collection(cart)
      for (const data of [{ rail: "a\u0000b" }, { "a\u0000": 1 }, { deep: [{ rail: HALF }] }]) {
        await expect(
          shopper.call(`/store/payment-collections/${collection}/payment-sessions`, z.unknown(), {
            body: { provider_id: INVOICE, data },
          }),
        ).rejects.toMatchObject({ status: 400 })
      }
    })

    test("numbers and dates beyond what a database holds are answered 400", async () => {
      for (const path of [
        ...["exceptions", "reconciliations", "entitlements"].flatMap((list) => [
          `${list}?limit=1e30`,
          `${list}?offset=99999999999999999999`,
          `${list}?limit=-1`,
          `${list}?offset=-1`,
        ]),
        ...["+275760-09-13", "2026-02-30", "2026-13-01T00:00:00Z", "999999-01-01", "0"].map(
          (from) => `payments/export?from=${encodeURIComponent(from)}`,
        ),
      ]) {
        const answer = await statusOf(world().merchant.download(`/admin/kobbopay/${path}`))
        expect({ path, answer }).toEqual({ path, answer: REFUSED })
      }
    })

    test("an export that cannot begin is answered as an error, not as half a file", async () => {
      await world().shopper.checkout({ product: world().store.digital, rail: "usdt-tron" })
      await world().rows(`ALTER TABLE kobbopay_transition RENAME TO kobbopay_transition_away`)
      try {
        const answer = await world().merchant.download("/admin/kobbopay/payments/export")
        expect(answer.status).toBe(500)
        expect(answer.headers.get("content-type")).toMatch(/^application\/json/)
      } finally {
        await world().rows(`ALTER TABLE kobbopay_transition_away RENAME TO kobbopay_transition`)
      }
    })
  })

  describe("the log", () => {
    /** Refusals are counted by the minute: a test that looks at them begins one of its own. */
    const aMinuteLater = async (during: () => Promise<void>) => {
      const at = Date.now() + 130_000
      const clock = jest.spyOn(runtime, "now").mockImplementation(() => new Date(at))
      try {
        return await logged(world(), during)
      } finally {
        clock.mockRestore()
      }
    }
    const guarded = (headers: Record<string, string>): Message => {
      const message = signed(world(), "guarded", PAID, { eventId: "event-1" })
      return { ...message, headers: { ...message.headers, ...headers } }
    }

    test("says little and plainly of a refused address, and counts a flood of them", async () => {
      const forged = `\u0007\u001b[31m${"x".repeat(12_000)}`.replace(/[\u0000-\u001f]/g, "\u0085")
      const lines = await aMinuteLater(async () => {
        for (let n = 0; n < 40; n++) {
          expect((await post(guarded({ "x-forwarded-for": forged }))).status).toBe(403)
        }
      })
      const refusals = lines.filter((line) => line.includes("webhook"))
      expect(refusals.length).toBeGreaterThan(0)
      expect(refusals.length).toBeLessThanOrEqual(6)
      for (const line of lines) {
        expect(line.length).toBeLessThan(600)
        expect(line).not.toMatch(/\p{Cc}/u)
      }
    })

    test("takes no line breaks from what a shopper sends", async () => {
      const { shopper, store } = world()
      const cart = await shopper.cart({ product: store.digital, rail: "" })
      const collection = await shopper.collection(cart)
      const lines = await logged(world(), async () => {
        await shopper
          .call(`/store/payment-collections/${collection}/payment-sessions`, z.unknown(), {
            body: { provider_id: INVOICE, data: { rail: "x\nkobbopay: all is well\u001b[2J" } },
          })
          .catch(() => undefined)
        const customer = await shopper.registered("lines@example.com")
        await customer
          .call("/store/kobbopay/entitlements?order_id=a%0Akobbopay%3A%20fine", z.unknown())
          .catch(() => undefined)
      })
      expect(lines.filter((line) => /\n/.test(line) && /all is well|fine/.test(line))).toEqual([])
    })

    test("is not filled by webhooks that come to Medusa's generic route", async () => {
      const lines = await logged(world(), async (soFar) => {
        for (let n = 0; n < 30; n++) {
          await fetch(`${world().url}/hooks/payment/kobbopay_kobbopay`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ n }),
          })
        }
        // Medusa hands them to the provider five seconds later.
        await until(() => soFar().some((line) => line.includes("generic route")), {
          withinMs: 20_000,
          what: "the log line",
        })
      })
      const mentions = lines.filter((line) => line.includes("generic route"))
      expect(mentions.length).toBeGreaterThan(0)
      expect(mentions.length).toBeLessThanOrEqual(6)
    })
  })

  describe("a shopper who repeats a request", () => {
    /** How many requests of this kind reach Kobbopay, and in how many seconds. */
    const counted = async (isMeant: (path: string) => boolean, work: () => Promise<unknown>) => {
      let requests = 0
      world().meddler.meddle(({ path }, answer) => {
        if (!isMeant(path)) return answer
        requests++
        return path.endsWith("/create") ? { ...answer, status: 503 } : answer
      })
      const started = Date.now()
      await work()
      return { requests, seconds: Math.ceil((Date.now() - started) / 1_000) }
    }
    const purchase = () => ({
      product: world().store.digital,
      rail: "usdt-tron",
      provider: MEDDLED,
    })

    test("completes a cart whose offer is over: it is read once in a while, not each time", async () => {
      const { cartId, collectionId } = await world().shopper.checkout(purchase())
      await world().rows(
        `UPDATE kobbopay_payment SET window_ends_at = now() - interval '1 minute' WHERE collection_id = ?`,
        [collectionId],
      )
      const { requests, seconds } = await counted(
        () => true,
        async () => {
          for (let n = 0; n < 20; n++) {
            await world()
              .shopper.complete(cartId)
              .catch(() => undefined)
          }
        },
      )
      expect(requests).toBeGreaterThan(0)
      expect(requests).toBeLessThanOrEqual(seconds + 5)
    })

    test("renders a checkout while Kobbopay refuses: it asks once in a while, and the log stays short", async () => {
      const { shopper } = world()
      const collection = await shopper.collection(await shopper.cart(purchase()))
      let lines: string[] = []
      const { requests, seconds } = await counted(
        (path) => path.endsWith("/create"),
        async () => {
          lines = await logged(world(), async () => {
            for (let n = 0; n < 8; n++) {
              await shopper.session(collection, purchase()).catch(() => undefined)
            }
          })
        },
      )
      // Each create is tried twice.
      expect(requests).toBeGreaterThan(0)
      expect(requests).toBeLessThanOrEqual(2 * seconds + 2)
      expect(lines.filter((line) => line.includes("initiate failed")).length).toBeLessThanOrEqual(5)
    })
  })

  test("a path that is no text is answered 400", async () => {
    const answer = await fetch(`${world().url}/store/kobbopay/payments/%E0%A4%A`)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })

  describe("a sender's or proxy's spelling", () => {
    const sent = (n: string, headers: Record<string, string>): Message => {
      const message = signed(world(), "kobbopay", { ...PAID, n }, { eventId: "event-1" })
      return { ...message, headers: { ...message.headers, ...headers } }
    }

    test("of the type, or of a coding that changes no byte, is nothing: the signature decides", async () => {
      const types = [
        "text/json",
        "text/plain",
        "TEXT/PLAIN; charset=utf-8",
        "",
        "application/JSON",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        ";",
        "*/*",
      ]
      const codings = [
        "UTF-8",
        "Identity",
        "IDENTITY",
        "",
        " identity ",
        "identity, identity",
        "8bit",
      ]
      const seen: Record<string, number> = {}
      for (const type of types) {
        seen[`type ${type}`] = (await post(sent(type, { "content-type": type }))).status
      }
      for (const coding of codings) {
        seen[`coding ${coding}`] = (await post(sent(coding, { "content-encoding": coding }))).status
      }
      const { headers, body } = sent("no type", {})
      const left = Object.entries(headers).filter(([name]) => name !== "content-type")
      seen["no type"] = (await post({ headers: Object.fromEntries(left), body })).status
      expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((key) => [key, 200])))
      for (const type of types) {
        const forged = sent(type, { "content-type": type, "x-kobbopay-signature": "0".repeat(64) })
        expect((await post(forged)).status).toBe(401)
      }
    })

    test("of a coding that changes the bytes is refused, however it is written", async () => {
      for (const coding of [
        "gzip",
        "GZIP",
        "x-gzip",
        " Br ",
        "deflate",
        "compress",
        "zstd",
        "identity, gzip",
      ]) {
        const answer = await post(sent(coding, { "content-encoding": coding }))
        expect({ coding, status: answer.status }).toEqual({ coding, status: 415 })
      }
    })

    test("of the address is one address", async () => {
      for (const from of [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "::FFFF:CB00:7107",
        "203.0.113.7:50000",
        "198.51.100.1,203.0.113.7",
        "[::ffff:203.0.113.7]:443",
      ]) {
        const message = signed(world(), "guarded", { ...PAID, from }, { eventId: "event-1" })
        const headers = { ...message.headers, "x-forwarded-for": from }
        const answer = await post({ ...message, headers })
        expect({ from, status: answer.status }).toEqual({ from, status: 200 })
      }
    })

    test("of the path is the same path", async () => {
      for (const path of ["/hooks/kobbopay/", "/Hooks/KobboPay", "/hooks/kobbopay/?a=b&c"]) {
        const answer = await post({ ...sent(path, {}), path })
        expect({ path, status: answer.status }).toEqual({ path, status: 200 })
      }
    })
  })

  describe("a flood of webhooks", () => {
    /** Reads of Kobbopay that the worker makes meanwhile. */
    const readsDuring = async (account: string, during: () => Promise<void>): Promise<number> => {
      const known = appOf(world().container).deps.accounts.get(brandAs<AccountId>(account))
      if (known === undefined) throw new Error(`no account ${account}`)
      const reads = jest.spyOn(known.client, "read")
      try {
        await during()
        await world().worker.drain()
        return reads.mock.calls.length
      } finally {
        reads.mockRestore()
      }
    }
    const buy = (provider: string) => {
      world().sandbox.control.setWeather({ drop: true })
      return world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
    }
    const docsEvent = (session: { kobbopay_id: string; reference: string }, n = 0) =>
      signed(world(), "docs", {
        event: "payment.paid",
        paymentId: session.kobbopay_id,
        orderId: session.reference,
        ...(n === 0 ? {} : { n }),
      })
    const flood = async (times: number, message: (n: number) => Message) => {
      for (let n = 0; n < times; n += 10) {
        await Promise.all(
          Array.from({ length: 10 }, async (_, k) => {
            expect((await post(message(n + k + 1))).status).toBe(200)
          }),
        )
      }
    }
    const captured = (id: string) =>
      world().worked(
        async () =>
          (
            await world().rows(
              `SELECT id FROM kobbopay_payment WHERE kobbopay_id = ? AND converged_at IS NOT NULL AND target = 'captured'`,
              [id],
            )
          )[0],
        "the capture",
      )

    test("that repeats one of a payment past its watch reads nothing", async () => {
      const { session } = await buy(DOCS)
      world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
      expect((await post(docsEvent(session))).status).toBe(200)
      await captured(session.kobbopay_id)
      await world().rows(`UPDATE kobbopay_payment SET created_at = now() - interval '400 days',
        last_read_at = now() - interval '300 days', next_check_at = NULL`)
      const reads = await readsDuring("docs", () => flood(100, () => docsEvent(session)))
      expect(reads).toBe(0)
      await world().rows(
        `UPDATE kobbopay_payment SET state = 'expired', target = 'nothing', money_seen_at = NULL`,
      )
      expect(await readsDuring("docs", () => flood(50, () => docsEvent(session)))).toBe(0)
    })

    test("that repeats one of a watched payment reads it once in a while", async () => {
      const { session } = await buy(DOCS)
      expect((await post(docsEvent(session))).status).toBe(200)
      await world().worker.drain()
      const reads = await readsDuring("docs", () => flood(100, () => docsEvent(session)))
      expect(reads).toBeLessThanOrEqual(1)
      // Later it brings the next check forward.
      await world().rows(`UPDATE kobbopay_payment SET last_read_at = now() - interval '1 hour',
        next_check_at = now() + interval '1 hour'`)
      await world().rows(
        `UPDATE kobbopay_event SET next_attempt_at = now() + interval '1 hour' WHERE state = 'received'`,
      )
      expect(await readsDuring("docs", () => flood(10, () => docsEvent(session)))).toBe(1)
    })

    test("with new bodies that say the same reads once in a while; what says more is worked at once", async () => {
      const { session } = await buy(DOCS)
      world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount })
      expect((await post(docsEvent(session))).status).toBe(200)
      await world().worked(
        async () => (await world().rows(`SELECT id FROM kobbopay_payment WHERE state = 'paid'`))[0],
        "the payment being paid",
      )
      const reads = await readsDuring("docs", () => flood(100, (n) => docsEvent(session, n)))
      expect(reads).toBeLessThanOrEqual(1)
      world().sandbox.control.confirm(session.kobbopay_id)
      await world().worker.drain()
      const more = signed(world(), "docs", {
        event: "payment.confirmed",
        paymentId: session.kobbopay_id,
        orderId: session.reference,
      })
      expect((await post(more)).status).toBe(200)
      const since = Date.now()
      await captured(session.kobbopay_id)
      expect(Date.now() - since).toBeLessThan(8_000)
    })
  })
})
