import { z } from "@medusajs/framework/zod"
import { AWAITING, booksBecome, booksRest, capturedFor, type Books } from "../support/books"
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
const sessionsSchema = z.object({
  payment_collection: z.object({
    amount: z.number(),
    payment_sessions: z.array(
      z.object({ id: z.string(), status: z.string(), data: z.record(z.string(), z.unknown()) }),
    ),
  }),
})
const anything = z.looseObject({})

storeSuite("checkout", (world) => {
  const sandbox = () => world().sandbox.control
  const digital = (provider: string, rail = "usdt-tron"): Purchase => ({
    product: world().store.digital,
    rail,
    provider,
  })
  const creates = (reference: string) => sandbox().stats().references[reference]
  const ledger = (collection: string) =>
    world().rows(`SELECT * FROM kobbopay_payment WHERE collection_id = ? ORDER BY created_at`, [
      collection,
    ])
  const postSession = (collection: string, provider_id: string, data: Record<string, unknown>) =>
    world().shopper.call(
      `/store/payment-collections/${collection}/payment-sessions`,
      sessionsSchema,
      {
        body: { provider_id, data },
      },
    )
  const sessionsOf = (collection: string) =>
    world().rows(
      `SELECT id, data FROM payment_session WHERE payment_collection_id = ? AND deleted_at IS NULL`,
      [collection],
    )
  /** No order yet; otherwise like the books given. */
  const beforeOrder = (books: Books): Books => ({ ...books, orders: 0, order: null })
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

    test("money on a rail that was left for another settles nothing and is shown", async () => {
      const {
        cartId,
        collectionId,
        session: first,
      } = await world().shopper.checkout(digital(provider))
      const second = await world().shopper.session(collectionId, digital(provider, "usdt-bsc"))
      expect(second.kobbopay_id).not.toBe(first.kobbopay_id)

      sandbox().pay(first.kobbopay_id, { amount: "10.5", confirm: true })
      const books = {
        ...AWAITING,
        ledger: ["confirmed", "pending"],
        targets: ["nothing", "nothing"],
        open: ["superseded"],
      }
      await booksBecome(world(), collectionId, beforeOrder(books))
      await world().shopper.complete(cartId)
      await booksRest(world(), collectionId, books)

      sandbox().pay(second.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collectionId, {
        ...capturedFor("10.5"),
        ledger: ["confirmed", "confirmed"],
        targets: ["nothing", "captured"],
        open: ["duplicate_payment"],
        closed: ["superseded"],
      })
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

    test("once money arrived a new session is refused and the old one stays", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      sandbox().underpay(session.kobbopay_id, { due: session.amount })
      const part = { ...AWAITING, ledger: ["partial"], open: ["underpaid"] }
      await booksBecome(world(), collectionId, beforeOrder(part))
      for (const rail of ["usdt-tron", "usdt-bsc"]) {
        await expect(postSession(collectionId, provider, { rail })).rejects.toThrow(
          // Medusa creates and deletes side by side, and reports whichever was refused first.
          /answered 400: This order is being paid|answered 500: Could not delete all/,
        )
      }
      expect(await sessionsOf(collectionId)).toMatchObject([{ id: session.session_id }])
      expect(await ledger(collectionId)).toHaveLength(1)
      await world().shopper.complete(cartId)
      await booksRest(world(), collectionId, part)
    })

    test("a cart that grew after money came settles nothing for the old amount", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      sandbox().underpay(session.kobbopay_id, { due: session.amount, confirm: true })
      const part = beforeOrder({ ...AWAITING, ledger: ["partial"], open: ["underpaid"] })
      await booksBecome(world(), collectionId, part)
      // Medusa refuses a change that would delete the session, so a store's own code made this one.
      await world().rows(`UPDATE cart_line_item SET quantity = 2 WHERE cart_id = ?`, [cartId])
      sandbox().secondTransfer(session.kobbopay_id, { amount: "5.25", confirm: true })
      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, {
        ...part,
        ledger: ["confirmed"],
        open: ["order_changed"],
        closed: ["underpaid"],
      })
      await expect(world().shopper.complete(cartId)).rejects.toThrow(/amount changed/)
      await booksRest(world(), collectionId, {
        ...part,
        ledger: ["confirmed"],
        open: ["order_changed"],
        closed: ["underpaid"],
      })
    })

    test("a cart that grew before money came is paid by a new session, and only by that", async () => {
      const { cartId, collectionId, session } = await world().shopper.checkout(digital(provider))
      await grow(cartId)
      const renewed = await world().shopper.session(collectionId, digital(provider))
      expect(renewed).toMatchObject({ amount: "21" })
      await world().shopper.complete(cartId)
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const stray = {
        ...AWAITING,
        ledger: ["confirmed", "pending"],
        targets: ["nothing", "nothing"],
        open: ["superseded"],
      }
      await booksBecome(world(), collectionId, stray)
      sandbox().pay(renewed.kobbopay_id, { amount: "21", confirm: true })
      await booksBecome(world(), collectionId, {
        ...capturedFor("21"),
        ledger: ["confirmed", "confirmed"],
        targets: ["nothing", "captured"],
        open: ["duplicate_payment"],
        closed: ["superseded"],
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

  const grow = async (cart: string) => {
    const lines = await world().shopper.call(
      `/store/carts/${cart}`,
      z.object({ cart: z.object({ items: z.array(z.object({ id: z.string() })) }) }),
    )
    const path = `/store/carts/${cart}/line-items/${lines.cart.items[0]?.id}`
    await world().shopper.call(path, anything, { body: { quantity: 2 } })
  }
})
