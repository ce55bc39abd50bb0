import { AWAITING, booksBecome, booksRest, capturedFor } from "../support/books"
import { sessionsIn } from "../support/checkout-sessions"
import type { Purchase } from "../support/shopper"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** What a payer may see of a payment session, and nothing else. */
const PAYER_KEYS = [
  "account",
  "address",
  "amount",
  "amount_received",
  "asset",
  "decimals",
  "ended",
  "expires_at",
  "kobbopay_id",
  "label",
  "memo",
  "network",
  "rail",
  "reference",
  "session_id",
  "state",
  "token",
]

storeSuite("checkout", (world) => {
  const { ledger, postSession, sessionsOf } = sessionsIn(world)
  const sandbox = () => world().sandbox.control
  const digital = (provider: string, rail = "usdt-tron"): Purchase => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const creates = (reference: string) => sandbox().stats().references[reference]
  const openCart = async () => {
    const cart = await world().shopper.cart(digital(INVOICE))
    return { cart, collection: await world().shopper.collection(cart) }
  }
  /** Lets no webhook through, so that only what a test does moves anything. */
  const silence = () => sandbox().setWeather({ drop: true })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("the session shows what a payer may see, whatever the shopper sent along", async () => {
      const { collection } = await openCart()
      const forged = {
        session_id: "payses_other",
        address: "T000",
        state: "confirmed",
        amount: "0",
      }
      const answer = await postSession(collection, provider, { rail: "usdt-tron", ...forged })
      const [session] = answer.payment_collection.payment_sessions
      expect(Object.keys(session?.data ?? {}).sort()).toEqual(PAYER_KEYS)
      const [row] = await ledger(collection)
      expect(session?.data).toMatchObject({
        session_id: session?.id,
        address: row?.address,
        amount: "10.5",
        state: "pending",
      })
      expect(JSON.stringify(answer)).not.toMatch(/test-|secret|private|api-?key/i)
    })

    test("however often the checkout is rendered, also twice at once, it shows one payment", async () => {
      const { collection } = await openCart()
      const render = () => world().shopper.session(collection, digital(provider))
      const shown = [await render(), await render(), await render()]
      const parallel = await Promise.allSettled([
        postSession(collection, provider, { rail: "usdt-tron" }),
        postSession(collection, provider, { rail: "usdt-tron" }),
      ])
      expect(parallel.some(({ status }) => status === "fulfilled")).toBe(true)
      const [row, ...others] = await ledger(collection)
      expect(others).toEqual([])
      for (const session of shown) {
        expect(session).toMatchObject({ token: row?.public_token, kobbopay_id: row?.kobbopay_id })
      }
      const live = await sessionsOf(collection)
      expect(live.map(({ data }) => data)).toEqual(
        live.map((): unknown => expect.objectContaining({ token: row?.public_token })),
      )
      expect(creates(String(row?.reference))).toEqual({ creates: 1, payments: [row?.kobbopay_id] })
    })

    test("two first renders at once make one payment", async () => {
      const { cart, collection } = await openCart()
      await Promise.allSettled([
        postSession(collection, provider, { rail: "usdt-tron" }),
        postSession(collection, provider, { rail: "usdt-tron" }),
      ])
      const [row, ...others] = await ledger(collection)
      expect(others).toEqual([])
      expect(creates(String(row?.reference))).toEqual({ creates: 1, payments: [row?.kobbopay_id] })

      await world().shopper.complete(cart)
      sandbox().pay(String(row?.kobbopay_id), { amount: "10.5", confirm: true })
      await booksBecome(world(), collection, capturedFor("10.5"))
    })

    test.each([
      ["every connection is reset", { outage: true }],
      ["Kobbopay answers 503", { serverError: true }],
      ["Kobbopay limits the rate", { rateLimit: { retryAfterSeconds: 0 } }],
      ["it does, and says not for how long", { rateLimit: { retryAfterSeconds: null } }],
      ["no answer comes in time", { slowMs: 3_000 }],
      ["the answer is cut off", { garbage: { kind: "cut" as const } }],
      ["the answer is a web page", { garbage: { kind: "html" as const } }],
      ["the answer breaks off", { garbage: { kind: "truncated" as const } }],
      ["the answer has wrong types", { garbage: { kind: "wrong_types" as const } }],
      ["the answer is empty", { garbage: { kind: "empty" as const } }],
      ["the answer is lost", { lostAnswer: true }],
    ])(
      "when %s, the shopper reads why, and the next try goes on under the same reference",
      async (_what, weather) => {
        const { cart, collection } = await openCart()
        sandbox().setWeather(weather)
        await expect(postSession(collection, provider, { rail: "usdt-tron" })).rejects.toThrow(
          /answered 400: Crypto payment is not available right now\. Try again/,
        )
        expect(await sessionsOf(collection)).toEqual([])
        const [waiting] = await ledger(collection)
        expect(waiting).toMatchObject({ state: "creating", address: null })

        sandbox().clearWeather()
        const session = await world().shopper.session(collection, digital(provider))
        const [row, ...others] = await ledger(collection)
        expect(others).toEqual([])
        expect(row).toMatchObject({
          reference: waiting?.reference,
          kobbopay_id: session.kobbopay_id,
        })
        expect(creates(session.reference)?.payments).toEqual([session.kobbopay_id])

        await world().shopper.complete(cart)
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        await booksBecome(world(), collection, capturedFor("10.5"))
      },
    )

    test("a create whose answer was lost, made again by Kobbopay: money on either is seen", async () => {
      const { cart, collection } = await openCart()
      sandbox().setWeather({ forgetful: true, lostAnswer: { count: 1 } })
      const session = await world().shopper.session(collection, digital(provider))
      await world().shopper.complete(cart)
      const lost = creates(session.reference)?.payments.find((id) => id !== session.kobbopay_id)
      sandbox().pay(String(lost), { amount: "10.5", confirm: true })
      await booksBecome(world(), collection, {
        ...AWAITING,
        ledger: ["pending", "confirmed"],
        targets: ["nothing", "nothing"],
        open: ["superseded"],
      })
    })

    test("storefront first and webhook first end the same", async () => {
      const first = await world().shopper.buy(digital(provider))
      sandbox().pay(first.session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), first.collectionId, capturedFor("10.5"))

      const second = await world().shopper.checkout(digital(provider))
      sandbox().pay(second.session.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), second.collectionId, capturedFor("10.5"))
      const [order] = await world().rows(
        `SELECT order_id FROM order_payment_collection WHERE payment_collection_id = ?`,
        [second.collectionId],
      )
      expect(await world().shopper.complete(second.cartId)).toMatchObject({ id: order?.order_id })
      await booksRest(world(), second.collectionId, capturedFor("10.5"))
    })

    test("completed again, or twice at once over money already there, it is one order", async () => {
      silence()
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const done = await Promise.allSettled([
        world().shopper.complete(cartId),
        world().shopper.complete(cartId),
      ])
      const again = await world().shopper.complete(cartId)
      for (const one of done) if (one.status === "fulfilled") expect(one.value.id).toBe(again.id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })
  })
})
