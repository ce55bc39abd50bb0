import { Modules } from "@medusajs/framework/utils"
import { cancelOrderWorkflow } from "@medusajs/medusa/core-flows"
import { allDue, AUTHORIZED, booksBecome, booksOf, booksRest, capturedFor } from "../support/books"
import { CALM, reconcilesIn } from "../support/reconciliations"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

storeSuite("drift that a reconciliation finds", (world) => {
  const { buy, silence, run, ended } = reconcilesIn(world)
  const sandbox = () => world().sandbox.control
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
