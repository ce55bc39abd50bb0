import { z } from "@medusajs/framework/zod"
import { runtime } from "../../src/runtime"
import { INVOICE, MEDDLED } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"
import { logged, send, signed, type Message } from "../support/webhook"

const PAID = { event: "payment.paid", paymentId: "trk-1", orderId: "order-1" }

storeSuite("strangers", (world) => {
  const post = (message: Message) => send(world().url, message)

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
})
