import { Modules } from "@medusajs/framework/utils"
import { cancelOrderWorkflow } from "@medusajs/medusa/core-flows"
import { z } from "@medusajs/framework/zod"
import { checkPaymentWorkflow } from "../../src/workflows"
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
import { changesOf, passMinutes, pendingChange } from "../support/order-changes"
import type { Purchase } from "../support/shopper"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const anything = z.looseObject({})

storeSuite("races", (world) => {
  const sandbox = () => world().sandbox.control
  const ebook = (rail = "usdt-tron"): Purchase => ({
    product: world().store.digital,
    rail,
    provider: INVOICE,
  })
  const buy = () => world().shopper.buy(ebook())
  const payments = () => world().container.resolve(Modules.PAYMENT)
  /** Lets a payment expire, and everything that follows be done. */
  const expires = async (collectionId: string, kobbopayId: string) => {
    sandbox().expire(kobbopayId)
    await world().worked(
      async () => (await booksOf(world(), collectionId)).ledger[0] === "expired",
      "the expiry",
    )
    await allDue(world(), collectionId)
    await world().worker.drain()
  }
  /** Lets no webhook through, so that only what a test does moves anything. */
  const silence = () => sandbox().setWeather({ drop: true })

  test("money confirmed while the order is only being authorized is captured all the same", async () => {
    const { collectionId, session } = await buy()
    silence()
    sandbox().pay(session.kobbopay_id, { amount: "10.5" })
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, AUTHORIZED)

    // What a worker leaves behind that wrote "done" over a target raised by the provider's own read.
    sandbox().confirm(session.kobbopay_id)
    await world().rows(
      `UPDATE kobbopay_payment SET state = 'confirmed', target = 'captured', converged_at = now()
        WHERE collection_id = ?`,
      [collectionId],
    )
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, capturedFor("10.5"))
  })

  test("a payment past its last pending check does not keep the worker busy", async () => {
    const { collectionId } = await buy()
    await world().rows(
      `UPDATE kobbopay_payment SET created_at = created_at - interval '25 hours',
         next_check_at = now() + interval '4 hours' WHERE collection_id = ?`,
      [collectionId],
    )
    await world().rows(`UPDATE kobbopay_collection SET due_at = now() WHERE id = ?`, [collectionId])
    await world().worker.drain()
    const [collection] = await world().rows(
      `SELECT due_at > now() + interval '1 hour' AS rests FROM kobbopay_collection WHERE id = ?`,
      [collectionId],
    )
    expect(collection).toEqual({ rests: true })
  })

  test("an order cancelled while Kobbopay is away is not captured on what was read before", async () => {
    const { collectionId, session, order } = await buy()
    silence()
    sandbox().pay(session.kobbopay_id, { amount: "10.5" })
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, AUTHORIZED)
    sandbox().confirm(session.kobbopay_id)
    sandbox().setWeather({ drop: true, outage: true })
    await world().rows(
      `UPDATE kobbopay_payment SET state = 'confirmed', target = 'captured', converged_at = NULL
        WHERE collection_id = ?`,
      [collectionId],
    )
    await cancelOrderWorkflow(world().container).run({ input: { order_id: order.id } })
    await allDue(world(), collectionId)
    await world().worker.drain()
    expect(await booksOf(world(), collectionId)).toMatchObject({ order: "canceled", captures: [] })

    sandbox().clearWeather()
    silence()
    await allDue(world(), collectionId)
    await world().worked(
      async () => (await booksOf(world(), collectionId)).open.includes("order_cancelled"),
      "the exception",
    )
    expect(await booksOf(world(), collectionId)).toMatchObject({
      captures: [],
      targets: ["nothing"],
    })
  })

  test("an order placed on a payment that ended in that moment is cancelled, and not left waiting", async () => {
    const { collectionId, session, order } = await buy()
    silence()
    sandbox().expire(session.kobbopay_id)
    // What the worker leaves behind that read the end before the order was there.
    await world().rows(
      `UPDATE kobbopay_payment SET state = 'expired', target = 'order_cancelled', ended_at = now(),
              converged_at = now(), next_check_at = NULL, order_id = NULL WHERE collection_id = ?`,
      [collectionId],
    )
    await world().rows(`UPDATE kobbopay_collection SET due_at = NULL WHERE id = ?`, [collectionId])
    await world()
      .container.resolve(Modules.EVENT_BUS)
      .emit({ name: "order.placed", data: { id: order.id } })
    await booksBecome(world(), collectionId, CANCELLED)
  })

  test("an order that costs nothing after all is not cancelled with the payment nobody needed", async () => {
    const { collectionId, session, order } = await buy()
    await world().rows(
      `UPDATE order_summary SET totals = jsonb_set(totals, '{raw_current_order_total,value}', '"0"') WHERE order_id = ?`,
      [order.id],
    )
    await expires(collectionId, session.kobbopay_id)
    expect(await booksOf(world(), collectionId)).toMatchObject({ order: "pending" })
  })

  test("an order that waits for another provider's session is not cancelled with ours", async () => {
    const { collectionId, session } = await buy()
    await world().rows(
      `INSERT INTO payment_session (id, currency_code, amount, raw_amount, provider_id, data, status,
         payment_collection_id)
       VALUES ('payses_bank_transfer', 'usd', 10.5, '{"value":"10.5","precision":20}',
         'pp_system_default', '{}', 'pending_authorization', ?)`,
      [collectionId],
    )
    await expires(collectionId, session.kobbopay_id)
    expect(await booksOf(world(), collectionId)).toMatchObject({ order: "pending" })
  })

  test("an order of which a cancelling was cut off is cancelled all the same, once that is plain", async () => {
    const { collectionId, session, order } = await buy()
    const change = await pendingChange(world(), order.id, "credit_line")
    await expires(collectionId, session.kobbopay_id)
    // It may be a live one's, which Medusa is about to confirm.
    expect(await booksOf(world(), collectionId)).toMatchObject({ order: "pending" })
    await allDue(world(), collectionId)
    await world().worker.drain()
    expect(await changesOf(world(), order.id)).toEqual([change])

    await passMinutes(world(), change, 3)
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, CANCELLED)
  })

  test("an order that an admin edits is not cancelled, says why, and is when the edit is over", async () => {
    const { collectionId, session, order } = await buy()
    const change = await pendingChange(world(), order.id, "edit")
    await passMinutes(world(), change, 60)
    await expires(collectionId, session.kobbopay_id)
    expect(await booksOf(world(), collectionId)).toMatchObject({ order: "pending" })
    expect(await changesOf(world(), order.id)).toEqual([change])
    const [collection] = await world().rows(
      `SELECT last_error FROM kobbopay_collection WHERE id = ?`,
      [collectionId],
    )
    expect(collection).toEqual({ last_error: expect.stringMatching(/active order change/) })

    await world().container.resolve(Modules.ORDER).cancelOrderChange(change)
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, CANCELLED)
  })

  test("two sessions of one payment book its money once", async () => {
    const { collectionId, session } = await buy()
    silence()
    await world().rows(
      `INSERT INTO payment_session (id, currency_code, amount, raw_amount, provider_id, data, status,
         payment_collection_id)
       SELECT 'payses_twin', currency_code, amount, raw_amount, provider_id,
              data || '{"session_id":"payses_twin"}', 'pending', payment_collection_id
         FROM payment_session WHERE id = ?`,
      [session.session_id],
    )
    await world().rows(
      `INSERT INTO kobbopay_payment_session (id, session_id, payment_id)
       SELECT 'kpses_twin', 'payses_twin', id FROM kobbopay_payment WHERE collection_id = ?`,
      [collectionId],
    )
    sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    await Promise.allSettled([
      payments().authorizePaymentSession("payses_twin", {}),
      payments().authorizePaymentSession(session.session_id, {}),
    ])
    await allDue(world(), collectionId)
    await booksBecome(world(), collectionId, capturedFor("10.5"))
  })

  test("two rails paid at once pay the order once, and the other is shown", async () => {
    const { collectionId, session } = await buy()
    silence()
    const other = await world().shopper.session(collectionId, {
      rail: "usdt-bsc",
      provider: INVOICE,
    })
    // Both sessions live, as two requests at once leave them.
    await world().rows(`UPDATE payment_session SET deleted_at = NULL WHERE id = ?`, [
      session.session_id,
    ])
    await world().rows(
      `UPDATE kobbopay_payment_session SET detached_at = NULL WHERE session_id = ?`,
      [session.session_id],
    )
    sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
    sandbox().pay(other.kobbopay_id, { amount: "10.5", confirm: true })
    await Promise.allSettled([
      payments().authorizePaymentSession(other.session_id, {}),
      allDue(world(), collectionId).then(() => world().worker.drain()),
    ])
    await allDue(world(), collectionId)
    await world().worked(
      async () => (await booksOf(world(), collectionId)).transactions.length === 1,
      "the capture",
    )
    await allDue(world(), collectionId)
    await world().worker.drain()
    const books = await booksOf(world(), collectionId)
    expect(books).toMatchObject({ payments: 1, captures: ["10.5"], transactions: ["10.5"] })
    expect(books.open).toEqual(["duplicate_payment"])
  })

  test("a Confirmed transfer of dust does not confirm a larger one that was only seen", async () => {
    const { collectionId, session } = await buy()
    sandbox().pay(session.kobbopay_id, { amount: "10.5", hash: "a".repeat(64) })
    await booksBecome(world(), collectionId, AUTHORIZED)
    await world().rows(
      `UPDATE kobbopay_payment SET transfers = '[{"hash":"dropped","amount_minor":"10500000","final":false}]'
        WHERE collection_id = ?`,
      [collectionId],
    )
    silence()
    sandbox().secondTransfer(session.kobbopay_id, { amount: "0.01", confirm: true })
    await allDue(world(), collectionId)
    await world().worker.drain()
    const books = await booksOf(world(), collectionId)
    expect(books.captures).toEqual([])
    expect(books.open).toContain("ambiguous_finality")
  })

  test("a payment checked by hand before it was made at Kobbopay does not keep the worker busy", async () => {
    const cart = await world().shopper.cart(ebook())
    const collection = await world().shopper.collection(cart)
    sandbox().setWeather({ outage: true })
    await world()
      .shopper.call(`/store/payment-collections/${collection}/payment-sessions`, anything, {
        body: { provider_id: INVOICE, data: { rail: "usdt-tron" } },
      })
      .catch(() => undefined)
    const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE collection_id = ?`, [
      collection,
    ])
    const { result } = await checkPaymentWorkflow(world().container).run({
      input: { payment_id: String(row?.id) },
    })
    expect(result).toMatchObject({ state: "creating" })
    await booksRest(world(), collection, {
      ...AWAITING,
      orders: 0,
      order: null,
      ledger: ["creating"],
    })
  })
})
