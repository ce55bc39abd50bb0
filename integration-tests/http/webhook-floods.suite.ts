import { appOf } from "../../src/work/app"
import { brandAs, type AccountId } from "../../src/domain/ids"
import { DOCS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { send, signed, type Message } from "../support/webhook"

storeSuite("floods of webhooks", (world) => {
  const post = (message: Message) => send(world().url, message)

  describe("a flood of webhooks", () => {
    /** Reads of Kobbopay that the worker makes meanwhile. */
    const readsDuring = async (account: string, during: () => Promise<void>): Promise<number> => {
      const known = appOf(world().container).deps.accounts.get(brandAs<AccountId>(account))
      if (known === undefined) throw new Error(`no account ${account}`)
      const reads = jest.spyOn(known.client, "read")
      try {
        await during()
        await world().worker.drain()
        return reads.mock.calls.length
      } finally {
        reads.mockRestore()
      }
    }
    const buy = (provider: string) => {
      world().sandbox.control.setWeather({ drop: true })
      return world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
    }
    const docsEvent = (session: { kobbopay_id: string; reference: string }, n = 0) =>
      signed(world(), "docs", {
        event: "payment.paid",
        paymentId: session.kobbopay_id,
        orderId: session.reference,
        ...(n === 0 ? {} : { n }),
      })
    const flood = async (times: number, message: (n: number) => Message) => {
      for (let n = 0; n < times; n += 10) {
        await Promise.all(
          Array.from({ length: 10 }, async (_, k) => {
            expect((await post(message(n + k + 1))).status).toBe(200)
          }),
        )
      }
    }
    const captured = (id: string) =>
      world().worked(
        async () =>
          (
            await world().rows(
              `SELECT id FROM kobbopay_payment WHERE kobbopay_id = ? AND converged_at IS NOT NULL AND target = 'captured'`,
              [id],
            )
          )[0],
        "the capture",
      )

    test("that repeats one of a payment past its watch reads nothing", async () => {
      const { session } = await buy(DOCS)
      world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
      expect((await post(docsEvent(session))).status).toBe(200)
      await captured(session.kobbopay_id)
      await world().rows(`UPDATE kobbopay_payment SET created_at = now() - interval '400 days',
        last_read_at = now() - interval '300 days', next_check_at = NULL`)
      const reads = await readsDuring("docs", () => flood(100, () => docsEvent(session)))
      expect(reads).toBe(0)
      await world().rows(
        `UPDATE kobbopay_payment SET state = 'expired', target = 'nothing', money_seen_at = NULL`,
      )
      expect(await readsDuring("docs", () => flood(50, () => docsEvent(session)))).toBe(0)
    })

    test("that repeats one of a watched payment reads it once in a while", async () => {
      const { session } = await buy(DOCS)
      expect((await post(docsEvent(session))).status).toBe(200)
      await world().worker.drain()
      const reads = await readsDuring("docs", () => flood(100, () => docsEvent(session)))
      expect(reads).toBeLessThanOrEqual(1)
      // Later it brings the next check forward.
      await world().rows(`UPDATE kobbopay_payment SET last_read_at = now() - interval '1 hour',
        next_check_at = now() + interval '1 hour'`)
      await world().rows(
        `UPDATE kobbopay_event SET next_attempt_at = now() + interval '1 hour' WHERE state = 'received'`,
      )
      expect(await readsDuring("docs", () => flood(10, () => docsEvent(session)))).toBe(1)
    })

    test("with new bodies that say the same reads once in a while; what says more is worked at once", async () => {
      const { session } = await buy(DOCS)
      world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount })
      expect((await post(docsEvent(session))).status).toBe(200)
      await world().worked(
        async () => (await world().rows(`SELECT id FROM kobbopay_payment WHERE state = 'paid'`))[0],
        "the payment being paid",
      )
      const reads = await readsDuring("docs", () => flood(100, (n) => docsEvent(session, n)))
      expect(reads).toBeLessThanOrEqual(1)
      world().sandbox.control.confirm(session.kobbopay_id)
      await world().worker.drain()
      const more = signed(world(), "docs", {
        event: "payment.confirmed",
        paymentId: session.kobbopay_id,
        orderId: session.reference,
      })
      expect((await post(more)).status).toBe(200)
      // What repeats a read is put off; this is due, or worked already.
      const putOff = `SELECT id FROM kobbopay_event
        WHERE type = 'payment.confirmed' AND next_attempt_at > now()`
      expect(await world().rows(putOff)).toEqual([])
      await captured(session.kobbopay_id)
    })
  })
})
