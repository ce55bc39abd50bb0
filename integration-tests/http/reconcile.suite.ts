import { brandAs, type CollectionId } from "../../src/domain/ids"
import { beginRun, runReconciliation } from "../../src/work/reconcile"
import { appOf } from "../../src/work/app"
import { AUTHORIZED, AWAITING, booksOf, booksRest, CANCELLED, capturedFor } from "../support/books"
import { BY_HAND, CALM, reconcilesIn } from "../support/reconciliations"
import { AFTER, DOCS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

storeSuite("reconciliation", (world) => {
  const { buy, silence, run, ended } = reconcilesIn(world)
  const sandbox = () => world().sandbox.control
  const deps = () => appOf(world().container).deps

  describe("a run", () => {
    test("heals what missed its webhook, step by step, and its report says so", async () => {
      silence()
      const paid = await buy()
      const confirmed = await buy(DOCS)
      const expired = await buy(DOCS)
      const untouched = await buy(DOCS)
      sandbox().pay(paid.session.kobbopay_id, { amount: "10.5" })
      sandbox().pay(confirmed.session.kobbopay_id, { amount: "10.5", confirm: true })
      sandbox().expire(expired.session.kobbopay_id)
      expect(await run({ actor: "user_1" })).toMatchObject({
        ...CALM,
        trigger: "manual",
        actor: "user_1",
        state: "done",
        payments: 4,
        read: 4,
        moved: 3,
        finished_at: expect.any(String),
      })
      expect(await booksOf(world(), paid.collectionId)).toEqual(AUTHORIZED)
      expect(await booksOf(world(), confirmed.collectionId)).toEqual(capturedFor("10.5"))
      expect(await booksOf(world(), untouched.collectionId)).toEqual(AWAITING)
      await booksRest(world(), expired.collectionId, CANCELLED)
    })

    test("looks at what ended since the last one, and with `since` at what ended before", async () => {
      silence()
      const old = await buy(DOCS)
      sandbox().expire(old.session.kobbopay_id)
      await run()
      await world().rows(
        `UPDATE kobbopay_payment SET ended_at = now() - interval '3 days',
           next_check_at = now() + interval '1 hour' WHERE collection_id = ?`,
        [old.collectionId],
      )
      expect(await run()).toMatchObject({ ...CALM, payments: 0, read: 0 })
      const since = new Date(Date.now() - 4 * 24 * 3_600_000)
      sandbox().pay(old.session.kobbopay_id, { amount: "10.5", confirm: true })
      expect(await run({ since })).toMatchObject({ trigger: "backfill", payments: 1, read: 1 })
      expect((await booksOf(world(), old.collectionId)).open).toEqual(["order_cancelled"])
    })

    test("over an outage cancels nothing, finds no drift, and the next one catches up", async () => {
      silence()
      const paid = await buy()
      const unpaid = await ended()
      sandbox().pay(paid.session.kobbopay_id, { amount: "10.5", confirm: true })
      sandbox().expire(unpaid.session.kobbopay_id)
      sandbox().setWeather({ outage: true, drop: true })
      const during = await run()
      expect(during).toMatchObject({
        ...CALM,
        payments: 2,
        read: 0,
        moved: 0,
        failed_reads: 2,
        last_error: expect.any(String),
      })
      for (const { collectionId } of [paid, unpaid]) {
        expect(await booksOf(world(), collectionId)).toEqual(AWAITING)
      }
      sandbox().clearWeather()
      expect(await run()).toMatchObject({ ...CALM, payments: 2, read: 2, moved: 2 })
      expect(await booksOf(world(), paid.collectionId)).toEqual(capturedFor("10.5"))
      await booksRest(world(), unpaid.collectionId, CANCELLED)
    })

    test("puts off one account's reads for as long as its Retry-After asks, and not the other's", async () => {
      silence()
      const slow = [await buy(), await buy(), await buy()]
      const other = await world().shopper.checkout({
        product: world().store.digital,
        rail: "usdt-tron",
        provider: AFTER,
      })
      world().second.control.pay(other.session.kobbopay_id, { amount: "10.5", confirm: true })
      for (const { session } of slow) sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      sandbox().setWeather({ drop: true, rateLimit: { on: "read", retryAfterSeconds: 3600 } })
      expect(await run()).toMatchObject({
        payments: 4,
        read: 1,
        failed_reads: 0,
        put_off: 3,
        moved: 1,
        drift: {},
      })
      const checks = () =>
        world().rows(
          `SELECT next_check_at > now() + interval '50 minutes' AS late FROM kobbopay_payment
            WHERE account_id = 'kobbopay'`,
        )
      expect(await checks()).toEqual([{ late: true }, { late: true }, { late: true }])

      // The next run remembers the pause: it does not ask, although it would be answered.
      sandbox().setWeather({ rateLimit: false })
      expect(await run()).toMatchObject({ read: 1, put_off: 3 })
      await world().rows(`UPDATE kobbopay_reconciliation SET pauses = '{}'`)
      expect(await run()).toMatchObject({ read: 4, put_off: 0, moved: 3 })
    })

    test("is not kept from the others by a collection that cannot be worked", async () => {
      silence()
      const broken = await buy()
      const fine = await buy()
      for (const { session } of [broken, fine]) {
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      }
      const { medusa } = deps()
      const view: typeof medusa.view = (collection) =>
        collection === brandAs<CollectionId>(broken.collectionId)
          ? Promise.reject(new Error("Medusa shows nonsense"))
          : medusa.view(collection)
      const begun = await beginRun(deps(), BY_HAND)
      if (begun.is !== "started") throw new Error(`the run is ${begun.is}`)
      expect(
        await runReconciliation({ ...deps(), medusa: { ...medusa, view } }, begun.run),
      ).toMatchObject({
        state: "done",
        payments: 2,
        read: 1,
        failed_reads: 1,
        moved: 1,
        drift: {},
        last_error: expect.stringContaining("nonsense"),
      })
      expect(await booksOf(world(), fine.collectionId)).toEqual(capturedFor("10.5"))
      expect(await run()).toMatchObject({ ...CALM, payments: 2, read: 2, moved: 1 })
      expect(await booksOf(world(), broken.collectionId)).toEqual(capturedFor("10.5"))
    })
  })
})
