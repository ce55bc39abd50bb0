import { z } from "@medusajs/framework/zod"
import type { Dice } from "../soak/dice"
import { booksOf, type Books } from "../support/books"
import { DOCS, INVOICE } from "../support/store-accounts"
import type { World } from "../support/store-suite"
import { SCENARIOS, type Move, type Scenario } from "./scenarios"

const COST = "10.5"
const CHECKOUTS_AT_ONCE = 4
const anything = z.looseObject({})
const PROFILES = [INVOICE, DOCS] as const

/** A scenario, by an account of one of the profiles. */
export type Kind = { scenario: Scenario; provider: (typeof PROFILES)[number] }
/** An order that lives through its scenario. */
export type Bought = Kind & {
  orderId: string
  collectionId: string
  /** Kobbopay's ids; the last one is the payment that the checkout shows. */
  payments: string[]
  sessionId: string
}

/** Chooses a scenario and an account that can live through it. */
export function anyKind(dice: Dice): Kind {
  const scenario = dice.oneOf(SCENARIOS)
  const provider = dice.oneOf(PROFILES)
  if (scenario === undefined || provider === undefined) throw new Error("there are no scenarios")
  return { scenario, provider: scenario.only === "invoice" ? INVOICE : provider }
}

/** Names a kind: orders of one name end alike. */
export const nameOf = ({ scenario, provider }: Kind): string => `${scenario.name} by ${provider}`

/** Buys an order of each kind, a few at once. */
export async function buyAll(world: World, kinds: readonly Kind[]): Promise<Bought[]> {
  const bought: Bought[] = []
  const waiting = [...kinds]
  const shop = async () => {
    for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) {
      bought.push(await buy(world, kind))
    }
  }
  // The shopper's first cart makes the customer, which two carts at once would both try.
  const first = waiting.shift()
  if (first !== undefined) bought.push(await buy(world, first))
  await Promise.all(Array.from({ length: CHECKOUTS_AT_ONCE }, shop))
  return bought
}

async function buy({ shopper, store }: World, kind: Kind): Promise<Bought> {
  const { provider, scenario } = kind
  const checkout = await shopper.checkout({ product: store.digital, rail: "usdt-tron", provider })
  const { cartId, collectionId } = checkout
  const shown = scenario.changesRail
    ? await shopper.session(collectionId, { rail: "usdt-bsc", provider })
    : checkout.session
  const { id } = await shopper.complete(cartId)
  return {
    ...kind,
    orderId: id,
    collectionId,
    sessionId: shown.session_id,
    payments: [...new Set([checkout.session.kobbopay_id, shown.kobbopay_id])],
  }
}

/** Everything that stands at the end. What was opened and closed on the way is the weather's own. */
export async function outcomeOf(world: World, { collectionId, orderId }: Bought) {
  const books: Partial<Books> = await booksOf(world, collectionId)
  delete books.closed
  const [held] = await world.rows(
    `SELECT COALESCE(sum(r.quantity), 0)::int AS reserved FROM reservation_item r
       JOIN order_item i ON i.item_id = r.line_item_id
      WHERE i.order_id = ? AND r.deleted_at IS NULL`,
    [orderId],
  )
  const entitlements = await world.rows(
    `SELECT state, quantity, released_quantity, revoked_quantity FROM kobbopay_entitlement
      WHERE order_id = ? AND deleted_at IS NULL ORDER BY line_item_id`,
    [orderId],
  )
  const ledger = await world.rows(
    `SELECT state, target, received_minor, amount_fit, money_seen_at IS NOT NULL AS seen,
            confirmed_at IS NOT NULL AS confirmed, ended_at IS NOT NULL AS ended
       FROM kobbopay_payment WHERE collection_id = ? ORDER BY created_at, id`,
    [collectionId],
  )
  return { ...books, ...held, entitlements, payments_known: ledger }
}

/** Makes one thing happen: to the payment that the checkout shows, or to the first one. */
export async function makeMove(world: World, one: Bought, move: Move): Promise<void> {
  const { control } = world.sandbox
  const [first] = one.payments
  const id = "first" in move ? first : one.payments.at(-1)
  if (id === undefined) throw new Error("nothing was created")
  switch (move.do) {
    case "pay": {
      const order = { amount: move.amount, due: COST }
      if (move.astray) control.payOtherToken(id, order)
      else control.pay(id, order)
      return
    }
    case "confirm":
      control.confirm(id)
      return
    case "expire":
      control.expire(id)
      return
    case "fail":
      control.fail(id)
      return
    case "cancel":
      await world.merchant.call(`/admin/orders/${one.orderId}/cancel`, anything, { method: "POST" })
  }
}
