import { z } from "@medusajs/framework/zod"
import { brandAs, type OrderId } from "../../src/domain/ids"
import { DEAD_AFTER_FAILURES } from "../../src/domain/schedule"
import { convergeEntitlements, emitChanges } from "../../src/work/entitlements"
import { appOf } from "../../src/work/app"
import { booksOf } from "../support/books"
import { Entitlements } from "../support/entitlements"
import { INVOICE } from "../support/store-accounts"
import { storeSuite, type World } from "../support/store-suite"

const orderView = z.object({
  payments: z.array(
    z.looseObject({ exceptions: z.array(z.looseObject({ class: z.string(), state: z.string() })) }),
  ),
})

/** PostgreSQL refuses what is written to a table for one order. */
async function refused(world: World, table: string, order: string): Promise<() => Promise<void>> {
  await world.rows(
    `CREATE FUNCTION refuse_it() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the disk is full'; END $$`,
  )
  await world.rows(
    `CREATE TRIGGER refuse_it BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW
       WHEN (NEW.order_id = '${order}') EXECUTE FUNCTION refuse_it()`,
  )
  return async () => {
    await world.rows(`DROP TRIGGER refuse_it ON ${table}`)
    await world.rows(`DROP FUNCTION refuse_it`)
  }
}

storeSuite("failing entitlements", (world) => {
  const entitlements = new Entitlements(world)
  const buy = () =>
    world().shopper.buy({
      product: world().store.digital,
      rail: "usdt-tron",
      provider: INVOICE,
    })
  const due = (order: string) =>
    world().rows(`UPDATE kobbopay_entitled_order SET due_at = now() WHERE id = ?`, [order])
  const onOrder = async (order: string) => {
    const seen = await world().merchant.call(`/admin/kobbopay/orders/${order}`, orderView)
    return seen.payments.flatMap(({ exceptions }) =>
      exceptions.map((one) => `${one.class} ${one.state}`),
    )
  }

  test("work on a paid order's entitlements that fails again and again is an exception on the order, until it succeeds", async () => {
    const { order, session, collectionId } = await buy()
    await world().worker.drain()
    const allow = await refused(world(), "kobbopay_entitlement", order.id)
    world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await world().worked(
      async () => (await booksOf(world(), collectionId)).captures.length === 1,
      "the capture",
    )
    await world().worked(async () => {
      await due(order.id)
      const [row] = await world().rows(
        `SELECT failures FROM kobbopay_entitled_order WHERE id = ?`,
        [order.id],
      )
      return Number(row?.["failures"]) >= DEAD_AFTER_FAILURES
    }, "the failures")
    expect(await onOrder(order.id)).toEqual(["entitlement_failed open"])
    const [fault] = await world().rows(
      `SELECT order_id, observed->>'failure' AS failure FROM kobbopay_exception`,
    )
    expect(fault).toEqual({ order_id: order.id, failure: expect.stringMatching(/disk is full/) })

    await allow()
    await due(order.id)
    await entitlements.become(order.id, ["released", 1, 0])
    expect(await onOrder(order.id)).toEqual(["entitlement_failed closed"])
  })

  test("an event that the bus refuses for long is an exception on its order, until it gets out", async () => {
    const { order, session } = await buy()
    world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await entitlements.become(order.id, ["released", 1, 0])
    await world().worker.drain()
    const waitingSince = (hours: number) =>
      world().rows(
        `UPDATE kobbopay_entitlement_change
            SET emitted_at = NULL, emitting_until = NULL, at = now() - ? * interval '1 hour'
          WHERE order_id = ?`,
        [hours, order.id],
      )
    const deps = appOf(world().container).deps
    const emit = () => Promise.reject(new Error("the bus is away"))
    const away = { ...deps, entitlements: { ...deps.entitlements, emit } }
    await waitingSince(0)
    await emitChanges(away)
    expect(await onOrder(order.id)).toEqual([])
    await waitingSince(1)
    await emitChanges(away)
    expect(await onOrder(order.id)).toEqual(["entitlement_failed open"])
    await emitChanges(deps)
    expect(await onOrder(order.id)).toEqual(["entitlement_failed closed"])
  })

  test("money captured on Paid stays held when its account is gone from the config", async () => {
    const deps = appOf(world().container).deps
    const { order, session, collectionId } = await buy()
    world().sandbox.control.pay(session.kobbopay_id, { amount: "10.5" })
    await world().worked(
      async () => (await booksOf(world(), collectionId)).payments === 1,
      "the payment",
    )
    // What a store that captures on Paid has by then.
    await world().rows(
      `INSERT INTO capture (id, payment_id, amount, raw_amount)
       SELECT 'capt_on_paid', id, 10.5, '{"value":"10.5","precision":20}' FROM payment
        WHERE payment_collection_id = ?`,
      [collectionId],
    )
    const gone = new Map([...deps.accounts].filter(([id]) => id !== "kobbopay"))
    for (const accounts of [gone, deps.accounts]) {
      await convergeEntitlements({ ...deps, accounts }, brandAs<OrderId>(order.id))
      expect(await entitlements.stands(order.id)).toEqual([["held", 0, 0]])
    }
  })
})
