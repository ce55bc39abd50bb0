import { z } from "@medusajs/framework/zod"
import { call } from "../support/http"
import { Merchant } from "../support/merchant"
import { type SessionData, Shopper } from "../support/shopper"
import { until } from "../support/until"
import { ADMIN } from "./admin"
import type { Stack } from "./stack"

const PAID_WITHIN_MS = 60_000
const EXPIRED_WITHIN_MS = 120_000
const POLL_EVERY_MS = 25

type ScriptedResult = {
  paid: { order_status: string; payment_status: string; webhook_to_captured_ms: number }
  expired: { order_status: string; stock_restored: boolean }
  /** How many entitlements the shop holds, released and revoked by the end. */
  entitlements: Record<(typeof STATES)[number], number>
}

const STATES = ["held", "released", "revoked"] as const
const ownSchema = z.object({ entitlements: z.array(z.object({ state: z.enum(STATES) })) })
const countSchema = z.object({ count: z.number() })

const deliveriesSchema = z.object({
  deliveries: z.array(z.object({ event: z.string(), at: z.iso.datetime() })),
})

/**
 * A shopper, a payer and a merchant, all over HTTP: an e-book that is paid and confirmed, and a shirt whose payer never comes.
 *
 * @throws Error naming what did not happen.
 */
export async function runScript(
  { shop, sandbox, store }: Stack,
  tell: (line: string) => void,
): Promise<ScriptedResult> {
  const shopper = new Shopper(shop, store)
  const merchant = await Merchant.login(shop, ADMIN)
  const payer = new Payer(sandbox)

  const item = store.physical.inventoryItemId
  const before = await merchant.stock(item)
  const abandoned = await shopper.buy({ product: store.physical, shipped: true, rail: "usdt-tron" })
  const during = await merchant.stock(item)
  tell(`A shirt is ordered and not paid: ${before.available} in stock, now ${during.available}`)
  if (during.available !== before.available - 1) {
    throw new Error(`the order reserved ${before.available - during.available} shirts, not 1`)
  }

  const bought = await shopper.buy({ product: store.digital, rail: "usdt-tron" })
  const entitlementIs = (state: (typeof STATES)[number]) =>
    until(
      async () => {
        const path = `/store/kobbopay/payments/${bought.session.token}/entitlements`
        const { entitlements } = await shopper.call(path, ownSchema)
        return entitlements.length === 1 && entitlements[0]?.state === state
      },
      { withinMs: PAID_WITHIN_MS, everyMs: POLL_EVERY_MS, what: `the download being ${state}` },
    )
  tell(`An e-book is ordered: ${bought.session.amount} to ${bought.session.address}`)
  await entitlementIs("held")
  await payer.pay(bought.session)
  await until(async () => (await shopper.payment(bought.session.token)).state === "paid", {
    withinMs: PAID_WITHIN_MS,
    what: "the payment being seen as paid",
  })
  await entitlementIs("held")
  tell("Its money was seen, the download is still locked; now Kobbopay confirms it")
  await payer.confirm(bought.session)
  const paidOrder = await until(
    async () => {
      const order = await shopper.order(bought.order.id)
      return order.payment_status === "captured" ? order : null
    },
    {
      withinMs: PAID_WITHIN_MS,
      everyMs: POLL_EVERY_MS,
      what: "the confirmed order being captured",
    },
  )
  const capturedMs = Date.now() - (await payer.confirmedSentAt(bought.session))
  await entitlementIs("released")
  tell(
    `Captured ${capturedMs} ms after the webhook left, and the download is unlocked; waiting for the shirt to expire`,
  )

  const expiredOrder = await until(
    async () => {
      const order = await shopper.order(abandoned.order.id)
      return order.status === "canceled" ? order : null
    },
    { withinMs: EXPIRED_WITHIN_MS, what: "the unpaid order being cancelled" },
  )
  const after = await merchant.stock(item)
  tell(`The unpaid order is cancelled: ${after.available} shirts in stock`)
  if (after.available !== before.available || after.reserved !== before.reserved) {
    throw new Error(
      `the cancelled order kept stock: ${before.available} available before, ${after.available} after`,
    )
  }
  const countIn = async (state: string) =>
    (await merchant.call(`/admin/kobbopay/entitlements?state=${state}&limit=1`, countSchema)).count
  return {
    paid: {
      order_status: paidOrder.status,
      payment_status: paidOrder.payment_status,
      webhook_to_captured_ms: capturedMs,
    },
    expired: { order_status: expiredOrder.status, stock_restored: true },
    entitlements: {
      held: await countIn("held"),
      released: await countIn("released"),
      revoked: await countIn("revoked"),
    },
  }
}

/** The one with the wallet, at the sandbox's control API. */
class Payer {
  constructor(private readonly sandbox: string) {}

  async pay({ reference, amount }: SessionData): Promise<void> {
    await this.#order(reference, "pay", { due: amount })
  }

  async confirm({ reference }: SessionData): Promise<void> {
    await this.#order(reference, "confirm", {})
  }

  /** When the sandbox first sent the event, in Unix milliseconds. */
  async confirmedSentAt({ reference }: SessionData): Promise<number> {
    const url = `${this.sandbox}/sandbox/deliveries?payment=${encodeURIComponent(reference)}`
    const { deliveries } = await call(url, deliveriesSchema)
    const times = deliveries
      .filter(({ event }) => event === "payment.confirmed")
      .map(({ at }) => Date.parse(at))
    if (times.length === 0) {
      throw new Error("the sandbox sent no payment.confirmed")
    }
    return Math.min(...times)
  }

  async #order(reference: string, action: string, body: object): Promise<void> {
    const path = `/sandbox/payments/${encodeURIComponent(reference)}/${action}`
    await call(`${this.sandbox}${path}`, z.unknown(), { body })
  }
}
