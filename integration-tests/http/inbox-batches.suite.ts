import { setImmediate } from "node:timers/promises"
import { brandAs, type AccountId } from "../../src/domain/ids"
import type { NewEvent } from "../../src/store/inbox/insert"
import { emptyOldEvents } from "../../src/work/retention"
import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { inboxCutOff, slowInbox } from "../support/trouble"
import { until } from "../support/until"
import { send, signed, type Answered, type Message } from "../support/webhook"

const ACCOUNT = "kobbopay"

storeSuite("webhooks recorded in batches", (world) => {
  const post = (message: Message) => send(world().url, message)
  const about = (id: string, event = "payment.paid") => ({ event, paymentId: id, tracker_id: id })
  const webhook = (id: string, { event = "payment.paid", deliveryId = `delivery-${id}` } = {}) =>
    signed(world(), ACCOUNT, about(id, event), { eventId: `event-${id}`, deliveryId })
  const inbox = (columns: string, order = "event_id, received_at, id") =>
    world().rows(`SELECT ${columns} FROM kobbopay_event ORDER BY ${order}`)
  const statements = async () =>
    Number(
      (await world().rows(`SELECT count(DISTINCT xmin::text) AS n FROM kobbopay_event`))[0]?.["n"],
    )

  /** Sends all at once while the inbox is held up, until a second statement waits behind the first. */
  async function together(messages: readonly Message[]): Promise<Answered[]> {
    const end = await slowInbox(world())
    const answers = Promise.all(messages.map(post))
    try {
      const waiting = async () => {
        const [found] = await world().rows(`SELECT count(*) AS n FROM pg_stat_activity
          WHERE application_name = 'kobbopay-inbox' AND wait_event_type = 'Lock'`)
        return Number(found?.["n"]) >= 2
      }
      await until(waiting, { withinMs: 20_000, everyMs: 10, what: "a second statement waiting" })
    } finally {
      await end()
    }
    return answers
  }
  const statusesOf = (answers: readonly Answered[]) => answers.map(({ status }) => status)
  const names = (count: number) => Array.from({ length: count }, (_, index) => `trk-${index + 10}`)

  test("those that come while one is being written share a commit, and each is answered", async () => {
    const ids = names(20)
    const answers = await together(ids.map((id) => webhook(id)))
    expect(statusesOf(answers)).toEqual(ids.map(() => 200))
    expect(await inbox("event_id, times_seen, conflict")).toEqual(
      ids.map((id) => ({ event_id: `event-${id}`, times_seen: 1, conflict: false })),
    )
    expect(await statements()).toBeLessThan(ids.length)
  })

  test("one that the database refuses gets 503, and its neighbours their 200", async () => {
    const refuses = `ALTER TABLE kobbopay_event ADD CONSTRAINT refuses CHECK (type <> 'payment.bad')`
    await world().rows(refuses)
    const ids = names(12)
    const messages = ids.map((id, index) =>
      webhook(id, index === 5 ? { event: "payment.bad" } : {}),
    )
    try {
      const answers = await together(messages)
      expect(statusesOf(answers)).toEqual(ids.map((_, index) => (index === 5 ? 503 : 200)))
      expect(await inbox("event_id")).toEqual(
        ids.filter((_, index) => index !== 5).map((id) => ({ event_id: `event-${id}` })),
      )
    } finally {
      await world().rows(`ALTER TABLE kobbopay_event DROP CONSTRAINT refuses`)
    }
    expect(statusesOf(await Promise.all(messages.map(post)))).toEqual(ids.map(() => 200))
    expect(await inbox("times_seen")).toEqual(
      ids.map((_, index) => ({ times_seen: index === 5 ? 1 : 2 })),
    )
  })

  test("one body several times in a batch is one row, and each time is answered and counted", async () => {
    const repeated = ["a", "b", "c", "a", "d"].map((name) =>
      webhook("trk-1", { deliveryId: `delivery-${name}` }),
    )
    const others = names(8).map((id) => webhook(id))
    const answers = await together([...others.slice(0, 4), ...repeated, ...others.slice(4)])
    expect(statusesOf(answers)).toEqual(answers.map(() => 200))
    const rows = await world().rows(`SELECT times_seen,
      ARRAY(SELECT unnest(delivery_ids) ORDER BY 1) AS ids FROM kobbopay_event
      WHERE event_id = 'event-trk-1'`)
    expect(rows).toEqual([
      { times_seen: 5, ids: ["delivery-a", "delivery-b", "delivery-c", "delivery-d"] },
    ])
    expect(await inbox("id")).toHaveLength(9)
  })

  test("another body under the event id of a neighbour is a row of its own, and marked", async () => {
    const two = ["4", "6.5"].map((receivedAmount) =>
      signed(world(), ACCOUNT, { ...about("trk-1"), receivedAmount }, { eventId: "event-trk-1" }),
    )
    const answers = await together([...names(6).map((id) => webhook(id)), ...two])
    expect(statusesOf(answers)).toEqual(answers.map(() => 200))
    const rows = await world().rows(
      `SELECT conflict FROM kobbopay_event WHERE event_id = 'event-trk-1' ORDER BY conflict`,
    )
    expect(rows).toEqual([{ conflict: false }, { conflict: true }])
  })

  test("another body under an event id that is being written waits for it, and is marked", async () => {
    const event = (pair: number, body: string): NewEvent => ({
      accountId: brandAs<AccountId>(ACCOUNT),
      eventId: `event-${pair}`,
      deliveryId: null,
      type: "payment.paid",
      reportedState: "paid",
      reportedAmount: null,
      kobbopayIds: [],
      reference: null,
      rawBody: body,
      secretIndex: 0,
      bodyHash: `${pair}-${body}`,
      isTest: false,
      receivedAt: new Date(),
    })
    const pairs = Array.from({ length: 30 }, (_, pair) => pair)
    const { inbox: recorder } = world().service
    for (const pair of pairs) {
      const first = recorder.record(event(pair, "a"))
      // The first one's statement is under way now.
      await setImmediate()
      await setImmediate()
      await Promise.all([first, recorder.record(event(pair, "b"))])
    }
    const marks = await world().rows(
      `SELECT count(*)::int AS n FROM kobbopay_event WHERE conflict AND event_id LIKE 'event-%'`,
    )
    expect(marks).toEqual([{ n: pairs.length }])
  })

  test("a connection that breaks under a batch: 503 for all that are not committed", async () => {
    const ids = names(16)
    const end = await slowInbox(world())
    const answers = Promise.all(ids.map((id) => post(webhook(id))))
    const waiting = async () =>
      (
        await world().rows(`SELECT pid FROM pg_stat_activity
        WHERE application_name = 'kobbopay-inbox' AND wait_event_type = 'Lock'`)
      ).length >= 2
    await until(waiting, { withinMs: 20_000, everyMs: 10, what: "a second statement waiting" })
    const heal = await inboxCutOff(world())
    await end()
    try {
      const seen = await answers
      const committed = new Set((await inbox("event_id")).map((row) => row["event_id"]))
      for (const [index, id] of ids.entries()) {
        const { status } = seen[index] ?? {}
        expect([200, 503]).toContain(status)
        if (status === 200) expect(committed).toContain(`event-${id}`)
      }
      expect(statusesOf(seen)).toContain(503)
    } finally {
      await heal()
    }
    expect(statusesOf(await Promise.all(ids.map((id) => post(webhook(id)))))).toEqual(
      ids.map(() => 200),
    )
    expect((await inbox("event_id")).map((row) => row["event_id"])).toEqual(
      ids.map((id) => `event-${id}`),
    )
  })

  test("the body of an event done long ago is let go, and the webhook is known for ever", async () => {
    const [old, young, open] = ["trk-1", "trk-2", "trk-3"].map((id) => webhook(id))
    const all = [old, young, open].flatMap((message) => (message === undefined ? [] : [message]))
    for (const message of all) expect((await post(message)).status).toBe(200)
    const done = (days: number, id: string) =>
      world().rows(
        `UPDATE kobbopay_event SET state = 'done', outcome = 'paid', next_attempt_at = NULL,
           done_at = now() - ? * interval '1 day' WHERE event_id = ?`,
        [days, `event-${id}`],
      )
    await done(91, "trk-1")
    await done(89, "trk-2")
    const { sql, settings } = world().service
    expect(await emptyOldEvents(sql, settings.events.keepFor, new Date())).toBe(1)
    expect(await emptyOldEvents(sql, settings.events.keepFor, new Date())).toBe(0)
    const bodies = () => inbox("event_id, raw_body = '' AS empty, times_seen, delivery_ids")
    expect(await bodies()).toMatchObject([{ empty: true }, { empty: false }, { empty: false }])

    for (const message of all) expect((await post(message)).status).toBe(200)
    expect(await bodies()).toMatchObject([
      { event_id: "event-trk-1", times_seen: 2, delivery_ids: ["delivery-trk-1"] },
      { event_id: "event-trk-2", times_seen: 2 },
      { event_id: "event-trk-3", times_seen: 2 },
    ])
  })

  test("events routed together each reach their own payment, and strangers wait", async () => {
    world().sandbox.control.setWeather({ drop: true })
    const purchase = { product: world().store.digital, rail: "usdt-tron", provider: INVOICE }
    const bought = []
    for (let count = 0; count < 3; count++) bought.push(await world().shopper.buy(purchase))
    const messages = bought.flatMap(({ session }) =>
      ["payment.paid", "payment.created"].map((event) =>
        signed(world(), ACCOUNT, about(session.kobbopay_id, event), {
          eventId: `${session.kobbopay_id}/${event}`,
        }),
      ),
    )
    const strangers = names(5).map((id) => webhook(id))
    expect(statusesOf(await Promise.all([...messages, ...strangers].map(post)))).toEqual(
      Array(11).fill(200),
    )
    await world().worker.drain()
    const routed = await world().rows(`SELECT p.kobbopay_id, count(*)::int AS n
      FROM kobbopay_event e JOIN kobbopay_payment p
        ON p.id = e.payment_id AND p.collection_id = e.collection_id
       AND p.kobbopay_id = ANY(e.kobbopay_ids)
      GROUP BY 1 ORDER BY 1`)
    expect(routed).toEqual(
      bought
        .map(({ session }) => ({ kobbopay_id: session.kobbopay_id, n: 2 }))
        .sort((a, b) => (a.kobbopay_id < b.kobbopay_id ? -1 : 1)),
    )
    expect(
      await world().rows(`SELECT state, attempts, payment_id FROM kobbopay_event
        WHERE event_id LIKE 'event-%'`),
    ).toEqual(strangers.map(() => ({ state: "received", attempts: 1, payment_id: null })))
  })
})
