import { z } from "@medusajs/framework/zod"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** What a database refuses, or changes, in a text. */
const UNSTORABLE = { NUL: "%00", "a NUL inside": "a%00b" }
const HALF = "\ud83d"

storeSuite("unstorable text", (world) => {
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

    test("a parameter with several dots in its name is answered 400, and a storefront's own one is left alone", async () => {
      for (const path of ["exceptions", "reconciliations", "entitlements", "payments/export"]) {
        const status = await statusOf(world().merchant.download(`/admin/kobbopay/${path}?a.b.c=1`))
        expect({ path, status }).toEqual({ path, status: REFUSED })
      }
      expect(await statusOf(get("/store/kobbopay/rails?a.b.c=1"))).toBe(REFUSED)
      expect(await statusOf(get("/store/kobbopay/rails?v=3"))).toBe("200 application/json")
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
})
