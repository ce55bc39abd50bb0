import { isDeepStrictEqual } from "node:util"
import { setTimeout as pause } from "node:timers/promises"
import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { WeatherPatch } from "../../src/sandbox"
import { appOf } from "../../src/work/app"
import { Dice } from "../soak/dice"
import { allDue, booksOf, type Books } from "../support/books"
import { DOCS, INVOICE } from "../support/store-accounts"
import type { World } from "../support/store-suite"
import { MortalWorker } from "./mortal"
import { SCENARIOS, type Move, type Scenario } from "./scenarios"

const COST = "10.5"
const CHECKOUTS_AT_ONCE = 4
/** Chances to come to rest before a calm is called a loop. */
const MOST_ROUNDS = 25
const anything = z.looseObject({})
const PROFILES = [INVOICE, DOCS] as const

type Kind = { scenario: Scenario; provider: (typeof PROFILES)[number] }
type Bought = Kind & {
  orderId: string
  collectionId: string
  /** Kobbopay's ids; the last one is the payment that the checkout shows. */
  payments: string[]
  sessionId: string
}
type Outcome = Awaited<ReturnType<typeof outcomeOf>>
/** What each kind of scenario comes to in fair weather. */
export type Fair = Map<string, Outcome>

/** `deaths`: how many workers were killed on the way. */
export type Figures = { streams: number; differing: number; seed: number; deaths: number }

/**
 * Buys so many orders in a booted store, lets each live through a scenario under weather, crashes and two
 * mortal workers beside the store's own, and compares what stands at the end with a twin of the same
 * scenario in fair weather. `fair` keeps the twins' outcomes from one call to the next.
 */
export async function storm(
  world: World,
  { streams, seed, tell }: { streams: number; seed: number; tell: (line: string) => void },
  fair: Fair,
): Promise<Figures> {
  const dice = new Dice(seed)
  const kinds = Array.from({ length: streams }, () => anyKind(dice))
  const unknown = new Map(
    kinds.flatMap((kind) => (fair.has(nameOf(kind)) ? [] : [[nameOf(kind), kind] as const])),
  )
  const twins = await buyAll(world, [...unknown.values()])
  await inFairWeather(world, twins)
  for (const twin of twins) fair.set(nameOf(twin), await outcomeOf(world, twin))

  const bought = await buyAll(world, kinds)
  const deaths = await new Storm(world, bought, dice).rage()
  let differing = 0
  for (const one of bought) {
    const outcome = await outcomeOf(world, one)
    const fairOutcome = fair.get(nameOf(one))
    if (isDeepStrictEqual(outcome, fairOutcome)) continue
    differing += 1
    tell(
      `seed ${seed}: ${nameOf(one)} (${one.collectionId}) ended otherwise\n  fair:   ${JSON.stringify(fairOutcome)}\n  stormy: ${JSON.stringify(outcome)}`,
    )
  }
  return { streams, differing, seed, deaths }
}

function anyKind(dice: Dice): Kind {
  const scenario = dice.oneOf(SCENARIOS)
  const provider = dice.oneOf(PROFILES)
  if (scenario === undefined || provider === undefined) throw new Error("there are no scenarios")
  return { scenario, provider: scenario.only === "invoice" ? INVOICE : provider }
}

const nameOf = ({ scenario, provider }: Kind): string => `${scenario.name} by ${provider}`

async function buyAll(world: World, kinds: readonly Kind[]): Promise<Bought[]> {
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
async function outcomeOf(world: World, { collectionId, orderId }: Bought) {
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

async function makeMove(world: World, one: Bought, move: Move): Promise<void> {
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

/** Each thing at once, observed once and in order. */
async function inFairWeather(world: World, twins: readonly Bought[]): Promise<void> {
  const most = Math.max(0, ...twins.map(({ scenario }) => scenario.chapters.flat().length))
  for (let at = 0; at < most; at++) {
    for (const twin of twins) {
      const move = twin.scenario.chapters.flat()[at]
      if (move !== undefined) await makeMove(world, twin, move)
    }
    await calm(world, twins, [])
  }
  await calm(world, twins, [])
}

/** Makes everything of these collections due: ids, with commas between. */
const ALL_DUE = [
  `UPDATE kobbopay_payment SET next_check_at = now() - interval '1 second'
    WHERE collection_id = ANY(string_to_array(?, ','))`,
  `UPDATE kobbopay_event SET next_attempt_at = now() - interval '1 second' WHERE state = 'received'
     AND (collection_id = ANY(string_to_array(?, ',')) OR collection_id IS NULL)`,
  `UPDATE kobbopay_collection SET due_at = now() - interval '1 second'
    WHERE id = ANY(string_to_array(?, ','))`,
  `UPDATE kobbopay_entitled_order SET due_at = now() - interval '1 second' WHERE id IN
     (SELECT order_id FROM kobbopay_payment WHERE collection_id = ANY(string_to_array(?, ',')))`,
]

/** Lets reads catch up and what is on its way arrive, and works until the orders are at rest. */
async function calm(
  world: World,
  orders: readonly Bought[],
  workers: readonly MortalWorker[],
): Promise<void> {
  const { control } = world.sandbox
  control.clearWeather()
  await control.quiet()
  for (const one of orders) repeatOnlyWord(world, one)
  await control.quiet()
  const ids = orders.map(({ collectionId }) => collectionId).join(",")
  for (let round = 0; round < MOST_ROUNDS; round++) {
    // What a process that died in the middle left behind is taken over once it is old.
    await world.rows(
      `UPDATE kobbopay_collection SET cancelling_at = cancelling_at - interval '3 minutes'
        WHERE id = ANY(string_to_array(?, ',')) AND cancelling_at IS NOT NULL AND lease_owner IS NULL`,
      [ids],
    )
    for (const statement of ALL_DUE) await world.rows(statement, [ids])
    await Promise.all([world.worker.drain(), ...workers.map((worker) => worker.drain())])
    if ((await unrest(world, ids)).length === 0) return
  }
  throw new Error(`the orders do not come to rest: ${JSON.stringify(await unrest(world, ids))}`)
}

/** Where reads cannot say that a payment expired, only its event can, and Kobbopay repeats that. */
function repeatOnlyWord({ sandbox }: World, one: Bought): void {
  if (one.provider !== INVOICE) return
  for (const id of one.payments) {
    const tries = sandbox.control.deliveries(id).filter((each) => each.event === "payment.expired")
    const [last] = tries.slice(-1)
    const arrived = tries.some((each) => each.status !== null && each.status < 300)
    if (last !== undefined && !arrived) sandbox.control.redeliver(last.id)
  }
}

const unrest = (world: World, ids: string) =>
  world.rows(
    `SELECT kc.id, kc.failures, kc.last_error, kc.lease_owner, kc.cancelling_at, p.state, p.target,
            p.last_error AS read_error
       FROM kobbopay_collection kc JOIN kobbopay_payment p ON p.collection_id = kc.id
      WHERE kc.id = ANY(string_to_array(?, ',')) AND (
            kc.cancelling_at IS NOT NULL OR kc.lease_owner IS NOT NULL OR kc.failures > 0 OR p.failures > 0
         OR p.target IN ('authorized', 'captured') AND p.converged_at IS NULL
         OR EXISTS (SELECT 1 FROM kobbopay_event e
              WHERE e.state = 'received' AND e.account_id = p.account_id
                AND p.kobbopay_id = ANY(e.kobbopay_ids)))`,
    [ids],
  )

/** One storm over all orders of a batch. */
class Storm {
  readonly #workers: MortalWorker[]
  readonly #underWay = new Set<Promise<unknown>>()
  #hired = 0
  #deaths = 0

  constructor(
    private readonly world: World,
    private readonly orders: readonly Bought[],
    private readonly dice: Dice,
  ) {
    this.#workers = [this.#newWorker(), this.#newWorker()]
  }

  /** Answers how many workers died of it. */
  async rage(): Promise<number> {
    const chapters = Math.max(0, ...this.orders.map(({ scenario }) => scenario.chapters.length))
    try {
      for (let chapter = 0; chapter < chapters; chapter++) {
        await this.#chapter(chapter)
        await this.#lull()
      }
    } finally {
      this.world.sandbox.control.clearWeather()
      await Promise.all(this.#workers.map((worker) => worker.bury()))
    }
    return this.#deaths
  }

  async #chapter(number: number): Promise<void> {
    const left = this.orders.flatMap((one) => {
      const moves = [...(one.scenario.chapters[number] ?? [])]
      return moves.length === 0 ? [] : [{ one, moves }]
    })
    const count = left.reduce((sum, { moves }) => sum + moves.length, 0) * 5 + this.orders.length
    for (let step = 0; step < count || left.length > 0; step++) {
      const next = this.dice.oneOf(left)
      if (next !== undefined && this.dice.chance(0.25)) {
        const [move, ...later] = next.moves
        next.moves = later
        if (later.length === 0) left.splice(left.indexOf(next), 1)
        // A merchant's click is a request that is answered: its scenario goes on at the next chapter.
        if (move !== undefined) await makeMove(this.world, next.one, move)
      } else {
        await this.#something()
      }
    }
  }

  /** One piece of weather, of work, or of somebody's curiosity. */
  async #something(): Promise<void> {
    const { dice, world } = this
    const one = dice.oneOf(this.orders)
    const worker = dice.oneOf(this.#workers)
    if (one === undefined || worker === undefined) return
    const what = dice.weighted([
      ["wake", 6],
      ["due", 6],
      ["breathe", 6],
      ["weather", 2],
      ["kill", 2],
      ["redeliver", 2],
      ["authorize", 1],
    ] as const)
    switch (what) {
      case "wake":
        return worker.wake()
      case "due":
        await allDue(world, one.collectionId)
        return worker.wake()
      case "breathe":
        await pause(dice.between(0, 40))
        return
      case "weather":
        world.sandbox.control.clearWeather()
        world.sandbox.control.setWeather(this.#weather())
        return
      case "kill":
        worker.dieAfter(Math.floor(dice.between(0, 25)), dice.chance(0.5))
        return this.#replace(false)
      case "redeliver": {
        const delivery = dice.oneOf(
          one.payments.flatMap((id) => world.sandbox.control.deliveries(id)),
        )
        if (delivery !== undefined) world.sandbox.control.redeliver(delivery.id)
        return
      }
      case "authorize":
        this.#track(
          world.container.resolve(Modules.PAYMENT).authorizePaymentSession(one.sessionId, {}),
        )
    }
  }

  #weather(): WeatherPatch {
    const { dice } = this
    const some = (most: number) => (dice.chance(0.5) ? dice.between(0, most) : 0)
    return {
      duplicates: { probability: some(0.6), copies: 2 },
      reorder: { probability: some(0.6), holdMs: 200 },
      delayMs: { min: 0, max: Math.floor(some(60)) },
      drop: some(0.5),
      staleTimestamp: some(0.2),
      wrongSignature: some(0.2),
      rateLimit: { probability: some(0.4), on: "read", retryAfterSeconds: 30 },
      serverError: { probability: some(0.4), on: "read" },
      garbage: { probability: some(0.3), on: "read" },
      slowMs: { probability: some(0.4), ms: 60, on: "read" },
      laggingReads: { reads: Math.floor(some(4)) },
      outage: dice.chance(0.1),
    }
  }

  #newWorker(): MortalWorker {
    const { world } = this
    return new MortalWorker(world, appOf(world.container).deps, `mortal ${this.#hired++}`)
  }

  /** New workers for those that died, or for all: also who is to die soon does not live on into the calm. */
  async #replace(all: boolean): Promise<void> {
    for (const [index, worker] of this.#workers.entries()) {
      if (!worker.isDead && !all) continue
      if (worker.isDead) this.#deaths += 1
      await worker.bury()
      this.#workers[index] = this.#newWorker()
    }
  }

  /** The merchant's and shopper's own calls may be refused; what they bring about is judged in the end. */
  #track(call: Promise<unknown>): void {
    const settled = call
      .catch(() => undefined)
      .finally(() => {
        this.#underWay.delete(settled)
      })
    this.#underWay.add(settled)
  }

  async #lull(): Promise<void> {
    this.world.sandbox.control.clearWeather()
    await Promise.all(this.#underWay)
    await this.#replace(true)
    await calm(this.world, this.orders, this.#workers)
  }
}
