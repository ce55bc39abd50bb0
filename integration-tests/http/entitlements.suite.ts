import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type OrderId } from "../../src/domain/ids"
import { dueOrders } from "../../src/store/entitled-orders"
import { emitChanges, repairEntitlements } from "../../src/work/entitlements"
import { appOf } from "../../src/work/app"
import { convergeEntitlementsWorkflow } from "../../src/workflows"
import mailLicenceKey from "../examples/mail-licence-key"
import { allDue } from "../support/books"
import { entitlementList, Entitlements } from "../support/entitlements"
import { convergesLikeTheRule } from "../support/entitlement-history"
import type { Purchase, SessionData, Shopper } from "../support/shopper"
import { viewIsMedusas } from "../support/query-view"
import { AFTER, INVOICE, LICENCES } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})
const guestList = z.object({ entitlements: z.array(z.record(z.string(), z.unknown())) })

storeSuite("entitlements", (world) => {
  const entitlements = new Entitlements(world)
  beforeAll(() => entitlements.listen())

  const ebook = (given: Partial<Purchase> = {}): Purchase => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider: INVOICE,
    ...given,
  })
  const buy = (given: Partial<Purchase> = {}, shopper = world().shopper) =>
    shopper.buy(ebook(given))
  const admin = (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(`/admin/${path}`, anything, { body })
  const pay = (session: SessionData, confirm = true) =>
    world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm })
  const authorized = (order: string) =>
    world().worked(
      async () => (await world().shopper.order(order)).payment_status === "authorized",
      "the order being authorized",
    )
  /** An e-book that is paid for, and so released. */
  const released = async (given: Partial<Purchase> = {}, shopper?: Shopper) => {
    const bought = await buy(given, shopper)
    pay(bought.session)
    await entitlements.become(bought.order.id, ["released", given.quantity ?? 1, 0])
    return bought
  }
  /** Bought through the account that fulfils, whose sandbox sends it no webhooks. */
  const licensed = async (given: Partial<Purchase>) => {
    const bought = await buy({ provider: LICENCES, ...given })
    world().second.control.pay(bought.session.kobbopay_id, {
      amount: bought.session.amount,
      confirm: true,
    })
    await allDue(world(), bought.collectionId)
    return bought
  }
  const refund = async (collection: string, amount: string) => {
    const statement = `SELECT id FROM kobbopay_payment WHERE collection_id = ?`
    const [row] = await world().rows(statement, [collection])
    const { id } = z.object({ id: z.string() }).parse(row)
    await admin(`kobbopay/payments/${id}/refunds`, { amount, hash: `hash-${amount}-${id}` })
  }
  const count = async (statement: string, ...bindings: string[]) => {
    const [row] = await world().rows(`SELECT count(*)::int AS n FROM ${statement}`, bindings)
    return z.object({ n: z.number() }).parse(row).n
  }

  test("an e-book beside a shirt is held when ordered, released on Confirmed only, revoked when refunded", async () => {
    const { order, session, collectionId } = await buy({
      product: world().store.physical,
      shipped: true,
      also: [world().store.digital],
    })
    await entitlements.become(order.id, ["held", 0, 0])
    const { id, ...held } = await entitlements.one(order.id)
    expect(held).toMatchObject({ title: "E-book", variant_title: "Standard", quantity: 1 })
    pay(session, false)
    await authorized(order.id)
    await world().worker.drain()
    expect(await entitlements.stands(order.id)).toEqual([["held", 0, 0]])
    world().sandbox.control.confirm(session.kobbopay_id)
    await entitlements.become(order.id, ["released", 1, 0])
    await refund(collectionId, "1")
    await world().worked(async () => (await count(`refund WHERE deleted_at IS NULL`)) === 1, "it")
    expect(await entitlements.stands(order.id)).toEqual([["released", 1, 0]])
    await refund(collectionId, (Number(session.amount) - 1).toString())
    await entitlements.become(order.id, ["revoked", 0, 1])
    expect((await entitlements.detail(id)).history).toMatchObject([
      { kind: "held", quantity: 1, actor: "kobbopay", reason: "ordered" },
      { kind: "released", quantity: 1, reason: "the order is covered (confirmed)" },
      {
        kind: "revoked",
        quantity: 1,
        reason: expect.stringMatching(/^(\S+) of \1 was refunded$/),
      },
    ])
    await world().worked(() => entitlements.receivedFor(order.id).length >= 3, "its events")
    expect(entitlements.receivedFor(order.id)).toEqual([
      ["held", 1],
      ["released", 1],
      ["revoked", 1],
    ])
  })

  test("a product may be released on Paid, or by a person only; one that says nonsense is held", async () => {
    const says = (value: string) =>
      admin(`products/${world().store.digital.productId}`, {
        metadata: { kobbopay_release_on: value },
      })
    await says("paid")
    const onPaid = await buy()
    await says("manual")
    const byHand = await buy()
    await says("payed")
    const nonsense = await buy()
    pay(onPaid.session, false)
    await entitlements.become(onPaid.order.id, ["released", 1, 0])
    for (const { order, session } of [byHand, nonsense]) {
      pay(session)
      await world().worked(
        async () => (await world().shopper.order(order.id)).payment_status === "captured",
        "the order being captured",
      )
      await world().worker.drain()
      expect(await entitlements.stands(order.id)).toEqual([["held", 0, 0]])
    }
    const { id } = await entitlements.one(nonsense.order.id)
    expect((await entitlements.detail(id)).history).toMatchObject([
      { reason: expect.stringMatching(/kobbopay_release_on.*paid, confirmed, manual/) },
    ])
  })

  test("units are taken back in proportion to what was refunded", async () => {
    const { order, collectionId } = await released({ quantity: 3 })
    await refund(collectionId, "16")
    await entitlements.become(order.id, ["released", 2, 1])
    await world().worked(() => entitlements.receivedFor(order.id).length >= 3, "its events")
    expect(entitlements.receivedFor(order.id)).toEqual([
      ["held", 3],
      ["released", 3],
      ["revoked", 1],
    ])
  })

  test("an order that is cancelled, paid or not, takes everything back", async () => {
    const unpaid = await buy()
    await admin(`orders/${unpaid.order.id}/cancel`)
    await entitlements.become(unpaid.order.id, ["revoked", 0, 1])
    const paid = await released()
    await admin(`orders/${paid.order.id}/cancel`)
    await entitlements.become(paid.order.id, ["revoked", 0, 1])
    const { id } = await entitlements.one(paid.order.id)
    expect((await entitlements.detail(id)).history.at(-1)).toMatchObject({
      kind: "revoked",
      reason: "the order was cancelled",
    })
  })

  test("an order that nobody pays takes back with its cancelling", async () => {
    const { order, session } = await buy()
    world().sandbox.control.expire(session.kobbopay_id)
    await entitlements.become(order.id, ["revoked", 0, 1])
  })

  test("with placeOrder after-payment it is released too, though the order is placed last", async () => {
    const { cartId, session } = await world().shopper.checkout(ebook({ provider: AFTER }))
    await world()
      .shopper.complete(cartId)
      .catch(() => undefined)
    world().second.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
    await world().worked(
      async () => (await world().shopper.payment(session.token)).order,
      "the order",
    )
    const [row] = await world().rows(
      `SELECT order_id FROM kobbopay_payment WHERE public_token = ?`,
      [session.token],
    )
    await entitlements.become(String(row?.["order_id"]), ["released", 1, 0])
  })

  test("all lines, fulfilled on release and once, where the account says so; a return takes its units back", async () => {
    const { order } = await licensed({ quantity: 2 })
    await entitlements.become(order.id, ["released", 2, 0])
    for (let again = 0; again < 2; again++) {
      await convergeEntitlementsWorkflow(world().container).run({ input: { order_id: order.id } })
    }
    expect(await count(`order_fulfillment WHERE order_id = ?`, order.id)).toBe(1)
    const { line_item_id: line } = await entitlements.one(order.id)
    const made = await world().merchant.call(
      "/admin/returns",
      z.object({ return: z.object({ id: z.string() }) }),
      { body: { order_id: order.id, location_id: world().store.locationId } },
    )
    const items = [{ id: line, quantity: 1 }]
    const path = `returns/${made.return.id}`
    await admin(`${path}/request-items`, { items })
    await admin(`${path}/request`)
    await admin(`${path}/receive`)
    await admin(`${path}/receive-items`, { items })
    await world().worker.drain()
    expect(await entitlements.stands(order.id)).toEqual([["released", 2, 0]])
    await admin(`${path}/receive/confirm`)
    await entitlements.become(order.id, ["released", 1, 1])
  })

  test("any refund takes everything back where the account says so, shipped lines too", async () => {
    const { order, collectionId } = await licensed({
      product: world().store.physical,
      shipped: true,
      also: [world().store.digital],
    })
    await entitlements.become(order.id, ["released", 1, 0], ["released", 1, 0])
    const titles = (await entitlements.of(order.id)).map((one) => one.title).sort()
    expect(titles).toEqual(["E-book", "Kobbopay shirt"])
    expect(await count(`order_fulfillment WHERE order_id = ?`, order.id)).toBe(1)
    await refund(collectionId, "1")
    await entitlements.become(order.id, ["revoked", 0, 1], ["revoked", 0, 1])
  })

  test("a line that grows waits for the money for it; one that shrinks is taken back", async () => {
    const { order, collectionId } = await released({ quantity: 2 })
    const { line_item_id: line } = await entitlements.one(order.id)
    const edit = async (quantity: number) => {
      await admin("order-edits", { order_id: order.id })
      await admin(`order-edits/${order.id}/items/item/${line}`, { quantity })
      await admin(`order-edits/${order.id}/request`)
      await admin(`order-edits/${order.id}/confirm`)
      await viewIsMedusas(world(), collectionId)
    }
    await edit(3)
    await world().worked(async () => (await entitlements.one(order.id)).quantity === 3, "growing")
    expect(await entitlements.stands(order.id)).toEqual([["released", 2, 0]])
    await edit(1)
    await entitlements.become(order.id, ["released", 1, 2])
    // Credit lines and totals are kept for each version of an order: the view has to show the present one's.
    await refund(collectionId, "1")
    await edit(2)
  })

  test("an order that is paid otherwise has none, though its checkout once showed a payment of ours", async () => {
    const provider = "pp_system_default"
    await admin(`regions/${world().store.regionId}`, { payment_providers: [INVOICE, provider] })
    const { cartId, collectionId } = await world().shopper.checkout(ebook())
    const path = `/store/payment-collections/${collectionId}/payment-sessions`
    await world().shopper.call(path, anything, { body: { provider_id: provider } })
    const order = await world().shopper.complete(cartId)
    await world().worker.drain()
    await repairEntitlements(appOf(world().container).deps, 100)
    expect(await entitlements.of(order.id)).toEqual([])
  })

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
