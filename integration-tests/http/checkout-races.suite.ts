import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type KobbopayId, type PaymentId } from "../../src/domain/ids"
import { watchSibling } from "../../src/store/created"
import { claimCreation, releaseCreation } from "../../src/store/creation"
import { AWAITING, booksBecome, booksOf, capturedFor } from "../support/books"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

const idSchema = z.object({ id: z.string() })
const shownSchema = z.object({ kobbopay_id: z.string(), reference: z.string() })

storeSuite("checkout races", (world) => {
  const sandbox = () => world().sandbox.control
  const creates = (reference: unknown) => sandbox().stats().references[String(reference)]
  const payments = () => world().container.resolve(Modules.PAYMENT)
  const ledger = (collection: string) =>
    world().rows(`SELECT * FROM kobbopay_payment WHERE collection_id = ? ORDER BY created_at`, [
      collection,
    ])
  const openCart = async (provider: string) => {
    const cart = await world().shopper.cart({
      product: world().store.digital,
      rail: "usdt-tron",
      provider,
    })
    return { cart, collection: await world().shopper.collection(cart) }
  }
  /** A session beside those there are, as two requests at once leave them. */
  const show = async (collection: string, provider: string) => {
    const session = await payments().createPaymentSession(collection, {
      provider_id: provider,
      currency_code: "usd",
      amount: 10.5,
      data: { rail: "usdt-tron" },
    })
    return shownSchema.parse(session.data)
  }
  const attached = async (collection: string) =>
    (
      await world().rows(
        `SELECT k.payment_id FROM kobbopay_payment_session k
           JOIN payment_session s ON s.id = k.session_id AND s.deleted_at IS NULL
          WHERE s.payment_collection_id = ? AND k.detached_at IS NULL`,
        [collection],
      )
    ).map((row) => row.payment_id)
  /** Lets no webhook through, so that only what a test does moves anything. */
  const silence = () => sandbox().setWeather({ drop: true })
  /** Leaves a payment that Kobbopay was asked to create, but whose answer never came. */
  const unanswered = async (collection: string, provider: string, weather: object) => {
    sandbox().setWeather({ drop: true, ...weather })
    await expect(show(collection, provider)).rejects.toThrow(/not available right now/)
    sandbox().clearWeather()
    silence()
    const [row] = await ledger(collection)
    expect(row).toMatchObject({ state: "creating", kobbopay_id: null })
    return { id: idSchema.parse(row).id, reference: String(row?.reference) }
  }

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("three sessions begun at once wait for one create and show one payment", async () => {
      const { collection } = await openCart(provider)
      sandbox().setWeather({ drop: true, slowMs: { ms: 300, on: "create" } })
      const shown = await Promise.all([1, 2, 3].map(() => show(collection, provider)))
      const [row, ...others] = await ledger(collection)
      expect(others).toEqual([])
      expect(row).toMatchObject({ state: "pending", current: true, create_lease_until: null })
      expect(shown.map((one) => one.kobbopay_id)).toEqual(shown.map(() => row?.kobbopay_id))
      expect(creates(row?.reference)).toEqual({ creates: 1, payments: [row?.kobbopay_id] })
      expect(await attached(collection)).toEqual([row?.id, row?.id, row?.id])
    })

    test("a payment whose window is over gives way to one new payment, also for two at once", async () => {
      silence()
      const { collection } = await openCart(provider)
      await show(collection, provider)
      await world().rows(
        `UPDATE kobbopay_payment SET window_ends_at = now() - interval '1 second'
          WHERE collection_id = ?`,
        [collection],
      )
      const shown = await Promise.all([1, 2].map(() => show(collection, provider)))
      const [first, second, ...others] = await ledger(collection)
      expect(others).toEqual([])
      expect(first).toMatchObject({ state: "pending", current: false })
      expect(second).toMatchObject({ state: "pending", current: true })
      expect(shown.map((one) => one.kobbopay_id)).toEqual(shown.map(() => second?.kobbopay_id))
      expect(creates(second?.reference)?.creates).toBe(1)
    })

    test("a create whose process died is taken over once its time is up, under the same reference", async () => {
      const { collection } = await openCart(provider)
      const dead = await unanswered(collection, provider, { outage: true })
      await world().rows(
        `UPDATE kobbopay_payment SET create_lease_until = now() + interval '2 seconds' WHERE id = ?`,
        [dead.id],
      )
      const begun = Date.now()
      const shown = await show(collection, provider)
      expect(Date.now() - begun).toBeGreaterThan(1_000)
      expect(shown.reference).toBe(dead.reference)
      expect(await ledger(collection)).toMatchObject([{ id: dead.id, state: "pending" }])
      expect(creates(dead.reference)).toEqual({ creates: 1, payments: [shown.kobbopay_id] })
    })

    test("an id that came to the ledger before its create was answered takes the place of that", async () => {
      const { cart, collection } = await openCart(provider)
      const { id, reference } = await unanswered(collection, provider, { lostAnswer: true })
      const [made] = creates(reference)?.payments ?? []
      await watchSibling(
        world().service.sql,
        brandAs<PaymentId>(id),
        brandAs<KobbopayId>(String(made)),
        new Date(),
      )
      const shown = await world().shopper.session(collection, { rail: "usdt-tron", provider })
      expect(shown.kobbopay_id).toBe(made)
      const [unfinished, known, ...others] = await ledger(collection)
      expect(others).toEqual([])
      expect(unfinished).toMatchObject({ id, state: "failed", current: false })
      expect(known).toMatchObject({ state: "pending", current: true, address: shown.address })
      expect(await attached(collection)).toEqual([known?.id])
      const states = { ledger: ["failed", "confirmed"], targets: ["order_cancelled", "captured"] }

      await world().shopper.complete(cart)
      sandbox().clearWeather()
      sandbox().pay(shown.kobbopay_id, { amount: "10.5", confirm: true })
      await booksBecome(world(), collection, { ...capturedFor("10.5"), ...states })
    })

    test("a second id under a reference whose payment was finished meanwhile is watched beside it", async () => {
      const { collection } = await openCart(provider)
      sandbox().setWeather({ drop: true, forgetful: true, slowMs: { ms: 1_000, on: "create" } })
      const slow = show(collection, provider)
      await until(async () => (await ledger(collection))[0], {
        withinMs: 20_000,
        what: "the payment",
      })
      // The first request took longer than it may: another one takes over, and is done sooner.
      await world().rows(
        `UPDATE kobbopay_payment SET create_lease_until = now() WHERE collection_id = ?`,
        [collection],
      )
      sandbox().setWeather({ drop: true, forgetful: true, slowMs: 0 })
      const quick = await show(collection, provider)
      expect(await slow).toEqual(quick)
      const [row, sibling, ...others] = await ledger(collection)
      expect(others).toEqual([])
      expect(row).toMatchObject({ state: "pending", current: true, kobbopay_id: quick.kobbopay_id })
      expect(sibling).toMatchObject({ state: "pending", current: false, address: null })
      const made = [row?.kobbopay_id, sibling?.kobbopay_id]
      expect(creates(row?.reference)?.payments.toSorted()).toEqual(made.toSorted())
      expect(await attached(collection)).toEqual([row?.id, row?.id])
    })

    test.each([
      // Far longer than a test waits.
      ["waits for its next try", `next_attempt_at = now() + interval '1 hour'`],
      [
        "has given up",
        `state = 'done', outcome = 'unknown_payment', done_at = now(), next_attempt_at = NULL`,
      ],
    ])("a webhook that overtook the create's answer and %s is worked", async (_what, become) => {
      const { collection } = await openCart(provider)
      sandbox().setWeather({ slowMs: { ms: 1_500, on: "create" } })
      const session = world().shopper.session(collection, { rail: "usdt-tron", provider })
      const id = await until(
        async () => creates((await ledger(collection))[0]?.reference)?.payments[0],
        { withinMs: 20_000, what: "the payment at Kobbopay" },
      )
      sandbox().pay(id, { amount: "10.5", confirm: true })
      const confirmed = `SELECT id FROM kobbopay_event WHERE reported_state = 'confirmed'`
      await until(async () => (await world().rows(confirmed))[0], {
        withinMs: 20_000,
        what: "the webhook",
      })
      await world().rows(`UPDATE kobbopay_event SET ${become}`)
      expect(await booksOf(world(), collection)).toMatchObject({ ledger: ["creating"] })

      expect(await session).toMatchObject({ kobbopay_id: id })
      // Only the webhook can move it: no check is due.
      await booksBecome(world(), collection, capturedFor("10.5"))
    })
  })

  test("a create that fails after its time leaves the right to the request that took it over", async () => {
    const { collection } = await openCart(INVOICE)
    const { id } = await unanswered(collection, INVOICE, { outage: true })
    const { sql } = world().service
    const payment = brandAs<PaymentId>(id)
    // Once the pause after the create that failed is over.
    const begun = Date.now() + 2_000
    const first = new Date(begun + 1)
    const second = new Date(begun + 60_000)
    const third = new Date(begun + 120_000)
    expect(await claimCreation(sql, payment, new Date(begun), first)).toBe(true)
    expect(await claimCreation(sql, payment, first, second)).toBe(true)
    await releaseCreation(sql, payment, first, new Date())
    expect(await claimCreation(sql, payment, first, third)).toBe(false)
    await releaseCreation(sql, payment, second, new Date())
    expect(await claimCreation(sql, payment, first, third)).toBe(true)
  })

  test("a collection's first payment costs three statements, showing it once more three", async () => {
    silence()
    const pg: Knex = world().container.resolve(ContainerRegistrationKeys.PG_CONNECTION)
    let statements: string[] = []
    const listen = ({ sql }: { sql: string }) => {
      if (/kobbopay_(payment|collection|event)\b/.test(sql)) statements.push(sql)
    }
    // The first session of a process tells which account is asked.
    await show((await openCart(INVOICE)).collection, INVOICE)
    const { collection } = await openCart(INVOICE)
    pg.on("query", listen)
    try {
      await show(collection, INVOICE)
      expect(statements).toHaveLength(3)
      statements = []
      await show(collection, INVOICE)
      expect(statements).toHaveLength(3)
    } finally {
      pg.removeListener("query", listen)
    }
    expect(await booksOf(world(), collection)).toMatchObject({ ledger: AWAITING.ledger })
  })

  test("authorizing a session whose money has not come takes no lock and writes nothing of ours", async () => {
    silence()
    const pg: Knex = world().container.resolve(ContainerRegistrationKeys.PG_CONNECTION)
    const { collection } = await openCart(INVOICE)
    const session = await world().shopper.session(collection, {
      rail: "usdt-tron",
      provider: INVOICE,
    })
    const before = await ledger(collection)
    const statements: string[] = []
    const listen = ({ sql }: { sql: string }) => {
      if (/kobbopay_/.test(sql)) statements.push(sql)
    }
    await world().worker.drain()
    pg.on("query", listen)
    try {
      await payments().authorizePaymentSession(session.session_id, {})
    } finally {
      pg.removeListener("query", listen)
    }
    expect(
      statements.filter((sql) =>
        /for update|\b(update|insert into|delete from) kobbopay_/i.test(sql),
      ),
    ).toEqual([])
    expect(await ledger(collection)).toEqual(before)

    sandbox().pay(session.kobbopay_id, { amount: "10.5" })
    await payments().authorizePaymentSession(session.session_id, {})
    expect(await ledger(collection)).toMatchObject([{ state: "paid", target: "authorized" }])
  })
})
