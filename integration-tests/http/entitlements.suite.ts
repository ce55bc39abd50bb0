import { z } from "@medusajs/framework/zod"
import { repairEntitlements } from "../../src/work/entitlements"
import { appOf } from "../../src/work/app"
import { convergeEntitlementsWorkflow } from "../../src/workflows"
import { allDue } from "../support/books"
import { salesIn } from "../support/entitlement-sales"
import { Entitlements } from "../support/entitlements"
import type { Purchase } from "../support/shopper"
import { viewIsMedusas } from "../support/query-view"
import { AFTER, INVOICE, LICENCES } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

storeSuite("entitlements", (world) => {
  const entitlements = new Entitlements(world)
  beforeAll(() => entitlements.listen())
  const { ebook, buy, admin, pay, released, refund, count } = salesIn(world, entitlements)
  const authorized = (order: string) =>
    world().worked(
      async () => (await world().shopper.order(order)).payment_status === "authorized",
      "the order being authorized",
    )
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
})
