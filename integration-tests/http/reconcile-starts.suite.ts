import { z } from "@medusajs/framework/zod"
import reconcileJob from "../../src/jobs/kobbopay-reconcile"
import { runById } from "../../src/store/reconciliation"
import { beginRun, runReconciliation } from "../../src/work/reconcile"
import { appOf } from "../../src/work/app"
import { AWAITING, booksOf, capturedFor } from "../support/books"
import { HttpError } from "../support/http"
import { BY_HAND, CALM, reconcilesIn, report } from "../support/reconciliations"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"
const answer = z.object({ reconciliation: report })

storeSuite("who starts a reconciliation", (world) => {
  const { buy, silence, run } = reconcilesIn(world)
  const sandbox = () => world().sandbox.control
  const deps = () => appOf(world().container).deps
  const another = () => ({ ...deps(), owner: "another process" })
  const idOf = async (collection: string) => {
    const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE collection_id = ?`, [
      collection,
    ])
    return String(row?.["id"])
  }

  describe("a run", () => {
    test("killed in the middle is taken up by another process where it stopped", async () => {
      silence()
      const first = await buy()
      const second = await buy()
      const begun = await beginRun(deps(), BY_HAND)
      if (begun.is !== "started") throw new Error(`the run is ${begun.is}`)
      // What a process leaves behind that is killed after the first payment's batch was committed.
      await world().rows(
        `UPDATE kobbopay_reconciliation SET cursor = ?, payments = 1, read = 1 WHERE id = ?`,
        [await idOf(first.collectionId), begun.run.id],
      )
      for (const { session } of [first, second]) {
        sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      }
      expect(await beginRun(another(), BY_HAND)).toMatchObject({
        is: "busy",
        run: { id: begun.run.id },
      })
      await world().rows(
        `UPDATE kobbopay_reconciliation SET lease_until = now() - interval '1 second'`,
      )

      const taken = await beginRun(another(), BY_HAND)
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
          beginRun({ ...deps(), owner: `process ${n}` }, BY_HAND),
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
          { withinMs: 30_000, what: "the scheduled run being done" },
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
        { withinMs: 30_000, what: "the second run being done" },
      )
    })
  })
})
