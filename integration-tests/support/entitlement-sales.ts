import { z } from "@medusajs/framework/zod"
import type { Entitlements } from "./entitlements"
import type { Purchase, SessionData, Shopper } from "./shopper"
import { INVOICE } from "./store-accounts"
import type { World } from "./store-suite"

const anything = z.looseObject({})
const counted = z.object({ n: z.number() })
const row = z.object({ id: z.string() })

/** Sells e-books, which come as entitlements, and takes the money for them. */
export function salesIn(world: () => World, entitlements: Entitlements) {
  const ebook = (given: Partial<Purchase> = {}): Purchase => ({
    product: world().store.digital,
    rail: "usdt-tron",
    provider: INVOICE,
    ...given,
  })
  const buy = (given: Partial<Purchase> = {}, shopper = world().shopper) =>
    shopper.buy(ebook(given))
  const admin = (path: string, body: Record<string, unknown> = {}) =>
    world().merchant.call(`/admin/${path}`, anything, { body })
  const pay = (session: SessionData, confirm = true) =>
    world().sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm })
  return {
    ebook,
    buy,
    admin,
    pay,
    /** An e-book that is paid for, and so released. */
    released: async (given: Partial<Purchase> = {}, shopper?: Shopper) => {
      const bought = await buy(given, shopper)
      pay(bought.session)
      await entitlements.become(bought.order.id, ["released", given.quantity ?? 1, 0])
      return bought
    },
    refund: async (collection: string, amount: string) => {
      const statement = `SELECT id FROM kobbopay_payment WHERE collection_id = ?`
      const [found] = await world().rows(statement, [collection])
      const { id } = row.parse(found)
      await admin(`kobbopay/payments/${id}/refunds`, { amount, hash: `hash-${amount}-${id}` })
    },
    /** How many rows there are in a table, or under its condition. */
    count: async (statement: string, ...bindings: string[]) => {
      const [found] = await world().rows(`SELECT count(*)::int AS n FROM ${statement}`, bindings)
      return counted.parse(found).n
    },
  }
}
