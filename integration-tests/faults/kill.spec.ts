import { freePort } from "../support/free-port"
import { startMedusa, type MedusaProcess } from "../support/medusa-process"
import { Shopper } from "../support/shopper"
import { storeHome, type StoreHome } from "../support/store-home"
import { until } from "../support/until"

/** Long enough that the worker is still reading when the process is killed. */
const SLOW_READ_MS = 5_000

jest.setTimeout(300_000)

describe("a store whose process is killed", () => {
  let home: StoreHome
  let running: MedusaProcess | null = null

  beforeAll(async () => {
    home = await storeHome("kill")
  })

  afterAll(async () => {
    await running?.stop()
    await home.close()
  })

  test("between the 2xx and the capture: captured once after the restart, without a further webhook", async () => {
    const { sandbox, store, options, count } = home
    const port = await freePort()
    running = await startMedusa(port, options)
    sandbox.control.setWebhook({ url: `${running.url}/hooks/kobbopay` })
    const shopper = new Shopper(running.url, store)
    const { order, session } = await shopper.buy({ product: store.digital, rail: "usdt-tron" })

    sandbox.control.setWeather({ slowMs: { probability: 1, ms: SLOW_READ_MS, on: "read" } })
    sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
    await until(
      () =>
        sandbox.control
          .deliveries(session.kobbopay_id)
          .some((one) => one.event === "payment.confirmed" && one.status === 200),
      { withinMs: 20_000, what: "the webhook being answered with 2xx" },
    )
    await running.kill()

    expect(await count("capture")).toBe(0)
    expect(await count("kobbopay_event WHERE state = 'received'")).toBeGreaterThan(0)
    sandbox.control.clearWeather()
    sandbox.control.setWebhook({ url: null })

    running = await startMedusa(port, options)
    await until(async () => (await shopper.order(order.id)).payment_status === "captured", {
      withinMs: 90_000,
      what: "the order being captured after the restart",
    })
    const atRest = "kobbopay_payment WHERE converged_at IS NOT NULL AND target = 'captured'"
    await until(async () => (await count(atRest)) === 1, {
      withinMs: 30_000,
      what: "the worker coming to rest",
    })
    expect(await count("kobbopay_event WHERE state = 'received'")).toBe(0)
    expect(await count("payment")).toBe(1)
    expect(await count("capture")).toBe(1)
    expect(await count("order_transaction WHERE reference = 'capture'")).toBe(1)
    expect(await count("kobbopay_exception WHERE state = 'open'")).toBe(0)
  })
})
