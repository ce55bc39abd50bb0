import { isDeepStrictEqual } from "node:util"
import { setTimeout as pause } from "node:timers/promises"
import { Modules } from "@medusajs/framework/utils"
import type { WeatherPatch } from "../../src/sandbox"
import { appOf } from "../../src/work/app"
import { Dice } from "../soak/dice"
import { allDue } from "../support/books"
import type { World } from "../support/store-suite"
import { calm, inFairWeather } from "./calm"
import { MortalWorker } from "./mortal"
import { anyKind, buyAll, makeMove, nameOf, outcomeOf, type Bought } from "./orders"

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
