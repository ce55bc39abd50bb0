import {
  updateCartPromotionsWorkflow,
  createPromotionsWorkflow,
  updateRegionsWorkflow,
} from "@medusajs/medusa/core-flows"
import { z } from "@medusajs/framework/zod"
import { parse } from "csv-parse/sync"
import { AFTER, BARE, BARE_LABEL, BRIEF, DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { booksBecome, capturedFor } from "../support/books"

const anything = z.record(z.string(), z.unknown())
const railsShape = z.object({
  rails: z.array(z.looseObject({ id: z.string(), provider_id: z.string(), label: z.string() })),
})
const statusShape = z.object({ payment: z.looseObject({ label: z.string() }) })
const exported = z.object({ payments: z.array(anything) })

storeSuite("offers and answers", (world) => {
  const buy = (provider = INVOICE, rail = "usdt-tron") =>
    world().shopper.buy({ product: world().store.digital, rail, provider })
  const store = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${world().url}/store/kobbopay/${path}`, {
      headers: { "x-publishable-api-key": world().store.publishableKey, ...headers },
    })
  const refusal = async (call: Promise<unknown>) => {
    const refused = z.object({ status: z.number(), message: z.string() })
    return refused.parse(
      await call.then(() => ({ status: 200, message: "" })).catch((c: unknown) => c),
    )
  }

  test("a rail has one label wherever it is shown, also a known token's own", async () => {
    const labels = new Map([
      [BARE, `${BARE_LABEL} usdt-tron`],
      [DOCS, "USDT on Tron (TRC20)"],
    ])
    const { rails } = await world().shopper.call("/store/kobbopay/rails", railsShape)
    for (const [provider, label] of labels) {
      const offered = rails.find((one) => one.provider_id === provider && one.id === "usdt-tron")
      const { collectionId, order, session } = await buy(provider)
      const [row] = await world().rows(
        `SELECT data->>'label' AS label FROM payment_session WHERE payment_collection_id = ?`,
        [collectionId],
      )
      const status = await world().shopper.call(
        `/store/kobbopay/payments/${session.token}`,
        statusShape,
      )
      const admin = await world().merchant.call(
        `/admin/kobbopay/orders/${order.id}`,
        z.object({ payments: z.array(z.looseObject({ rail_label: z.string() })) }),
      )
      expect({
        rails: offered?.label,
        session: row?.["label"],
        status: status.payment.label,
        admin: admin.payments[0]?.rail_label,
      }).toEqual({ rails: label, session: label, status: label, admin: label })
      // Once the rail is gone from the options, it is called as its token is known.
      await world().rows(`UPDATE kobbopay_payment SET rail_id = 'gone' WHERE public_token = ?`, [
        session.token,
      ])
      expect(
        await world().shopper.call(`/store/kobbopay/payments/${session.token}`, statusShape),
      ).toMatchObject({ payment: { label: "USDT on Tron (TRC20)" } })
    }
  })

  describe("the rails that are offered", () => {
    const providersOf = async (query: string) => {
      const { rails } = await world().shopper.call(`/store/kobbopay/rails?${query}`, railsShape)
      return [...new Set(rails.map(({ provider_id }) => provider_id))].sort()
    }

    test("are those of accounts that the region, or the cart's region, has, in its currency", async () => {
      const { regionId, euroRegionId, digital } = world().store
      await updateRegionsWorkflow(world().container).run({
        input: { selector: { id: regionId }, update: { payment_providers: [INVOICE, DOCS] } },
      })
      await updateRegionsWorkflow(world().container).run({
        input: { selector: { id: euroRegionId }, update: { payment_providers: [AFTER, BRIEF] } },
      })
      expect(await providersOf("")).toContain(AFTER)
      expect(await providersOf(`region_id=${regionId}`)).toEqual([DOCS, INVOICE].sort())
      expect(await providersOf(`region_id=${euroRegionId}`)).toEqual([AFTER, BRIEF].sort())
      const euro = await world().shopper.call(
        `/store/kobbopay/rails?region_id=${euroRegionId}`,
        railsShape,
      )
      // The other rail has no price in eur.
      expect([...new Set(euro.rails.map(({ id }) => id))]).toEqual(["usdt-tron"])
      expect(await providersOf(`region_id=${regionId}&provider_id=${DOCS}`)).toEqual([DOCS])
      expect(await providersOf(`region_id=${regionId}&provider_id=${AFTER}`)).toEqual([])
      expect(await providersOf(`region_id=${regionId}&currency_code=chf`)).toEqual([])

      const cart = await world().shopper.cart({ product: digital, rail: "" })
      expect(await providersOf(`cart_id=${cart}`)).toEqual([DOCS, INVOICE].sort())
      expect(await providersOf(`cart_id=${cart}&region_id=${euroRegionId}`)).toEqual([])
      await updateRegionsWorkflow(world().container).run({
        input: { selector: { id: regionId }, update: { payment_providers: ["pp_system_default"] } },
      })
      expect(await providersOf(`cart_id=${cart}`)).toEqual([])
      expect(await providersOf(`region_id=${regionId}`)).toEqual([])

      for (const query of ["region_id=reg_nowhere", "cart_id=cart_nobody", "cart_id="]) {
        const { status } = await store(`rails?${query}`)
        expect({ query, status }).toEqual({ query, status: query === "cart_id=" ? 400 : 404 })
      }
    })

    test("are none for a cart that costs nothing, and the provider says why in a shopper's words", async () => {
      const { digital } = world().store
      const cart = await world().shopper.cart({ product: digital, rail: "" })
      await createPromotionsWorkflow(world().container).run({
        input: {
          promotionsData: [
            {
              code: "FREE",
              type: "standard",
              status: "active",
              application_method: {
                type: "percentage",
                target_type: "order",
                value: 100,
                allocation: "across",
                currency_code: "usd",
              },
            },
          ],
        },
      })
      await updateCartPromotionsWorkflow(world().container).run({
        input: { cart_id: cart, promo_codes: ["FREE"] },
      })
      expect(await providersOf(`cart_id=${cart}`)).toEqual([])
      const collection = await world().shopper.collection(cart)
      const refused = await refusal(
        world().shopper.session(collection, { rail: "usdt-tron", provider: INVOICE }),
      )
      expect(refused.status).toBe(400)
      expect(refused.message).toMatch(/nothing.*to (be )?pa(id|y)/i)
      expect(refused.message).toMatch(/without|another/i)
      expect(refused.message).not.toMatch(/Other rails|above zero|decimal/)
    })
  })

  describe("a refusal", () => {
    test("of an amount says how to write it", async () => {
      const { order, session } = await buy()
      world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE order_id = ?`, [
        order.id,
      ])
      const id = z.string().parse(row?.["id"])
      for (const amount of ["6,95", "1.000,50", "6.95 USDT", "-1", "1e3", "0"]) {
        const preview = await refusal(
          world().merchant.call(
            `/admin/kobbopay/payments/${id}/refunds/preview?amount=${encodeURIComponent(amount)}`,
            anything,
          ),
        )
        const recorded = await refusal(
          world().merchant.call(`/admin/kobbopay/payments/${id}/refunds`, anything, {
            body: { amount, hash: "tx-1" },
          }),
        )
        for (const { status, message } of [preview, recorded]) {
          expect({ amount, status }).toEqual({ amount, status: 400 })
          expect(message).toMatch(/such as \S+/)
          expect(message).not.toMatch(/non-negative|decimal number/)
        }
        if (amount === "6,95") expect(preview.message).toContain("6.95")
      }
    })

    test("of a day, a range, a number or a word says what to write", async () => {
      const cases: Record<string, RegExp> = {
        "payments/export?from=yesterday": /from.*2026-01-31|2026-01-31.*from/s,
        "payments/export?to=31.01.2026": /2026-01-31/,
        "payments/export?from=2026-02-01&to=2026-01-01": /before|after/,
        "payments/export?format=xlsx": /csv, json/,
        "payments/export?separator=dot": /comma, semicolon, tab/,
        "payments/export?colour=blue": /colour/,
        "exceptions?limit=many": /from 1 to 200/,
        "exceptions?state=shut": /open, closed/,
        "exceptions?offset=-1": /from 0/,
        "reconciliations?limit=0": /from 1 to 100/,
        "entitlements?state=given": /held, released, revoked/,
        "entitlements?order=colour": /created_at/,
        "entitlements?limit=0": /from 1 to/,
        "entitlements?limit=many": /from 1 to/,
      }
      for (const [path, words] of Object.entries(cases)) {
        const { status, message } = await refusal(
          world().merchant.call(`/admin/kobbopay/${path}`, anything),
        )
        expect({ path, status }).toEqual({ path, status: 400 })
        expect(message).toMatch(words)
      }
      for (const since of ["soon", "2999-01-01T00:00:00Z"]) {
        const { status, message } = await refusal(
          world().merchant.call("/admin/kobbopay/reconciliations", anything, { body: { since } }),
        )
        expect({ since, status }).toEqual({ since, status: 400 })
        expect(message).toMatch(since === "soon" ? /such as "2026-/ : /in the future/)
      }
    })
  })

  describe("an export for a spreadsheet", () => {
    const EXPORT = "/admin/kobbopay/payments/export"
    const bytesOf = async (query: string) =>
      Buffer.from(await (await world().merchant.download(`${EXPORT}?${query}`)).arrayBuffer())

    test("begins with a byte order mark unless asked otherwise, and has amounts in units", async () => {
      const { collectionId, session } = await buy()
      world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      const marked = await bytesOf("")
      expect(marked.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
      const bare = await bytesOf("bom=false")
      expect(bare.subarray(0, 10).toString()).toBe("payment_id")
      expect(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bare])).toEqual(marked)
      expect((await bytesOf("format=json")).subarray(0, 1).toString()).toBe("{")

      const read = (text: Buffer, delimiter: string) =>
        z.array(anything).parse(parse(text, { columns: true, bom: true, delimiter }))
      expect(read(marked, ",")).toMatchObject([
        {
          expected_minor: "10500000",
          expected: "10.5",
          received: "10.5",
          captured: "10.5",
          refunded: "0",
          in_flight: "0",
          written_off: "0",
          in_open_exceptions: "0",
        },
      ])
      const european = await bytesOf("separator=semicolon&decimal=comma")
      expect(read(european, ";")).toMatchObject([
        { expected_minor: "10500000", expected: "10,5", store_amount: "10,5" },
      ])
      const changes = await bytesOf("kind=transitions&separator=tab")
      expect(read(changes, "\t")).toContainEqual(
        expect.objectContaining({ received_minor: "10500000", received: "10.5" }),
      )
      const { payments } = exported.parse(JSON.parse(String(await bytesOf("format=json"))))
      expect(payments).toMatchObject([{ expected_minor: "10500000", expected: "10.5" }])
    })

    test("holds names and notes as they were written", async () => {
      const { session } = await buy()
      await world().rows(
        `INSERT INTO kobbopay_transition (id, payment_id, from_state, to_state, source, at, actor, note)
         SELECT 'kptr_note', id, 'pending', 'pending', 'admin', now(), 'Jürgen', ?
           FROM kobbopay_payment WHERE kobbopay_id = ?`,
        ["Zurück an Jürgen — 5 € \n; =1+1", session.kobbopay_id],
      )
      const text = (await bytesOf("kind=transitions")).toString("utf8")
      expect(text).toContain("Zurück an Jürgen — 5 €")
      const cells = text.split(/[;,\t\r\n]/).map((cell) => cell.replace(/^[\s"]+/, ""))
      expect(cells.filter((cell) => /^[=+@]/.test(cell))).toEqual([])
    })
  })
})
