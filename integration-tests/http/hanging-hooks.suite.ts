import {
  cancelOrderWorkflow,
  completeCartWorkflow,
  createOrderFulfillmentWorkflow,
} from "@medusajs/medusa/core-flows"
import { z } from "@medusajs/framework/zod"
import { runtime } from "../../src/runtime"
import { allDue, booksBecome, booksOf, CANCELLED, capturedFor } from "../support/books"
import { Entitlements } from "../support/entitlements"
import { Gate } from "../support/gate"
import { AFTER, INVOICE, LICENCES } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"

/** What a merchant hooks into Medusa's workflows: calls that never come back while a gate is shut. */
const completing = new Gate()
const cancelling = new Gate()
const fulfilling = new Gate()
const fulfilled: string[] = []
const named = z.object({ id: z.string() })
completeCartWorkflow.hooks.validate(async ({ input }) => {
  await completing.pass(named.parse(input).id)
})
cancelOrderWorkflow.hooks.orderCanceled(async ({ order }) => {
  await cancelling.pass(named.parse(order).id)
})
createOrderFulfillmentWorkflow.hooks.fulfillmentCreated(async ({ fulfillment }) => {
  fulfilled.push(named.parse(fulfillment).id)
  await fulfilling.pass("every")
})

const exceptionList = z.object({
  exceptions: z.array(
    z.object({ class: z.string(), state: z.string(), observed: z.record(z.string(), z.unknown()) }),
  ),
})

storeSuite("hanging hooks", (world) => {
  const entitlements = new Entitlements(world)
  const patience = runtime.work.stepWithinMs
  beforeEach(() => {
    runtime.work.stepWithinMs = 500
  })
  afterEach(async () => {
    completing.open()
    cancelling.open()
    fulfilling.open()
    runtime.work.stepWithinMs = patience
    await until(() => [completing, cancelling, fulfilling].every((gate) => gate.waiting === 0), {
      withinMs: 30_000,
    })
  })

  const purchase = (provider: string) => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
  })
  const openOf = async (collection: string) => {
    const [payment] = await world().rows(
      `SELECT id FROM kobbopay_payment WHERE collection_id = ?`,
      [collection],
    )
    const path = `/admin/kobbopay/exceptions?state=open&payment_id=${String(payment?.["id"])}`
    return (await world().merchant.call(path, exceptionList)).exceptions
  }
  const leased = async (collection: string) => {
    const [found] = await world().rows(
      `SELECT fence, lease_until > clock_timestamp() AS held FROM kobbopay_collection WHERE id = ?`,
      [collection],
    )
    return found
  }

  test("four orders whose hook never returns hold up no fifth; each says so, and settles once when it does", async () => {
    const hung = []
    for (let count = 0; count < 4; count++) {
      const checkout = await world().shopper.checkout(purchase(AFTER))
      completing.shut(checkout.cartId)
      hung.push(checkout)
    }
    for (const { session, collectionId } of hung) {
      world().second.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await allDue(world(), collectionId)
    }
    world().worker.wake()
    await until(() => completing.waiting === 4, { withinMs: 20_000, what: "all slots hanging" })
    const fences = new Map<string, unknown>()
    for (const { collectionId } of hung) {
      fences.set(collectionId, (await leased(collectionId))?.["fence"])
    }

    const fifth = await world().shopper.buy(purchase(INVOICE))
    world().sandbox.control.pay(fifth.session.kobbopay_id, { amount: "10.5", confirm: true })
    await until(async () => (await booksOf(world(), fifth.collectionId)).captures.length === 1, {
      withinMs: 20_000,
      what: "the fifth order being captured",
    })
    await world().worker.drain()
    for (const { collectionId } of hung) {
      expect(await openOf(collectionId)).toEqual([
        expect.objectContaining({
          class: "dead",
          observed: expect.objectContaining({
            failure: expect.stringMatching(/step `completeCart` has not returned for/),
          }),
        }),
      ])
      // Nobody else may run the same workflow meanwhile.
      expect(await leased(collectionId)).toEqual({ fence: fences.get(collectionId), held: true })
    }

    runtime.work.stepWithinMs = patience

    completing.open()
    for (const { collectionId } of hung) {
      await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["dead"] })
    }
    expect(completing.passed).toBe(4)
  })

  test("an order whose cancelling hangs holds no place, and is cancelled once that returns", async () => {
    const { session, collectionId, order } = await world().shopper.buy(purchase(INVOICE))
    cancelling.shut(order.id)
    world().sandbox.control.expire(session.kobbopay_id)
    await allDue(world(), collectionId)
    world().worker.wake()
    await until(() => cancelling.waiting === 1, { withinMs: 20_000, what: "the cancelling" })
    await world().worker.drain()
    expect((await openOf(collectionId)).map((one) => one.observed["failure"])).toEqual([
      expect.stringMatching(/step `cancelOrder` has not returned for/),
    ])
    runtime.work.stepWithinMs = patience
    cancelling.open()
    await booksBecome(world(), collectionId, { ...CANCELLED, closed: ["dead"] })
  })

  test("a process that died over a hanging hook is succeeded, and what it reported is closed", async () => {
    const { session, collectionId, cartId } = await world().shopper.checkout(purchase(AFTER))
    // The webhook of the creation is worked first: the end of that work clears what stands in the row.
    await world().second.control.quiet()
    await world().worker.drain()
    const [payment] = await world().rows(
      `SELECT id, account_id FROM kobbopay_payment WHERE collection_id = ?`,
      [collectionId],
    )
    // What is left of a process that was killed after it had reported.
    await world().rows(
      `INSERT INTO kobbopay_exception (id, class, subject_id, payment_id, account_id, expected, observed,
         fingerprint, opened_at, last_seen_at)
       VALUES ('kpex_hung', 'dead', ?, ?, ?, '{}', '{"failure":"hangs"}', 'hangs', now(), now())`,
      [String(payment?.["id"]), String(payment?.["id"]), String(payment?.["account_id"])],
    )
    await world().rows(`UPDATE kobbopay_collection SET last_error = 'hangs' WHERE id = ?`, [
      collectionId,
    ])
    world().second.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["dead"] })
    expect(cartId).toBeTruthy()
  })

  test("whoever waits for the worker can say how long, while a step hangs and is still waited for", async () => {
    const { session, collectionId, cartId } = await world().shopper.checkout(purchase(AFTER))
    runtime.work.stepWithinMs = 600_000
    completing.shut(cartId)
    world().second.control.pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await allDue(world(), collectionId)
    world().worker.wake()
    await until(() => completing.waiting === 1, { withinMs: 20_000, what: "the hanging hook" })
    await world().worker.drain({ withinMs: 200 })
    expect(completing.waiting).toBe(1)
  })

  test("a fulfilment that hangs holds up no other order's entitlements, and is made once", async () => {
    fulfilling.shut("every")
    const bought = await world().shopper.buy(purchase(LICENCES))
    world().second.control.pay(bought.session.kobbopay_id, { amount: "10.5", confirm: true })
    await allDue(world(), bought.collectionId)
    await world().worked(() => fulfilling.waiting === 1, "the hanging fulfilment")
    const hungOn = async () => {
      const open = await openOf(bought.collectionId)
      return open.map((one) => [one.class, one.observed["failure"]])
    }
    await world().worked(async () => (await hungOn()).length > 0, "the exception")
    expect(await hungOn()).toEqual([
      ["entitlement_failed", expect.stringMatching(/step `fulfil` has not returned for/)],
    ])
    const path = `/admin/kobbopay/orders/${bought.order.id}`
    expect(JSON.stringify(await world().merchant.call(path, z.unknown()))).toContain(
      "entitlement_failed",
    )

    const other = await world().shopper.buy(purchase(INVOICE))
    world().sandbox.control.pay(other.session.kobbopay_id, { amount: "10.5", confirm: true })
    await entitlements.become(other.order.id, ["released", 1, 0])

    runtime.work.stepWithinMs = patience

    fulfilling.open()
    await world().worked(async () => {
      await world().rows(`UPDATE kobbopay_entitled_order SET due_at = now() WHERE id = ?`, [
        bought.order.id,
      ])
      return (await hungOn()).length === 0
    }, "the exception being closed")
    expect(fulfilled).toHaveLength(1)
    await entitlements.become(bought.order.id, ["released", 1, 0])
  })
})
