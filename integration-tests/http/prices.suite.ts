import type { ConfigModule } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { HttpError } from "../support/http"
import { QUOTED } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

const entries = z.array(
  z.looseObject({
    id: z.string().optional(),
    options: z
      .looseObject({ rails: z.array(z.looseObject({ id: z.string(), prices: z.unknown() })) })
      .optional(),
  }),
)
const sessions = z.looseObject({})

storeSuite("prices", (world) => {
  let answer: () => unknown = () => "1.08"
  const lines: string[] = []

  // Functions cannot come by the environment; the provider reads its entry at its first call.
  beforeAll(() => {
    const container = world().container
    const { modules } = container.resolve<ConfigModule>(ContainerRegistrationKeys.CONFIG_MODULE)
    const payment = z
      .looseObject({ options: z.looseObject({ providers: z.unknown() }) })
      .parse(modules?.[Modules.PAYMENT])
    const raw = payment.options.providers
    const own = entries.parse(raw).findIndex(({ id }) => id === "quoted")
    const entry: unknown = Array.isArray(raw) ? raw[own] : undefined
    const { options } = z.object({ options: z.custom<object>() }).parse(entry)
    Object.assign(options, {
      rails: [
        { id: "usdt-tron", token: "USDTTRC", prices: () => answer() },
        { id: "usdt-bsc", token: "USDTBSC", prices: { usd: "1" } },
      ],
    })
  })

  beforeEach(() => {
    lines.length = 0
    const logger = world().container.resolve<{ warn: (line: string) => void }>(
      ContainerRegistrationKeys.LOGGER,
    )
    jest.spyOn(logger, "warn").mockImplementation((line: string) => void lines.push(line))
  })
  afterEach(() => jest.restoreAllMocks())

  const start = async (rail: string) => {
    const cart = await world().shopper.cart({ product: world().store.digital, rail })
    const collection = await world().shopper.collection(cart)
    return world().shopper.call(
      `/store/payment-collections/${collection}/payment-sessions`,
      sessions,
      { body: { provider_id: QUOTED, data: { rail } } },
    )
  }
  const refusal = async (rail: string) => {
    const error: unknown = await start(rail).catch((cause: unknown) => cause)
    if (!(error instanceof HttpError)) throw new Error(`not refused: ${JSON.stringify(error)}`)
    return error
  }
  const SORRY = "USDT on Tron (TRC20) is not available right now. Choose another way to pay."

  test.each([
    ["fails", () => Promise.reject(new Error("source is down")), /failed: source is down/],
    [
      "fails on the spot",
      () => {
        throw new Error("no source at all")
      },
      /failed: no source at all/,
    ],
    ["answers a number", () => 1.08, /must answer a decimal string.*not number/],
    ["answers an exponent", () => "1e-7", /not "1e-7"/],
  ])("a price function that %s: shown to the shopper, logged with its cause", async (...row) => {
    const [, fail, cause] = row
    answer = fail
    const { status, message } = await refusal("usdt-tron")
    expect([status, message]).toEqual([400, expect.stringContaining(SORRY)])
    expect(message).not.toContain("price function")
    const logged = lines.filter((line) => line.includes("no price in USD"))
    expect(logged).toEqual([expect.stringMatching(cause)])
  })

  test("a price function that never answers does not hang the checkout", async () => {
    answer = () => new Promise(() => undefined)
    const before = Date.now()
    const { status, message } = await refusal("usdt-tron")
    expect(Date.now() - before).toBeLessThan(60_000)
    expect([status, message]).toEqual([400, expect.stringContaining(SORRY)])
    expect(lines.join()).toMatch(/usdt-tron gave no answer in time/)
    await start("usdt-bsc")
  })

  test("a price function that answers is used", async () => {
    answer = () => Promise.resolve("1.5")
    expect(JSON.stringify(await start("usdt-tron"))).toContain('"amount":"15.75"')
  })
})
