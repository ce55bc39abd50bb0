import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { convergeEntitlementsWorkflow } from "../../src/workflows"
import { salesIn } from "../support/entitlement-sales"
import { entitlementList, Entitlements } from "../support/entitlements"
import type { Shopper } from "../support/shopper"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})
const guestList = z.object({ entitlements: z.array(z.record(z.string(), z.unknown())) })

storeSuite("who decides about entitlements, and who sees them", (world) => {
  const entitlements = new Entitlements(world)
  beforeAll(() => entitlements.listen())
  const { released, refund } = salesIn(world, entitlements)

  test("a person's hold, release and revocation stand, with their reason, until the next one", async () => {
    const { order, collectionId } = await released({ quantity: 2 })
    const { id } = await entitlements.one(order.id)
    await expect(entitlements.decide(id, "hold", {})).rejects.toThrow(/400: .*reason/s)
    await expect(entitlements.decide("kpent_none", "hold")).rejects.toThrow(/404/)
    const rule = async () => {
      await convergeEntitlementsWorkflow(world().container).run({ input: { order_id: order.id } })
      return (await entitlements.stands(order.id))[0]
    }
    expect(await entitlements.decide(id, "hold")).toMatchObject({ state: "held", decision: "hold" })
    expect(await rule()).toEqual(["held", 0, 0])
    await entitlements.decide(id, "resume")
    expect(await rule()).toEqual(["released", 2, 0])
    expect((await entitlements.decide(id, "revoke")).state).toBe("revoked")
    expect(await rule()).toEqual(["revoked", 0, 2])
    await expect(entitlements.decide(id, "hold")).rejects.toThrow(/400: .*nothing to hold/)
    await entitlements.decide(id, "release", { reason: "it was a mistake" })
    expect(await rule()).toEqual(["released", 2, 0])
    await refund(collectionId, "21")
    await entitlements.become(order.id, ["revoked", 0, 2])
    await entitlements.decide(id, "release", { reason: "keeps it, with our regards" })
    expect(await rule()).toEqual(["released", 2, 0])
    const { history, decided_by: by } = await entitlements.detail(id)
    expect(by).toMatch(/^user_/)
    expect(history.filter((one) => one.actor === by).map((one) => one.reason)).toEqual([
      "hold: because",
      "by hand: because",
      "the rule decides again: because",
      "the order is covered (confirmed): because",
      "revoke: because",
      "by hand: because",
      "release: it was a mistake",
      "by hand: it was a mistake",
      "release: keeps it, with our regards",
      "by hand: keeps it, with our regards",
    ])
  })

  test("a customer sees their own, and a stranger, a guest and a visitor do not", async () => {
    const sam = await world().shopper.registered("sam@example.com")
    const eve = await world().shopper.registered("eve@example.com")
    const own = await released({}, sam)
    const guests = await released()
    const list = (shopper: Shopper, query = "") =>
      shopper.call(`/store/kobbopay/entitlements${query}`, entitlementList.loose())
    expect(await list(sam)).toMatchObject({
      entitlements: [{ order_id: own.order.id, title: "E-book", state: "released", quantity: 1 }],
      count: 1,
      offset: 0,
      limit: 20,
    })
    const page = await list(sam, `?order_id=${own.order.id}&limit=1&offset=1`)
    expect(page).toMatchObject({ entitlements: [], count: 1, offset: 1, limit: 1 })
    expect(JSON.stringify(await list(sam))).not.toMatch(/decision|decided|release_on/)
    const more = "?fields=id,decision_reason,release_on,order.email"
    const asked = await sam.call(`/store/kobbopay/entitlements${more}`, guestList)
    expect(asked.entitlements.map((one) => Object.keys(one))).toEqual([["id"]])
    expect(await list(eve)).toMatchObject({ entitlements: [], count: 0 })
    for (const order of [own.order.id, guests.order.id]) {
      await expect(list(eve, `?order_id=${order}`)).rejects.toThrow(/404/)
    }
    await expect(list(world().shopper)).rejects.toThrow(/401/)

    const byToken = (token: string) =>
      world().shopper.call(`/store/kobbopay/payments/${token}/entitlements`, guestList)
    const standing = { state: "released", quantity: 1, released_quantity: 1, revoked_quantity: 0 }
    expect(await byToken(guests.session.token)).toEqual({
      entitlements: [{ title: "E-book", variant_title: "Standard", ...standing }],
    })
    await expect(byToken("0".repeat(32))).rejects.toThrow(/404/)

    const all = await world().merchant.call("/admin/kobbopay/entitlements", entitlementList)
    expect(all.count).toBe(2)
    const [customer] = await world().rows(`SELECT customer_id AS id FROM "order" WHERE id = ?`, [
      own.order.id,
    ])
    const query = `customer_id=${String(customer?.["id"])}&state=released`
    const path = `/admin/kobbopay/entitlements?${query}`
    expect(await world().merchant.call(path, entitlementList)).toMatchObject({
      count: 1,
      entitlements: [{ order_id: own.order.id }],
    })
  })

  test("a guest's come with the order once Medusa transferred it, and not by an e-mail address", async () => {
    const { order } = await released()
    const shopper = await world().shopper.registered("shopper@example.com")
    const list = () => shopper.call("/store/kobbopay/entitlements", entitlementList)
    expect((await list()).count).toBe(0)
    await shopper.call(`/store/orders/${order.id}/transfer/request`, anything, { body: {} })
    const [action] = await world().rows(
      `SELECT details->>'token' AS token FROM order_change_action WHERE order_id = ?
        AND details->>'token' IS NOT NULL`,
      [order.id],
    )
    await world().shopper.call(`/store/orders/${order.id}/transfer/accept`, anything, {
      body: { token: z.string().parse(action?.["token"]) },
    })
    expect(await list()).toMatchObject({ count: 1, entitlements: [{ order_id: order.id }] })
  })

  test("Query reaches them from order, line, variant and customer, and back", async () => {
    const sam = await world().shopper.registered("sam@example.com")
    const { order } = await released({}, sam)
    const { id, line_item_id: line, variant_id: variant } = await entitlements.one(order.id)
    const query = world().container.resolve(ContainerRegistrationKeys.QUERY)
    const graph = async (entity: string, field: string, filters: Record<string, unknown>) => {
      const { data } = await query.graph({ entity, fields: ["id", field], filters })
      return JSON.stringify(data)
    }
    const back = { id }
    expect(await graph("kobbopay_entitlement", "order.customer.email", back)).toMatch(/sam@example/)
    expect(await graph("kobbopay_entitlement", "order.id", back)).toContain(order.id)
    expect(await graph("kobbopay_entitlement", "order_line_item.id", back)).toContain(line)
    expect(await graph("kobbopay_entitlement", "product_variant.id", back)).toContain(variant)
    const theirs = "kobbopay_entitlements.id"
    expect(await graph("order", theirs, { id: order.id })).toContain(id)
    expect(await graph("order_line_item", "kobbopay_entitlement.id", { id: line })).toContain(id)
    expect(await graph("product_variant", theirs, { id: variant })).toContain(id)
    const customer = { email: "sam@example.com" }
    expect(await graph("customer", `orders.${theirs}`, customer)).toContain(id)
  })
})
