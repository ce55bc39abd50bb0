import { z } from "@medusajs/framework/zod"
import { reconcileWorkflow } from "../../src/workflows"
import { AWAITING, booksBecome, booksOf, CANCELLED, capturedFor } from "../support/books"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const report = z.object({ drift: z.record(z.string(), z.number()) })
const drift = z.object({ payment_id: z.string(), kind: z.string() })

/** What no rule foresaw: facts that contradict each other, written past every check, are found by one run. */
storeSuite("contradictions", (world) => {
  const sandbox = () => world().sandbox.control
  const buy = () =>
    world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider: INVOICE })
  const bought = async () => {
    const made = await buy()
    sandbox().pay(made.session.kobbopay_id, { amount: "10.5", confirm: true })
    await booksBecome(world(), made.collectionId, capturedFor("10.5"))
    await sandbox().quiet()
    await world().worker.drain()
    return made
  }
  const found = async () => {
    const { result } = await reconcileWorkflow(world().container).run({ input: {} })
    const open = z.array(drift).parse(
      await world().rows(
        `SELECT payment_id, observed->>'kind' AS kind FROM kobbopay_exception
          WHERE class = 'drift' AND state = 'open'`,
      ),
    )
    return { counted: report.parse(result).drift, kinds: open.map(({ kind }) => kind).join() }
  }
  const copy = (table: string, changes: Record<string, string>, where: string, id: string) => {
    const columns = Object.entries(changes)
    return world().rows(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, ?::jsonb)).* FROM ${table} t WHERE ${where} LIMIT 1`,
      [JSON.stringify(Object.fromEntries(columns)), id],
    )
  }

  test("a run over books that agree finds nothing", async () => {
    await bought()
    expect(await found()).toEqual({ counted: {}, kinds: "" })
  })

  test("one order captured twice", async () => {
    const { collectionId } = await bought()
    await copy(
      "capture",
      { id: "capt_planted" },
      "payment_id IN (SELECT id FROM payment WHERE payment_collection_id = ?)",
      collectionId,
    )
    const { kinds } = await found()
    expect(kinds).toMatch(/captured_more_than_asked|amount_differs/)
  })

  test("captured for another amount than the order's", async () => {
    const { collectionId } = await bought()
    await world().rows(
      `UPDATE capture SET amount = 9, raw_amount = '{"value": "9", "precision": 20}'
        WHERE payment_id IN (SELECT id FROM payment WHERE payment_collection_id = ?)`,
      [collectionId],
    )
    expect((await found()).kinds).toMatch(/amount_differs/)
  })

  test("an order that waits although its payments are over and nothing is due any more", async () => {
    const { collectionId, session } = await buy()
    sandbox().setWeather({ drop: true })
    sandbox().expire(session.kobbopay_id)
    await world().rows(
      `UPDATE kobbopay_payment SET state = 'expired', target = 'nothing', current = false,
          ended_at = now() - interval '3 hours', window_ends_at = now() - interval '3 hours',
          converged_at = now() WHERE collection_id = ?`,
      [collectionId],
    )
    await world().rows(`UPDATE kobbopay_collection SET due_at = NULL WHERE id = ?`, [collectionId])
    const { kinds } = await found()
    // The run either brings the order to its end, or tells.
    const { order } = await booksOf(world(), collectionId)
    expect(order === "canceled" || kinds.includes("order_open_payment_expired")).toBe(true)
  })

  test("an entitlement released for an order without money", async () => {
    const { collectionId, order } = await buy()
    await world().worker.drain()
    await booksBecome(world(), collectionId, AWAITING)
    await world().rows(
      `UPDATE kobbopay_entitlement SET state = 'released', released_quantity = quantity WHERE order_id = ?`,
      [order.id],
    )
    expect((await found()).kinds).toMatch(/released_without_money/)
  })

  test("a refund in Medusa that nobody sent", async () => {
    const { collectionId } = await bought()
    await world().rows(
      `INSERT INTO refund (id, amount, raw_amount, payment_id, created_by, created_at)
       SELECT 'ref_planted', 5, '{"value": "5", "precision": 20}', id, 'nobody', now() - interval '1 hour'
         FROM payment WHERE payment_collection_id = ?`,
      [collectionId],
    )
    expect((await found()).kinds).toMatch(/refunded_without_sending/)
  })

  test("stock that is still held back for an order that was cancelled", async () => {
    const { collectionId, session, order } = await buy()
    sandbox().expire(session.kobbopay_id)
    await booksBecome(world(), collectionId, CANCELLED)
    await world().rows(
      `UPDATE reservation_item SET deleted_at = NULL WHERE line_item_id IN
         (SELECT item_id FROM order_item WHERE order_id = ?)`,
      [order.id],
    )
    expect((await found()).kinds).toMatch(/stock_held_for_nothing/)
  })

  test("money that stands in nothing", async () => {
    const { collectionId, session } = await buy()
    sandbox().pay(session.kobbopay_id, { amount: "5", due: "10.5", confirm: true })
    await booksBecome(world(), collectionId, {
      ...AWAITING,
      ledger: ["partial"],
      open: ["underpaid"],
    })
    await world().rows(
      `UPDATE kobbopay_exception SET state = 'closed', actor = 'kobbopay', resolution = 'cleared'
        WHERE payment_id IN (SELECT id FROM kobbopay_payment WHERE collection_id = ?)`,
      [collectionId],
    )
    // It is judged again by the run, so it stands in its exception again, or is reported.
    const { kinds } = await found()
    const { open } = await booksOf(world(), collectionId)
    expect(open.includes("underpaid") || kinds.includes("money_in_nothing")).toBe(true)
  })
})
