import { Modules } from "@medusajs/framework/utils"
import { cancelOrderWorkflow } from "@medusajs/medusa/core-flows"
import { z } from "@medusajs/framework/zod"
import reconcileJob from "../../src/jobs/kobbopay-reconcile"
import { brandAs, type CollectionId } from "../../src/domain/ids"
import { runById } from "../../src/store/reconciliation"
import { beginRun, runReconciliation } from "../../src/work/reconcile"
import { appOf } from "../../src/work/app"
import { reconcileWorkflow, type ReconcileInput } from "../../src/workflows"
import {
  allDue,
  AUTHORIZED,
  AWAITING,
  booksBecome,
  booksOf,
  booksRest,
  CANCELLED,
  capturedFor,
} from "../support/books"
import { HttpError } from "../support/http"
import { AFTER, DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

const counts = z.record(z.string(), z.number())
const report = z.object({
  id: z.string(),
  trigger: z.string(),
  actor: z.string().nullable(),
  state: z.string(),
  finished_at: z.string().nullable(),
  payments: z.number(),
  read: z.number(),
  moved: z.number(),
  failed_reads: z.number(),
  put_off: z.number(),
  mended: counts,
  drift: counts,
  last_error: z.string().nullable(),
})
const answer = z.object({ reconciliation: report })
const CALM = { failed_reads: 0, put_off: 0, mended: {}, drift: {}, last_error: null }

storeSuite("reconciliation", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = (provider = INVOICE) =>
    world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
  /** Lets no webhook through, so that only a run moves anything. */
  const silence = () => {
    sandbox().setWeather({ drop: true })
    world().second.control.setWeather({ drop: true })
  }
  const run = async (input: ReconcileInput = {}) =>
    report.parse((await reconcileWorkflow(world().container).run({ input })).result)
  const deps = () => appOf(world().container).deps
  const another = () => ({ ...deps(), owner: "another process" })
  const request = { trigger: "manual", actor: null, since: null, notWithinMs: 0 } as const
  const idOf = async (collection: string) => {
    const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE collection_id = ?`, [
      collection,
    ])
    return String(row?.["id"])
  }
  const drifts = (collection: string) =>
    world().rows(
      `SELECT e.state, e.observed->>'kind' AS kind, e.actor FROM kobbopay_exception e
         JOIN kobbopay_payment p ON p.id = e.subject_id
        WHERE e.class = 'drift' AND p.collection_id = ? ORDER BY e.opened_at`,
      [collection],
    )
  const openDrift = (kind: string) => [{ state: "open", kind, actor: null }]
  const closedDrift = (kind: string) => [{ state: "closed", kind, actor: "kobbopay" }]
  /** An order that is paid for, with every webhook received and nothing left to do. */
  const bought = async (provider = INVOICE) => {
    const made = await buy(provider)
    sandbox().pay(made.session.kobbopay_id, { amount: "10.5", due: "10.5", confirm: true })
    await booksBecome(world(), made.collectionId, capturedFor("10.5"))
    return made
  }
  /** An order whose payment's time to pay is long over; reads of its account can say Expired. */
  const ended = async () => {
    const made = await buy(DOCS)
    await world().rows(
      `UPDATE kobbopay_payment SET window_ends_at = now() - interval '2 hours' WHERE collection_id = ?`,
      [made.collectionId],
    )
    return made
  }

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
      const begun = await beginRun(deps(), request)
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

    test("killed in the middle is taken up by another process where it stopped", async () => {
      silence()
      const first = await buy()
      const second = await buy()
      const begun = await beginRun(deps(), request)
      if (begun.is !== "started") throw new Error(`the run is ${begun.is}`)
      // What a process leaves behind that is killed after the first payment's batch was committed.
      await world().rows(
        `UPDATE kobbopay_reconciliation SET cursor = ?, payments = 1, read = 1 WHERE id = ?`,
        [await idOf(first.collectionId), begun.run.id],
      )
      for (const { session } of [first, second]) {
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      }
      expect(await beginRun(another(), request)).toMatchObject({
        is: "busy",
        run: { id: begun.run.id },
      })
      await world().rows(
        `UPDATE kobbopay_reconciliation SET lease_until = now() - interval '1 second'`,
      )

      const taken = await beginRun(another(), request)
      expect(taken).toMatchObject({ is: "resumed", run: { id: begun.run.id } })
      if (taken.is !== "resumed") return
      expect(await runReconciliation(another(), taken.run)).toMatchObject({
        state: "done",
        payments: 2,
        read: 2,
        moved: 1,
      })
      expect(await booksOf(world(), first.collectionId)).toEqual(AWAITING)
      expect(await booksOf(world(), second.collectionId)).toEqual(capturedFor("10.5"))

      // The one that was only slow can write no more.
      await runReconciliation(deps(), begun.run)
      expect(await runById(world().service.sql, begun.run.id)).toMatchObject({ payments: 2 })
      expect(await booksOf(world(), first.collectionId)).toEqual(AWAITING)
    })

    test("is started by one of many processes; the others learn of it", async () => {
      const begun = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          beginRun({ ...deps(), owner: `process ${n}` }, request),
        ),
      )
      expect(begun.map(({ is }) => is).sort()).toEqual([...Array(5).fill("busy"), "started"])
      await expect(run()).rejects.toMatchObject({
        message: expect.stringMatching(/under way already/),
      })
      const refused = await world()
        .merchant.call("/admin/kobbopay/reconciliations", answer, { body: {} })
        .catch((cause: unknown) => cause)
      expect(refused).toBeInstanceOf(HttpError)
      expect(refused).toMatchObject({ status: 409, message: expect.stringMatching(/under way/) })
    })

    test("is asked for in the admin, and its report read there", async () => {
      silence()
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      const path = "/admin/kobbopay/reconciliations"
      const { reconciliation } = await world().merchant.call(path, answer, { body: {} })
      expect(reconciliation).toMatchObject({
        trigger: "manual",
        actor: expect.stringMatching(/^user_/),
      })
      const done = await until(
        async () => {
          const seen = await world().merchant.call(`${path}/${reconciliation.id}`, answer)
          return seen.reconciliation.state === "done" && seen.reconciliation
        },
        { withinMs: 20_000, what: "the run being done" },
      )
      expect(done).toMatchObject({ ...CALM, payments: 1, read: 1, moved: 1 })
      expect(await booksOf(world(), collectionId)).toEqual(capturedFor("10.5"))
      const list = z.object({ reconciliations: z.array(report), count: z.number() })
      expect(await world().merchant.call(`${path}?limit=1`, list)).toMatchObject({
        reconciliations: [{ id: reconciliation.id }],
        count: 1,
      })
      const faulty = world().merchant.call(path, answer, { body: { since: "yesterday" } })
      await expect(faulty).rejects.toMatchObject({ status: 400 })
      const stranger = await fetch(`${world().url}${path}`, { method: "POST" })
      expect(stranger.status).toBe(401)
    })

    test("comes by itself once a day, in one process, and not while the sweep is off", async () => {
      const runs = async () =>
        (await world().rows(`SELECT state, trigger FROM kobbopay_reconciliation`)).length
      await reconcileJob(world().container)
      expect(await runs()).toBe(0)
      jest.replaceProperty(world().service, "settings", {
        ...world().service.settings,
        sweep: "scheduled",
      })
      try {
        await Promise.all([1, 2, 3].map(() => reconcileJob(world().container)))
        await until(
          async () =>
            (await world().rows(`SELECT id FROM kobbopay_reconciliation WHERE state = 'done'`))
              .length === 1,
          { withinMs: 10_000, what: "the scheduled run being done" },
        )
        await reconcileJob(world().container)
        expect(await runs()).toBe(1)
        await world().rows(
          `UPDATE kobbopay_reconciliation SET started_at = started_at - interval '25 hours'`,
        )
        await reconcileJob(world().container)
        expect(await runs()).toBe(2)
      } finally {
        jest.restoreAllMocks()
      }
      await until(
        async () =>
          (await world().rows(`SELECT id FROM kobbopay_reconciliation WHERE state = 'running'`))
            .length === 0,
        { withinMs: 10_000, what: "the second run being done" },
      )
    })
  })

  describe("drift", () => {
    /** Found by two runs, once; closed by the first run after it was mended. */
    const foundOnce = async (collection: string, kind: string, mend: () => Promise<unknown>) => {
      expect((await run()).drift).toEqual({ [kind]: 1 })
      expect(await drifts(collection)).toEqual(openDrift(kind))
      expect((await run()).drift).toEqual({ [kind]: 1 })
      expect(await drifts(collection)).toEqual(openDrift(kind))
      await mend()
      expect((await run()).drift).toEqual({})
      expect(await drifts(collection)).toEqual(closedDrift(kind))
    }

    test("confirmed there and not captured here is found once, and closes when it is captured", async () => {
      const { collectionId } = await bought()
      // Medusa refuses every capture: its payment is marked as cancelled.
      await world().rows(
        `UPDATE order_transaction SET deleted_at = now() WHERE reference = 'capture' AND order_id IN
           (SELECT order_id FROM kobbopay_payment WHERE collection_id = ?)`,
        [collectionId],
      )
      await world().rows(`UPDATE capture SET deleted_at = now()`)
      await world().rows(`UPDATE payment SET captured_at = NULL, canceled_at = now()`)
      await world().rows(`UPDATE kobbopay_payment SET converged_at = NULL`)
      // What it released would be emitted, too.
      await world().rows(`UPDATE kobbopay_entitlement SET state = 'held', released_quantity = 0`)
      await foundOnce(collectionId, "paid_there_unpaid_here", () =>
        world().rows(`UPDATE payment SET canceled_at = NULL`),
      )
      await booksRest(world(), collectionId, { ...capturedFor("10.5"), closed: ["drift"] })
    })

    test("a capture that fell out of Medusa's books is put right by the run, which counts it", async () => {
      const { collectionId } = await bought()
      await world().rows(`UPDATE order_transaction SET deleted_at = now()`)
      await world().rows(`UPDATE capture SET deleted_at = now()`)
      await world().rows(`UPDATE payment SET captured_at = NULL`)
      await world().rows(`UPDATE kobbopay_payment SET converged_at = NULL`)
      expect(await run()).toMatchObject({
        ...CALM,
        payments: 1,
        read: 1,
        moved: 0,
        mended: { paid_there_unpaid_here: 1 },
      })
      expect(await booksOf(world(), collectionId)).toEqual(capturedFor("10.5"))
    })

    test("captured here and not confirmed there is found once, and closes when it is confirmed", async () => {
      silence()
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10.5" })
      await run()
      await booksBecome(world(), collectionId, AUTHORIZED)
      await world().rows(`INSERT INTO capture (id, amount, raw_amount, payment_id)
        SELECT 'capt_by_hand', amount, raw_amount, id FROM payment`)
      await foundOnce(collectionId, "captured_here_not_confirmed_there", async () => {
        sandbox().confirm(session.kobbopay_id)
        await world().rows(`UPDATE capture SET created_at = now() - interval '5 minutes'`)
      })
    })

    test("an amount captured that is not what was asked for is found once, and closes when mended", async () => {
      const { collectionId } = await bought()
      const capture = (amount: string) =>
        world().rows(
          `UPDATE capture SET amount = ?, raw_amount = jsonb_build_object('value', ?::text, 'precision', 20)`,
          [amount, amount],
        )
      await capture("12")
      await foundOnce(collectionId, "amount_differs", () => capture("10.5"))
    })

    test("Kobbopay expecting another amount is found once, and closes when it expects the same", async () => {
      silence()
      const { collectionId } = await buy(DOCS)
      const expected = (minor: string) =>
        world().rows(`UPDATE kobbopay_payment SET expected_minor = ? WHERE collection_id = ?`, [
          minor,
          collectionId,
        ])
      await expected("10500001")
      await foundOnce(collectionId, "amount_differs", () => expected("10500000"))
    })

    test("an order cancelled while nobody listened is recorded by the run", async () => {
      silence()
      const { collectionId, order, session } = await buy()
      await cancelOrderWorkflow(world().container).run({ input: { order_id: order.id } })
      await world().worked(
        async () =>
          (
            await world().rows(
              `SELECT id FROM kobbopay_collection WHERE id = ? AND order_cancelled_at IS NOT NULL`,
              [collectionId],
            )
          ).length,
        "the order's end being recorded",
      )
      await world().rows(`UPDATE kobbopay_collection SET order_cancelled_at = NULL WHERE id = ?`, [
        collectionId,
      ])
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      expect(await run()).toMatchObject({ ...CALM, mended: { order_cancelled_unnoticed: 1 } })
      const books = await booksOf(world(), collectionId)
      expect(books).toMatchObject({ order: "canceled", open: ["order_cancelled"], captures: [] })
      expect(await drifts(collectionId)).toEqual([])
    })

    test("an order that waits on although its payment ended is found once, and closes with the order", async () => {
      silence()
      const { collectionId, session, order } = await ended()
      // An event that nobody could work keeps the order from being cancelled.
      await world().rows(
        `INSERT INTO kobbopay_event (id, account_id, body_hash, delivery_ids, type, kobbopay_ids, raw_body,
           secret_index, received_at, last_seen_at, next_attempt_at, payment_id, collection_id, reported_state)
         SELECT 'kpevt_stuck', account_id, 'hash', '{}', 'payment.confirmed', ARRAY[kobbopay_id], '{}', 0,
                now(), now(), now() + interval '1 hour', id, collection_id, 'confirmed'
           FROM kobbopay_payment WHERE collection_id = ?`,
        [collectionId],
      )
      sandbox().expire(session.kobbopay_id)
      await foundOnce(collectionId, "order_open_payment_expired", () =>
        world().rows(`UPDATE kobbopay_event SET state = 'done' WHERE id = 'kpevt_stuck'`),
      )
      expect((await world().shopper.order(order.id)).status).toBe("canceled")
    })

    test("a payment that Kobbopay does not know is found once, and closes when it knows it", async () => {
      silence()
      const { collectionId, session } = await buy(DOCS)
      const rename = (id: string) =>
        world().rows(`UPDATE kobbopay_payment SET kobbopay_id = ? WHERE collection_id = ?`, [
          id,
          collectionId,
        ])
      await rename("nowhere")
      await foundOnce(collectionId, "unknown_at_kobbopay", () => rename(session.kobbopay_id))
    })

    test("what a person set aside over the same fact does not open again", async () => {
      silence()
      const { collectionId } = await buy(DOCS)
      await world().rows(`UPDATE kobbopay_payment SET expected_minor = '10500001'`)
      await run()
      await world().rows(
        `UPDATE kobbopay_exception SET state = 'closed', actor = 'user_1', resolution = 'no_action'`,
      )
      expect((await run()).drift).toEqual({ amount_differs: 1 })
      expect(await drifts(collectionId)).toEqual([
        { state: "closed", kind: "amount_differs", actor: "user_1" },
      ])
    })

    test("is not seen in an order that another payment pays for, nor while Kobbopay is away", async () => {
      silence()
      const { collectionId, session } = await ended()
      sandbox().expire(session.kobbopay_id)
      const payments = world().container.resolve(Modules.PAYMENT)
      const other = await payments.createPaymentSession(collectionId, {
        provider_id: "pp_system_default",
        currency_code: "usd",
        amount: 10.5,
        data: {},
      })
      await payments.authorizePaymentSession(other.id, {})
      expect(await run()).toMatchObject({ ...CALM, read: 1, moved: 1 })
      expect((await booksOf(world(), collectionId)).order).toBe("pending")
      await allDue(world(), collectionId)
      expect(await run()).toMatchObject({ drift: {} })
    })
  })
})
