import { z } from "@medusajs/framework/zod"
import { cuttable, type Cuttable } from "../support/cuttable"
import { freePort } from "../support/free-port"
import { startMedusa, type MedusaProcess } from "../support/medusa-process"
import { Shopper } from "../support/shopper"
import { storeHome, type StoreHome } from "../support/store-home"
import { until } from "../support/until"

/** The statement that records an event, by the name it is prepared under. */
const INSERT = "kobbopay_record_event"

jest.setTimeout(300_000)

describe("a store whose PostgreSQL goes away", () => {
  let home: StoreHome
  let wire: Cuttable
  let running: MedusaProcess
  let shopper: Shopper

  beforeAll(async () => {
    home = await storeHome("database")
    wire = await cuttable(home.postgres)
    const through = new URL(home.databaseUrl)
    through.port = String(wire.port)
    running = await startMedusa(await freePort(), {
      ...home.options,
      env: { ...home.options.env, DATABASE_URL: through.toString() },
    })
    shopper = new Shopper(running.url, home.store)
  })

  afterAll(async () => {
    wire.mend()
    await running.stop()
    await wire.close()
    await home.close()
  })

  beforeEach(() => {
    home.sandbox.control.setWebhook({ url: `${running.url}/hooks/kobbopay` })
  })

  afterEach(async () => {
    wire.mend()
    home.sandbox.control.clearWeather()
    await home.sandbox.control.quiet()
    // Whatever happened to its database, it is the same process that still serves.
    let hasEnded = false
    void running.ended.then(() => (hasEnded = true))
    await shopper.call("/store/regions", z.unknown())
    expect(hasEnded).toBe(false)
  })

  /** An order whose first webhook was recorded and worked. */
  const buy = async () => {
    const bought = await shopper.buy({ product: home.store.digital, rail: "usdt-tron" })
    await until(async () => (await home.count(`kobbopay_event WHERE state = 'received'`)) === 0, {
      withinMs: 20_000,
      what: "the first events being worked",
    })
    return bought
  }
  const pay = (id: string) => home.sandbox.control.pay(id, { amount: "10.5", confirm: true })
  const statuses = (id: string) =>
    home.sandbox.control.deliveries(id).map((one) => `${one.event} ${one.status}`)
  const answered = (id: string, what: string) =>
    until(() => statuses(id).includes(what), { withinMs: 30_000, what: `an answer ${what}` })

  /** One capture, once in each of Medusa's books, each event recorded once, and everything at rest. */
  const settledOnce = async (bought: Awaited<ReturnType<typeof buy>>) => {
    const { id } = bought.order
    const collection = bought.collectionId
    await until(async () => (await shopper.order(id)).payment_status === "captured", {
      withinMs: 60_000,
      what: "the capture",
    })
    const ours = `IN (SELECT id FROM payment WHERE payment_collection_id = '${collection}')`
    const ledger = `kobbopay_payment WHERE collection_id = '${collection}'`
    await until(async () => (await home.count(`${ledger} AND converged_at IS NOT NULL`)) === 1, {
      withinMs: 30_000,
      what: "the worker coming to rest",
    })
    const events = `kobbopay_event WHERE collection_id = '${collection}'`
    await until(async () => (await home.count(`${events} AND state = 'done'`)) === 3, {
      withinMs: 30_000,
      what: "every event being done",
    })
    expect({
      captures: await home.count(`capture WHERE payment_id ${ours}`),
      transactions: await home.count(`order_transaction WHERE order_id = '${id}'`),
      refunds: await home.count(`refund WHERE payment_id ${ours}`),
      events: await home.count(events),
      exceptions: await home.count(`kobbopay_exception WHERE state = 'open'`),
    }).toEqual({ captures: 1, transactions: 1, refunds: 0, events: 3, exceptions: 0 })
  }
  /** How often the final event of a payment was seen. */
  const timesSeen = async (collection: string) => {
    const { rows } = await home.database.query<{ times_seen: number }>(
      `SELECT times_seen FROM kobbopay_event WHERE collection_id = $1 AND type = 'payment.confirmed'`,
      [collection],
    )
    return rows.map((row) => row.times_seen)
  }

  test("before the insert: 503, nothing recorded, and Kobbopay's own retry settles the order", async () => {
    const bought = await buy()
    const { kobbopay_id: id } = bought.session
    const before = await home.count("kobbopay_event")
    wire.cut()
    pay(id)
    await answered(id, "payment.confirmed 503")
    expect(statuses(id)).not.toContain("payment.confirmed 200")
    expect(await home.count("kobbopay_event")).toBe(before)
    wire.mend()
    await settledOnce(bought)
  })

  test("as the insert is sent: 503, nothing recorded, and the retry settles the order", async () => {
    const bought = await buy()
    const { kobbopay_id: id } = bought.session
    const before = await home.count("kobbopay_event")
    const cut = wire.cutAt(INSERT, "before")
    home.sandbox.control.setWeather({ drop: true })
    pay(id)
    home.sandbox.control.clearWeather()
    const [last] = home.sandbox.control.deliveries(id).slice(-1)
    home.sandbox.control.redeliver(String(last?.id))
    await cut
    await answered(id, "payment.confirmed 503")
    expect(await home.count("kobbopay_event")).toBe(before)
    await until(() => statuses(id).includes("payment.confirmed 200"), { withinMs: 20_000 })
    home.sandbox.control.announce(id, "payment.paid")
    await settledOnce(bought)
  })

  test("while the insert waits for a lock: 503, and the row that comes of it all the same counts once", async () => {
    const bought = await buy()
    const { kobbopay_id: id } = bought.session
    await home.database.query("BEGIN")
    await home.database.query("LOCK TABLE kobbopay_event IN ACCESS EXCLUSIVE MODE")
    const sent = wire.passed(INSERT)
    pay(id)
    await sent
    wire.cut()
    await answered(id, "payment.confirmed 503")
    expect(statuses(id)).not.toContain("payment.confirmed 200")
    await home.database.query("COMMIT")
    wire.mend()
    await settledOnce(bought)
  })

  test("after the commit, before the answer: 503, and the retry is a duplicate", async () => {
    const bought = await buy()
    const { kobbopay_id: id } = bought.session
    home.sandbox.control.setWeather({ drop: true })
    pay(id)
    home.sandbox.control.clearWeather()
    home.sandbox.control.announce(id, "payment.paid")
    await answered(id, "payment.paid 200")
    const cut = wire.cutAt(INSERT, "after")
    const [confirmed] = home.sandbox.control
      .deliveries(id)
      .filter(({ event }) => event === "payment.confirmed")
    home.sandbox.control.redeliver(String(confirmed?.id))
    await cut
    await answered(id, "payment.confirmed 503")
    await answered(id, "payment.confirmed 200")
    await settledOnce(bought)
    expect(await timesSeen(bought.collectionId)).toEqual([2])
  })

  test("between the 2xx and the work on it: it resumes by itself, without another webhook", async () => {
    const bought = await buy()
    const { kobbopay_id: id } = bought.session
    home.sandbox.control.setWeather({ slowMs: { ms: 2_000, on: "read" } })
    pay(id)
    await answered(id, "payment.confirmed 200")
    wire.cut()
    home.sandbox.control.setWebhook({ url: null })
    home.sandbox.control.clearWeather()
    await until(() => wire.refused() >= 10, {
      withinMs: 60_000,
      what: "work that finds no database, again and again",
    })
    const ours = `payment WHERE payment_collection_id = '${bought.collectionId}'`
    expect(await home.count(`${ours} AND captured_at IS NOT NULL`)).toBe(0)
    wire.mend()
    await settledOnce(bought)
  })
})
