import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type OrderId } from "../../src/domain/ids"
import { dueOrders } from "../../src/store/entitled-orders"
import { emitChanges, repairEntitlements } from "../../src/work/entitlements"
import { appOf } from "../../src/work/app"
import { convergeEntitlementsWorkflow } from "../../src/workflows"
import mailLicenceKey from "../examples/mail-licence-key"
import { Entitlements } from "../support/entitlements"
import { convergesLikeTheRule } from "../support/entitlement-history"
import { salesIn } from "../support/entitlement-sales"
import { storeSuite } from "../support/store-suite"

storeSuite("entitlements through repairs, repetitions and crashes", (world) => {
  const entitlements = new Entitlements(world)
  beforeAll(() => entitlements.listen())
  const { buy, released, count } = salesIn(world, entitlements)

  test("the repair finds an order that lacks its entitlements, and a refund that no event reported", async () => {
    const { order, collectionId } = await released()
    for (const table of ["entitled_order", "entitlement", "entitlement_change"]) {
      await world().rows(`DELETE FROM kobbopay_${table}`)
    }
    const deps = appOf(world().container).deps
    expect(await repairEntitlements(deps, 100)).toBe(1)
    expect(await entitlements.stands(order.id)).toEqual([["released", 1, 0]])
    expect(await repairEntitlements(deps, 100)).toBe(0)

    const [medusas] = await world().rows(
      `INSERT INTO refund (id, payment_id, amount, raw_amount)
       SELECT 'ref_untold', id, amount, raw_amount FROM payment WHERE payment_collection_id = ?
       RETURNING id`,
      [collectionId],
    )
    expect(medusas).toBeDefined()
    await repairEntitlements(deps, 100)
    expect(await entitlements.stands(order.id)).toEqual([["released", 1, 0]])
    await repairEntitlements({ ...deps, now: () => new Date(Date.now() + 2 * 3_600_000) }, 100)
    expect(await entitlements.stands(order.id)).toEqual([["revoked", 0, 1]])
  })

  test("many at once make one entitlement, and one event for each change", async () => {
    const { order } = await released()
    const runs = Array.from({ length: 6 }, () =>
      convergeEntitlementsWorkflow(world().container).run({ input: { order_id: order.id } }),
    )
    await Promise.all(runs)
    await world().worked(() => entitlements.receivedFor(order.id).length >= 2, "its events")
    expect(entitlements.receivedFor(order.id)).toEqual([
      ["held", 1],
      ["released", 1],
    ])
    expect(await count(`kobbopay_entitlement WHERE order_id = ?`, order.id)).toBe(1)
  })

  test("an order of many payments is woken once, however long that takes", async () => {
    await world().rows(
      dueOrders(`(SELECT 'order_many' AS order_id
      FROM generate_series(1, 50000)) AS many`),
    )
    expect(await count(`kobbopay_entitled_order WHERE id = ?`, "order_many")).toBe(1)
  })

  test("an event that was not handed on comes later, and what is mailed upon it is mailed once", async () => {
    const { order } = await released({ quantity: 2 })
    await world().worked(() => entitlements.receivedFor(order.id).length >= 2, "its events")
    const first = entitlements.received.find(
      (one) => one.order_id === order.id && one.kind === "released",
    )
    await world().rows(
      `UPDATE kobbopay_entitlement_change SET emitted_at = NULL WHERE kind = 'released'`,
    )
    const deps = appOf(world().container).deps
    const deaf = () => Promise.reject(new Error("the bus is down"))
    const down = { ...deps, log: { ...deps.log, warn: jest.fn() } }
    await emitChanges({ ...down, entitlements: { ...deps.entitlements, emit: deaf } })
    expect(down.log.warn).toHaveBeenCalledWith(expect.stringMatching(/the bus is down/))
    expect(entitlements.receivedFor(order.id)).toHaveLength(2)
    await emitChanges(deps)
    await world().worked(() => entitlements.receivedFor(order.id).length === 3, "the event again")
    expect(entitlements.received.at(-1)).toEqual(first)

    const data = z.object({ id: z.string(), key: z.string() }).loose().parse(first)
    for (let delivery = 0; delivery < 2; delivery++) {
      await mailLicenceKey({
        event: {
          name: "kobbopay.entitlement.released",
          data: { ...data, order_id: order.id, quantity: 2 },
          metadata: {},
        },
        container: world().container,
        pluginOptions: {},
      })
    }
    const mails = await world()
      .container.resolve(Modules.NOTIFICATION)
      .listNotifications({ template: "licence-key" })
    expect(mails).toMatchObject([
      { to: "shopper@example.com", idempotency_key: data.key, data: { title: "E-book" } },
    ])
    const { keys } = z.object({ keys: z.array(z.string()) }).parse(mails[0]?.data)
    expect(new Set(keys).size).toBe(2)
  })

  test("whatever happens in whatever order, with crashes and twice at once, ends as the rule says, and each change is emitted once", async () => {
    const { order } = await buy()
    await entitlements.become(order.id, ["held", 0, 0])
    await convergesLikeTheRule(appOf(world().container).deps, brandAs<OrderId>(order.id))
  })
})
