import { z } from "@medusajs/framework/zod"
import { INVOICE } from "./store-accounts"
import type { World } from "./store-suite"

const anything = z.looseObject({})

/** What suites about orders and their sessions ask the store for, again and again. */
export const callsOf = (world: () => World) => ({
  sandbox: () => world().sandbox.control,
  purchase: (provider = INVOICE, quantity = 1) => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider,
    quantity,
  }),
  admin: (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(path, anything, { body }),
  store: (path: string, body: Record<string, unknown> = {}) =>
    world().shopper.call(path, anything, { body }),
  sessionPath: (collection: string) => `/store/payment-collections/${collection}/payment-sessions`,
})
