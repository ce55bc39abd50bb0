import { Modules } from "@medusajs/framework/utils"
import { AWAITING, allDue, booksBecome, booksOf, booksRest, capturedFor } from "../support/books"
import { call } from "../support/http"
import { inboxIn, saying, type Named } from "../support/inbox"
import { z } from "@medusajs/framework/zod"
import { DOCS, INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { inboxCutOff, slowInbox } from "../support/trouble"
import { until } from "../support/until"
import { logged, send, signed, webhookOf, type Message } from "../support/webhook"

storeSuite("webhooks", (world) => {
  const { inbox, accepted, patienceEnds } = inboxIn(world)
  const control = () => world().sandbox.control
  const purchase = (provider = INVOICE) => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
  })
  const post = (message: Message) => send(world().url, message)
  /** Money that is final at Kobbopay, of which no webhook tells. */
  const payInSilence = ({ kobbopay_id, amount }: Named & { amount: string }) => {
    control().setWeather({ drop: true })
    control().pay(kobbopay_id, { amount, confirm: true })
  }
  const buyInSilence = async () => {
    control().setWeather({ drop: true })
    return world().shopper.buy(purchase())
  }

  test("every secret of every account is accepted, and the inbox says which one matched", async () => {
    const secrets = world().service.accounts.flatMap(({ id, options }) =>
      options.webhook.secrets.map((secret, index) => ({ id: String(id), secret, index })),
    )
    secrets.sort((a, b) => (`${a.id} ${a.index}` < `${b.id} ${b.index}` ? -1 : 1))
    const bodyOf = ({ id, index }: (typeof secrets)[number]) =>
      JSON.stringify({ event: "account.note", type: "account.note", note: `${id} ${index}` })
    for (const sent of secrets) {
      const message = signed(world(), sent.id, bodyOf(sent), { secret: sent.secret })
      const [ip = "127.0.0.1"] = webhookOf(world(), sent.id).allowedIps
      await accepted({ ...message, headers: { ...message.headers, "x-forwarded-for": ip } })
    }
    await patienceEnds()
    expect(
      await inbox("account_id, secret_index, raw_body, outcome", 'raw_body COLLATE "C"'),
    ).toEqual(
      secrets.map((sent) => ({
        account_id: sent.id,
        secret_index: sent.index,
        raw_body: bodyOf(sent),
        outcome: "names_no_payment",
      })),
    )
    expect(secrets.filter(({ id }) => id === "kobbopay")).toHaveLength(2)
  })

  test("a webhook of one account does nothing to another account's payment", async () => {
    const { session, collectionId } = await buyInSilence()
    payInSilence(session)
    const body = { type: "confirmed", payment_id: session.kobbopay_id, orderId: session.reference }
    await accepted(signed(world(), "docs", body))
    await world().worker.drain()
    expect(await inbox("state")).toEqual([{ state: "received" }])
    expect(await booksOf(world(), collectionId)).toEqual(AWAITING)

    await patienceEnds()
    expect(await booksOf(world(), collectionId)).toEqual(AWAITING)
    expect(await inbox("account_id, state, outcome, payment_id")).toEqual([
      { account_id: "docs", state: "done", outcome: "unknown_payment", payment_id: null },
    ])
    expect(await world().rows(`SELECT class, state, account_id FROM kobbopay_exception`)).toEqual([
      { class: "unknown_payment", state: "open", account_id: "docs" },
    ])
  })

  test("one webhook sent fifty times at once: one row, one capture, one payment.captured", async () => {
    let captures = 0
    world()
      .container.resolve(Modules.EVENT_BUS)
      .subscribe("payment.captured", () => Promise.resolve(void captures++))
    const { session, collectionId } = await buyInSilence()
    payInSilence(session)
    const eventId = `payment:${session.kobbopay_id}:payment.confirmed`
    const message = signed(world(), "kobbopay", saying("payment.confirmed", session), { eventId })
    await Promise.all(Array.from({ length: 50 }, () => accepted(message)))

    await booksBecome(world(), collectionId, capturedFor("10.5"))
    await accepted(message)
    await allDue(world(), collectionId)
    await booksRest(world(), collectionId, capturedFor("10.5"))
    expect(await inbox("times_seen, state, conflict")).toEqual([
      { times_seen: 51, state: "done", conflict: false },
    ])
    expect(captures).toBe(1)
  })

  test("a captured body under a fresh event id is the same event", async () => {
    const { session, collectionId } = await buyInSilence()
    payInSilence(session)
    const body = saying("payment.confirmed", session)
    for (const [eventId, deliveryId] of [
      ["first", "delivery-1"],
      ["fresh", "delivery-2"],
    ] as const) {
      await accepted(signed(world(), "kobbopay", body, { eventId, deliveryId }))
      await booksBecome(world(), collectionId, capturedFor("10.5"))
    }
    expect(await inbox("event_id, delivery_ids, times_seen")).toEqual([
      { event_id: "first", delivery_ids: ["delivery-1", "delivery-2"], times_seen: 2 },
    ])
  })

  test("another body under a known event id is a row of its own, marked, and worked", async () => {
    const { session, collectionId } = await buyInSilence()
    const eventId = `payment:${session.kobbopay_id}:payment.partial`
    const sent = ["4", "10.5"].map((receivedAmount) =>
      signed(world(), "kobbopay", saying("payment.partial", session, { receivedAmount }), {
        eventId,
      }),
    )
    const [first, second] = sent
    if (first === undefined || second === undefined) throw new Error("two webhooks are needed")
    control().pay(session.kobbopay_id, { amount: "4", confirm: true })
    await accepted(first)
    await booksBecome(world(), collectionId, {
      ...AWAITING,
      ledger: ["partial"],
      open: ["underpaid"],
    })
    control().pay(session.kobbopay_id, { amount: "6.5", confirm: true })
    await accepted(second)
    await booksBecome(world(), collectionId, { ...capturedFor("10.5"), closed: ["underpaid"] })
    expect(await inbox("event_id, conflict, times_seen, state")).toEqual(
      [false, true].map((conflict) => ({
        event_id: eventId,
        conflict,
        times_seen: 1,
        state: "done",
      })),
    )
  })

  test("a repeated webhook brings the next check forward while the payment is not final", async () => {
    const { session, collectionId } = await buyInSilence()
    const message = signed(world(), "kobbopay", saying("payment.created", session))
    await accepted(message)
    await world().worked(
      async () => (await inbox())[0]?.["state"] === "done",
      "the first one being done",
    )
    expect(await booksOf(world(), collectionId)).toEqual(AWAITING)

    payInSilence(session)
    await accepted(message)
    await booksBecome(world(), collectionId, capturedFor("10.5"))
  })

  test("a test event is done, as a test, and touches nothing", async () => {
    control().sendTest()
    await control().quiet()
    await world().worked(
      async () => (await inbox()).filter(({ outcome }) => outcome === "test").length === 2,
      "both test events being done",
    )
    expect(await inbox("type, state")).toEqual(
      Array(2).fill({ type: "payment.webhook_test", state: "done" }),
    )
    expect(await world().rows(`SELECT id FROM kobbopay_exception`)).toEqual([])
  })

  describe("503 when PostgreSQL", () => {
    test.each([
      ["is slow", slowInbox],
      ["is away", inboxCutOff],
    ])("%s; afterwards Kobbopay's own retry settles the order, once", async (_what, begin) => {
      const { collectionId, session } = await world().shopper.buy(purchase())
      await control().quiet()
      const statuses = () =>
        control()
          .deliveries(session.kobbopay_id)
          .map(({ status }) => status)
      const end = await begin(world())
      try {
        control().pay(session.kobbopay_id, { amount: session.amount, confirm: true })
        await until(() => statuses().includes(503), { withinMs: 20_000, what: "an answer of 503" })
      } finally {
        await end()
      }
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      await booksRest(world(), collectionId, capturedFor("10.5"))
      expect(await world().rows(`SELECT type, state FROM kobbopay_event ORDER BY type`)).toEqual(
        ["payment.confirmed", "payment.created", "payment.paid"].map((type) => ({
          type,
          state: "done",
        })),
      )
    })
  })

  test("Medusa's generic webhook route answers, does nothing, and logs the right URL", async () => {
    const { session, collectionId } = await buyInSilence()
    payInSilence(session)
    const message = signed(world(), "kobbopay", saying("payment.confirmed", session))
    const path = "/hooks/payment/kobbopay_kobbopay"
    await logged(world(), async (soFar) => {
      expect((await post({ ...message, path })).status).toBe(200)
      await until(() => soFar().some((line) => line.includes("/hooks/kobbopay")), {
        withinMs: 30_000,
        what: "the log line",
      })
    })
    await booksRest(world(), collectionId, AWAITING)
    expect(await inbox("id")).toEqual([])
  })

  test("the status of a payment needs its token and the shop's publishable key", async () => {
    const { session } = await world().shopper.buy(purchase(DOCS))
    const at = (token: string) => `/store/kobbopay/payments/${token}`
    expect(await world().shopper.payment(session.token)).toMatchObject({ state: "pending" })
    const anything = z.unknown()
    await expect(call(`${world().url}${at(session.token)}`, anything)).rejects.toThrow(
      /publishable/i,
    )
    for (const token of [
      "0".repeat(32),
      session.token.toUpperCase(),
      `${session.token}0`,
      session.kobbopay_id,
      session.reference,
      "%00",
      "..%2f..",
      "'%20OR%201=1--",
      encodeURIComponent("é".repeat(99)),
    ]) {
      await expect(world().shopper.call(at(token), anything)).rejects.toMatchObject({ status: 404 })
    }
  })
})
