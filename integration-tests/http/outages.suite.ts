import { runtime } from "../../src/runtime"
import type { WeatherPatch } from "../../src/sandbox"
import {
  checkAll,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
} from "../support/books"
import type { Purchase } from "../support/shopper"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

storeSuite("outages of Kobbopay", (world) => {
  const sandbox = () => world().sandbox.control
  const ebook = (provider: string): Purchase => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
  })
  const buy = (provider: string) => world().shopper.buy(ebook(provider))
  const silence = () => sandbox().setWeather({ drop: true })

  describe.each([
    ["invoice", INVOICE],
    ["docs", DOCS],
  ])("on an account of the %s profile", (profile, provider) => {
    describe("while Kobbopay's answers are no good", () => {
      // Of several tries only the last counts here, so none has to be waited for.
      beforeEach(() => {
        jest.spyOn(runtime.client, "sleep").mockResolvedValue()
      })
      afterEach(() => {
        jest.restoreAllMocks()
      })

      const kinds = ["html", "truncated", "cut", "wrong_types", "empty"] as const
      const weathers = (on: "read" | "transaction"): WeatherPatch[] => [
        ...kinds.map((kind) => ({ garbage: { on, kind } })),
        { rateLimit: { on, retryAfterSeconds: null } },
        { rateLimit: { on, retryAfterSeconds: 999_999_999 } },
        { serverError: { on, status: 500 } },
      ]
      const steps = profile === "invoice" ? (["read", "transaction"] as const) : (["read"] as const)

      test.each(steps)(
        "at each %s: nothing moves, nothing is cancelled; then it heals",
        async (on) => {
          silence()
          const paid = await buy(provider)
          const unpaid = await buy(provider)
          sandbox().pay(paid.session.kobbopay_id, { amount: "10.5", confirm: true })
          for (const weather of weathers(on)) {
            sandbox().clearWeather()
            sandbox().setWeather(weather)
            for (const { collectionId } of on === "read" ? [paid, unpaid] : [paid]) {
              await checkAll(world(), collectionId)
              const books = await booksOf(world(), collectionId)
              expect({ weather, books: { ...books, unworked: 0 } }).toEqual({
                weather,
                books: AWAITING,
              })
            }
          }
          sandbox().clearWeather()
          sandbox().expire(unpaid.session.kobbopay_id)
          for (const { collectionId } of [paid, unpaid]) await checkAll(world(), collectionId)
          await booksBecome(world(), paid.collectionId, capturedFor("10.5"))
          await booksBecome(world(), unpaid.collectionId, CANCELLED)
        },
      )

      test("or do not come in time: nothing moves; then it heals", async () => {
        silence()
        const { collectionId, session } = await buy(provider)
        sandbox().setWeather({ slowMs: { on: steps[steps.length - 1], ms: 3_000 } })
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        await checkAll(world(), collectionId)
        await booksRest(world(), collectionId, AWAITING)
        const [row] = await world().rows(
          `SELECT last_error FROM kobbopay_payment WHERE collection_id = ?`,
          [collectionId],
        )
        expect(row).toEqual({ last_error: "Kobbopay gave no answer within 2000 ms" })
        sandbox().clearWeather()
        await checkAll(world(), collectionId)
        await booksBecome(world(), collectionId, capturedFor("10.5"))
      })

      test("for long enough it is shown to the merchant, until it is over", async () => {
        const { collectionId, session } = await buy(provider)
        await sandbox().quiet()
        await world().worker.drain()
        sandbox().setWeather({ garbage: { on: "read", kind: "html" } })
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        await world().rows(`UPDATE kobbopay_collection SET failures = 11 WHERE id = ?`, [
          collectionId,
        ])
        await checkAll(world(), collectionId)
        expect(await booksOf(world(), collectionId)).toMatchObject({
          open: ["dead"],
          captures: [],
          order: "pending",
        })
        sandbox().clearWeather()
        await checkAll(world(), collectionId)
        await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["dead"] })
      })

      test("a Retry-After of years puts a check off by no more than an hour", async () => {
        const { collectionId, session } = await buy(provider)
        sandbox().setWeather({ rateLimit: { on: "read", retryAfterSeconds: 999_999_999 } })
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
        const waiting = () =>
          world().rows(
            `SELECT e.next_attempt_at < now() + interval '61 minutes' AS event,
                    p.next_check_at < now() + interval '61 minutes' AS payment
               FROM kobbopay_payment p JOIN kobbopay_event e ON e.payment_id = p.id
              WHERE p.collection_id = ? AND e.state = 'received' AND p.failures > 0`,
            [collectionId],
          )
        await world().worked(async () => (await waiting()).length > 0, "a check that was put off")
        for (const row of await waiting()) expect(row).toEqual({ event: true, payment: true })
      })
    })
  })
})
