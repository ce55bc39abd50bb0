import { STORM } from "../../src/sandbox"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  transitionsOf,
  CANCELLED,
  capturedFor,
} from "../support/books"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

storeSuite("weather", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (provider: string) =>
    world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
  const pay = (id: string, amount = "10.5") => sandbox().pay(id, { amount })
  const payAndConfirm = (id: string, amount = "10.5") =>
    sandbox().pay(id, { amount, confirm: true })
  const eventsOf = (id: string) =>
    world().rows(
      `SELECT type, state, outcome, times_seen FROM kobbopay_event WHERE kobbopay_ids @> ARRAY[?]::text[]
        ORDER BY received_at`,
      [id],
    )

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (_profile, provider) => {
    test("every event six times and out of order: one capture, and nothing moves back", async () => {
      sandbox().setWeather({ duplicates: { copies: 5 }, reorder: { probability: 0.5 } })
      const { collectionId, session } = await buy(provider)
      payAndConfirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await booksRest(world(), collectionId, capturedFor("10.5"))
      const seen = await eventsOf(session.kobbopay_id)
      expect(seen.map(({ state }) => state)).toEqual(seen.map(() => "done"))
      for (const { times_seen } of seen) expect(times_seen).toBeGreaterThanOrEqual(6)
      const [first, ...rest] = await transitionsOf(world(), collectionId)
      expect(first).toBe("pending")
      expect([["confirmed"], ["paid", "confirmed"]]).toContainEqual(rest)
    })

    test("Confirmed before Paid captures, and the late Paid changes nothing", async () => {
      sandbox().setWeather({ reorder: { count: 1, holdMs: 20_000 } })
      const { collectionId, session } = await buy(provider)
      payAndConfirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      sandbox().announce(session.kobbopay_id, "payment.paid")
      await sandbox().quiet()
      await world().worker.drain()
      // What only repeats a report waits for a while after a read.
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, capturedFor("10.5"))
      expect(await transitionsOf(world(), collectionId)).not.toContain("expired")
    })

    test("not one webhook comes through: the sweep heals it, step by step", async () => {
      sandbox().setWeather({ drop: true })
      const { collectionId, session } = await buy(provider)
      pay(session.kobbopay_id)
      await booksRest(world(), collectionId, AWAITING)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, AUTHORIZED)
      sandbox().confirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await eventsOf(session.kobbopay_id)).toEqual([])
    })

    test("an event that reports more than the read waits, and captures nothing before the read says so", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().announce(session.kobbopay_id, "payment.confirmed")
      const waiting = { ...AWAITING, unworked: 1 }
      await booksRest(world(), collectionId, waiting)
      await allDue(world(), collectionId)
      await booksRest(world(), collectionId, waiting)

      pay(session.kobbopay_id)
      await booksBecome(world(), collectionId, { ...AUTHORIZED, unworked: 1 })
      sandbox().confirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    })

    test("an event that the reads never bear out becomes an exception, until they do", async () => {
      const { collectionId, session } = await buy(provider)
      sandbox().announce(session.kobbopay_id, "payment.confirmed")
      await booksRest(world(), collectionId, { ...AWAITING, unworked: 1 })
      await world().rows(
        `UPDATE kobbopay_event SET received_at = received_at - interval '16 minutes' WHERE state = 'received'`,
      )
      await allDue(world(), collectionId)
      await booksBecome(world(), collectionId, {
        ...AWAITING,
        open: ["ambiguous_finality"],
      })
      payAndConfirm(session.kobbopay_id)
      await allDue(world(), collectionId)
      const healed = { ...capturedFor("10.5"), closed: ["ambiguous_finality"] }
      await booksBecome(world(), collectionId, healed)
    })

    test.each([
      ["resets every connection", { outage: true }],
      ["answers 503", { serverError: { on: "read" as const } }],
      ["limits the rate", { rateLimit: { on: "read" as const, retryAfterSeconds: 3600 } }],
      ["answers nonsense", { garbage: { on: "read" as const } }],
    ])("while Kobbopay %s nothing moves; afterwards it heals", async (_what, weather) => {
      const paid = await buy(provider)
      const unpaid = await buy(provider)
      sandbox().setWeather(weather)
      payAndConfirm(paid.session.kobbopay_id)
      sandbox().expire(unpaid.session.kobbopay_id)
      await until(async () => (await booksOf(world(), paid.collectionId)).unworked > 0, {
        withinMs: 30_000,
        what: "the events being recorded",
      })
      for (const { collectionId } of [paid, unpaid]) {
        await allDue(world(), collectionId)
        await world().worker.drain()
        const books = await booksOf(world(), collectionId)
        expect({ ...books, unworked: 0 }).toEqual(AWAITING)
      }

      sandbox().clearWeather()
      for (const { collectionId } of [paid, unpaid]) await allDue(world(), collectionId)
      await booksBecome(world(), paid.collectionId, capturedFor("10.5"))
      await booksBecome(world(), unpaid.collectionId, CANCELLED)
    })

    test("reads that lag behind the events put the capture off, and lose nothing", async () => {
      sandbox().setWeather({ laggingReads: { reads: 2 } })
      const { collectionId, session } = await buy(provider)
      payAndConfirm(session.kobbopay_id)
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      expect(await transitionsOf(world(), collectionId)).not.toContain("expired")
    })

    test("a storm over several orders ends with each paid once and the unpaid one cancelled", async () => {
      const orders = [await buy(provider), await buy(provider), await buy(provider)]
      const unpaid = await buy(provider)
      sandbox().setWeather(STORM)
      for (const { session } of orders) payAndConfirm(session.kobbopay_id)
      sandbox().expire(unpaid.session.kobbopay_id)
      await sandbox().quiet()
      await world().worker.drain()
      sandbox().clearWeather()
      sandbox().announce(unpaid.session.kobbopay_id, "payment.expired")
      for (const { collectionId } of [...orders, unpaid]) await allDue(world(), collectionId)
      for (const { collectionId } of orders) {
        await booksBecome(world(), collectionId, capturedFor("10.5"))
      }
      await booksBecome(world(), unpaid.collectionId, CANCELLED)
    })
  })
})
