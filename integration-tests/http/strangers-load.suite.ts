import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { allDue, booksOf } from "../support/books"
import { AFTER, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

const CARTS = 4
const EACH = 10
const lines = z.object({ cart: z.object({ items: z.array(z.object({ id: z.string() })) }) })
const anything = z.looseObject({})

storeSuite("load of strangers", (world) => {
  const payments = () => world().container.resolve(Modules.PAYMENT)
  const openCart = async (provider: string) => {
    const cart = await world().shopper.cart({
      product: world().store.digital,
      rail: "usdt-tron",
      provider,
    })
    return { cart, collection: await world().shopper.collection(cart) }
  }
  /** Another amount is another payment. */
  const show = (collection: string, provider: string, amount: number) =>
    payments().createPaymentSession(collection, {
      provider_id: provider,
      currency_code: "usd",
      amount,
      data: { rail: "usdt-tron" },
    })
  /** Shows as many payments on one cart as a stranger gets. */
  const crowd = async (provider: string) => {
    const { collection } = await openCart(provider)
    for (let amount = 1; amount <= EACH; amount++) await show(collection, provider, amount)
    return collection
  }
  const count = async (statement: string, bindings: string[]) => {
    const [row] = await world().rows(`SELECT count(*)::int AS n FROM ${statement}`, bindings)
    return z.object({ n: z.number() }).parse(row).n
  }
  const made = (collection: string) =>
    count("kobbopay_payment WHERE collection_id = ?", [collection])
  const readOf = (collections: string[]) =>
    count(
      `kobbopay_payment WHERE last_read_at IS NOT NULL
         AND collection_id = ANY(string_to_array(?, ','))`,
      [collections.join()],
    )
  /** What a create answers counts as a read: from here on others are counted. */
  const unread = (collections: string[]) =>
    world().rows(
      `UPDATE kobbopay_payment SET last_read_at = NULL
        WHERE collection_id = ANY(string_to_array(?, ','))`,
      [collections.join()],
    )

  test("a paid order is captured before the many payments of others that are only due", async () => {
    const crowds: string[] = []
    for (let cart = 0; cart < CARTS; cart++) crowds.push(await crowd(AFTER))
    const real = await world().shopper.buy({
      product: world().store.digital,
      rail: "usdt-tron",
      provider: INVOICE,
    })
    await world().worker.drain()
    await unread(crowds)
    world().second.control.setWeather({ slowMs: { ms: 1_000, on: "read" } })
    for (const collection of crowds) await allDue(world(), collection)
    world().worker.wake()
    await until(async () => (await readOf(crowds)) > 0, { withinMs: 20_000 })

    world().sandbox.control.pay(real.session.kobbopay_id, { amount: "10.5", confirm: true })
    await until(async () => (await booksOf(world(), real.collectionId)).captures.length === 1, {
      withinMs: 60_000,
      what: "the capture",
    })
    expect(await readOf(crowds)).toBeLessThan((CARTS * EACH) / 2)
    world().second.control.clearWeather()
  })

  test("what one pass leaves unread comes in the next ones, and is not asked for in a loop", async () => {
    const collection = await crowd(AFTER)
    await world().worker.drain()
    await unread([collection])
    const fence = async () => {
      const [found] = await world().rows(`SELECT fence FROM kobbopay_collection WHERE id = ?`, [
        collection,
      ])
      return Number(found?.["fence"])
    }
    const before = await fence()
    await allDue(world(), collection)
    await world().worker.drain()
    const first = await readOf([collection])
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(EACH)
    await world().worked(async () => (await readOf([collection])) === EACH, "all being read")
    expect((await fence()) - before).toBeLessThanOrEqual(EACH / 2)
  })

  test("a cart is given so many payments an hour and no more; the one it has is shown again", async () => {
    const { cart, collection } = await openCart(INVOICE)
    const path = `/store/carts/${cart}`
    const { cart: filled } = await world().shopper.call(path, lines)
    const line = String(filled.items[0]?.id)
    const price = async (quantity: number) => {
      await world().shopper.call(`${path}/line-items/${line}`, anything, { body: { quantity } })
      return world().shopper.session(collection, { rail: "usdt-tron", provider: INVOICE })
    }
    const [first] = [await price(1)]
    for (let quantity = 2; quantity <= EACH; quantity++) await price(quantity)
    expect(await made(collection)).toBe(EACH)
    for (const quantity of [EACH + 1, EACH + 2]) {
      await expect(price(quantity)).rejects.toThrow(/Too many payments were started for this cart/)
    }
    expect(await made(collection)).toBe(EACH)
    expect((await price(1)).kobbopay_id).toBe(first?.kobbopay_id)

    await world().rows(
      `UPDATE kobbopay_payment SET created_at = created_at - interval '61 minutes'
        WHERE collection_id = ?`,
      [collection],
    )
    await price(EACH + 1)
    expect(await made(collection)).toBe(EACH + 1)
  })

  test("of several that would be the last one, one is made", async () => {
    const { collection } = await openCart(INVOICE)
    for (let amount = 1; amount < EACH; amount++) await show(collection, INVOICE, amount)
    const asked = await Promise.allSettled(
      [20, 21, 22, 23].map((amount) => show(collection, INVOICE, amount)),
    )
    expect(asked.filter((one) => one.status === "fulfilled")).toHaveLength(1)
    expect(await made(collection)).toBe(EACH)
  })
})
