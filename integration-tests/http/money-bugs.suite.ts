import { z } from "@medusajs/framework/zod"
import { checkPaymentWorkflow } from "../../src/workflows"
import {
  allDue,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  capturedFor,
  type Books,
} from "../support/books"
import { call, HttpError } from "../support/http"
import { CREDENTIALS, DOCS, INVOICE, SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"
import { logged, send, signed } from "../support/webhook"

const anything = z.looseObject({})

/** Each bug that was found in some shop's payment plugin and cost somebody money, and why it is not here. */
storeSuite("money bugs", (world) => {
  const sandbox = () => world().sandbox.control
  const ebook = (provider: string) => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(ebook(provider))

  const admin = (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(path, anything, { body })
  const checkAll = async (collectionId: string) => {
    await allDue(world(), collectionId)
    await world().worker.drain()
  }

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (profile, provider) => {
    test("a capture booked although nothing was paid", async () => {
      const { collectionId, cartId, session, order } = await buy(provider)
      // Well signed, and a lie: whoever holds the webhook secret alone moves no money.
      for (const event of ["payment.paid", "payment.confirmed"]) {
        sandbox().announce(session.kobbopay_id, event)
      }
      await sandbox().quiet()
      const [{ id } = { id: "" }] = await world().rows(
        `SELECT id FROM kobbopay_payment WHERE collection_id = ?`,
        [collectionId],
      )
      const mark = `/admin/payment-collections/${collectionId}/mark-as-paid`
      await expect(admin(mark, { order_id: order.id })).rejects.toThrow(/answered 400/)
      const authorize = admin(`/admin/orders/${order.id}/payment-sessions/authorize`, {
        payment_session_id: session.session_id,
      })
      expect(await authorize).toMatchObject({ is_authorized: false })
      const check = { input: { payment_id: String(id) } }
      const { result } = await checkPaymentWorkflow(world().container).run(check)
      expect(result).toMatchObject({ state: "pending" })
      expect(await world().shopper.complete(cartId)).toMatchObject({ id: order.id })
      await checkAll(collectionId)
      await booksRest(world(), collectionId, { ...AWAITING, unworked: 2 })
      expect(await world().shopper.order(order.id)).toMatchObject({ payment_status: "awaiting" })
    })

    test("a partial settlement counted as full", async () => {
      const { collectionId, session, order } = await buy(provider)
      sandbox().pay(session.kobbopay_id, { amount: "5.25", due: "10.5", confirm: true })
      const body = {
        event: "payment.confirmed",
        payment_id: session.kobbopay_id,
        paymentId: session.kobbopay_id,
        receivedAmount: "10.5",
        amount: "10.5",
      }
      const account = profile === "invoice" ? "kobbopay" : "docs"
      await send(world().url, signed(world(), account, body))
      sandbox().announce(session.kobbopay_id, "payment.partial_settled")
      await sandbox().quiet()
      await checkAll(collectionId)
      // The lie is more than the reads show, so it is still waited for.
      const part: Books = { ...AWAITING, ledger: ["partial"], open: ["underpaid"], unworked: 1 }
      await booksBecome(world(), collectionId, part)
      expect(await world().shopper.order(order.id)).toMatchObject({ payment_status: "awaiting" })
      expect(await world().shopper.payment(session.token)).toMatchObject({
        state: "partial",
        amount: "10.5",
        amount_received: "5.25",
      })
    })

    test("a failed event marked as processed and never retried: Kobbopay could not be read", async () => {
      const { collectionId, session } = await buy(provider)
      await booksRest(world(), collectionId, AWAITING)
      sandbox().setWeather({ serverError: { on: "read" } })
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await sandbox().quiet()
      const events = () =>
        world().rows(
          `SELECT state, attempts > 0 AS tried, outcome, done_at FROM kobbopay_event
            WHERE type = 'payment.confirmed'`,
        )
      await world().worked(async () => (await events())[0]?.["tried"], "a failed try")
      expect(await events()).toEqual([
        { state: "received", tried: true, outcome: null, done_at: null },
      ])

      sandbox().clearWeather()
      const [first] = sandbox().deliveries(session.kobbopay_id).slice(-1)
      sandbox().redeliver(String(first?.id))
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await booksRest(world(), collectionId, capturedFor("10.5"))
    })

    test("a failed event marked as processed and never retried: the capture could not be booked", async () => {
      const { collectionId, session } = await buy(provider)
      await world().rows(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$`)
      await world().rows(
        `CREATE TRIGGER refuse BEFORE INSERT ON capture FOR EACH ROW EXECUTE FUNCTION refuse()`,
      )
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const state = () =>
        world().rows(
          `SELECT kc.failures > 0 AS failed, kc.due_at IS NOT NULL AS again, p.converged_at, p.target
             FROM kobbopay_collection kc JOIN kobbopay_payment p ON p.collection_id = kc.id WHERE kc.id = ?`,
          [collectionId],
        )
      const expected = { failed: true, again: true, converged_at: null, target: "captured" }
      await world().worked(async () => {
        const [{ failed, target } = { failed: false, target: "" }] = await state()
        return failed === true && target === "captured"
      }, "a failed capture")
      expect(await state()).toEqual([expected])
      expect(await booksOf(world(), collectionId)).toMatchObject({ captures: [], transactions: [] })

      await world().rows(`DROP TRIGGER refuse ON capture`)
      // No further webhook, and nobody wakes it: it comes again by itself.
      await until(async () => (await booksOf(world(), collectionId)).transactions.length === 1, {
        withinMs: 20_000,
        what: "the capture",
      })
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test.each([
      ["grew", 1, 2, "10.5"],
      ["shrank", 2, 1, "21"],
    ])("a cart that %s leaving the old amount payable", async (_how, before, after, old) => {
      const checkout = await world().shopper.checkout({ ...ebook(provider), quantity: before })
      const { cartId, collectionId, session } = checkout
      expect(session).toMatchObject({ amount: old })
      expect(await world().shopper.payment(session.token)).toMatchObject({ ended: false })
      await changeQuantity(cartId, after)
      // A shopper who still has the old page open reads not to pay there.
      expect(await world().shopper.payment(session.token)).toMatchObject({ ended: true })

      sandbox().pay(session.kobbopay_id, { amount: old, confirm: true })
      const shown: Books = {
        ...AWAITING,
        orders: 0,
        order: null,
        ledger: ["confirmed"],
        open: ["superseded"],
      }
      await booksBecome(world(), collectionId, shown)
      await expect(world().shopper.complete(cartId)).rejects.toThrow(/answered 4|not completed/)
      await checkAll(collectionId)
      await booksRest(world(), collectionId, shown)

      // Nobody is sent to pay a second time before a merchant has looked.
      await expect(world().shopper.session(collectionId, ebook(provider))).rejects.toThrow(
        /This order is being paid/,
      )
    })

    test("a secret written to the log", async () => {
      const secrets = [...Object.values(SECRETS), CREDENTIALS.apiKey, CREDENTIALS.privateKey]
      const lines = await logged(world(), async () => {
        const { collectionId, session } = await buy(provider)
        for (const weather of [
          { serverError: { on: "read" as const } },
          { garbage: { on: "read" as const, kind: "html" as const } },
          { outage: true },
        ]) {
          sandbox().clearWeather()
          sandbox().setWeather({ ...weather, wrongSignature: { count: 1 } })
          sandbox().announce(session.kobbopay_id, "payment.paid")
          await sandbox().quiet()
          await checkAll(collectionId)
        }
        await expect(world().shopper.checkout(ebook(provider))).rejects.toThrow(/not available/)
        sandbox().clearWeather()
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        await checkAll(collectionId)
        await booksBecome(world(), collectionId, capturedFor("10.5"))
      })
      expect(lines.some((line) => line.includes("webhook refused with 401"))).toBe(true)
      expect(lines.some((line) => line.includes("could not be read"))).toBe(true)
      const kept = await world().rows(
        `SELECT (SELECT json_agg(p) FROM kobbopay_payment p)::text AS ledger,
                (SELECT json_agg(kc) FROM kobbopay_collection kc)::text AS collections,
                (SELECT json_agg(e) FROM kobbopay_event e)::text AS inbox,
                (SELECT json_agg(x) FROM kobbopay_exception x)::text AS exceptions,
                (SELECT json_agg(s) FROM payment_session s)::text AS sessions,
                (SELECT json_agg(p) FROM payment p)::text AS payments`,
      )
      for (const text of [lines.join("\n"), JSON.stringify(kept)]) {
        for (const secret of secrets) expect(text).not.toContain(secret)
        // A signature, in hex: of a webhook, or of a request.
        expect(text).not.toMatch(/signature\W+[0-9a-f]{64}/i)
      }
      for (const line of lines) expect(line).not.toMatch(/[0-9a-f]{128}|"event":/)
    })

    test("an unauthenticated status route that lists other shoppers' carts", async () => {
      const [mine, others] = [await buy(provider), await buy(provider)]
      const list = "/store/kobbopay/payments"
      const { cartId, collectionId, order, session } = others
      for (const path of [
        list,
        `${list}/`,
        `${list}?limit=100`,
        `${list}?cart_id=${cartId}`,
        ...[cartId, collectionId, order.id, session.session_id, session.kobbopay_id].map(
          (id) => `${list}/${id}`,
        ),
        ...["%25", "*", "_".repeat(32), "undefined", session.token.slice(0, 31)].map(
          (id) => `${list}/${id}`,
        ),
      ]) {
        const asked = world().shopper.call(path, z.unknown())
        await expect(asked.then(() => path)).rejects.toMatchObject({ status: 404 })
      }
      const answer = JSON.stringify(
        await world().shopper.call(`${list}/${mine.session.token}`, z.unknown()),
      )
      expect(answer).toContain(mine.session.reference)
      const { address, reference, token } = session
      for (const foreign of [cartId, collectionId, order.id, address, reference, token]) {
        expect(answer).not.toContain(foreign)
      }
      // Of its own cart neither: a token may be passed on, an email address or a cart may not.
      for (const hidden of ["shopper@example.com", mine.cartId, mine.collectionId]) {
        expect(answer).not.toContain(hidden)
      }
      const merchants = call(`${world().url}/admin/kobbopay/orders/${order.id}`, z.unknown())
      const refused: unknown = await merchants.catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(HttpError)
      expect(refused).toMatchObject({ status: 401 })
    })
  })

  test("an HMAC over re-serialised JSON", async () => {
    const bodies = [
      `{ "event": "payment.paid", "paymentId": "trk-1" }`,
      `{\n  "event": "payment.paid",\n  "paymentId": "trk-1"\n}\n`,
      `{"event":"payment.paid","paymentId":"trk-1","amount":10.50}`,
      `{"event":"payment.paid","paymentId":"trk-1","amount":1e2}`,
      `{"event":"payment.paid","paymentId":"trk-1","amount":12345678901234567890}`,
      `{"event":"payment.paid","paymentId":"trk-1","note":"caf\\u00e9"}`,
      `{"event":"payment.paid","paymentId":"trk-1","note":"a\\/b"}`,
      `{"event":"payment.paid","paymentId":"trk-0","paymentId":"trk-1"}`,
      `{"event":"payment.paid","paymentId":"trk-1","2":0,"1":0}`,
      `{"event":"payment.paid","paymentId":"trk-1"}\t`,
    ]
    for (const body of bodies) {
      const message = signed(world(), "kobbopay", body)
      const again = JSON.stringify(JSON.parse(body))
      expect(again).not.toBe(body)
      const answers = [
        await send(world().url, message),
        await send(world().url, { ...message, body: again }),
      ]
      expect({ body, statuses: answers.map(({ status }) => status) }).toEqual({
        body,
        statuses: [200, 401],
      })
    }
    const recorded = await world().rows(`SELECT raw_body FROM kobbopay_event`)
    expect(recorded.map((row) => row["raw_body"]).sort()).toEqual([...bodies].sort())
  })

  const changeQuantity = async (cart: string, quantity: number) => {
    const lines = await world().shopper.call(
      `/store/carts/${cart}`,
      z.object({ cart: z.object({ items: z.array(z.object({ id: z.string() })) }) }),
    )
    const path = `/store/carts/${cart}/line-items/${lines.cart.items[0]?.id}`
    await world().shopper.call(path, anything, { body: { quantity } })
  }
})
