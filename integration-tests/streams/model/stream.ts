import { brandAs, type SessionId } from "../../../src/domain/ids"
import { judge } from "../../../src/domain/judge"
import { LEASE_MS } from "../../../src/store/collections"
import { nextStep } from "../../../src/work/converge"
import { holdsTogether } from "./audited"
import { Dice, FAIR, type Weather } from "./dice"
import { Invariants } from "./invariants"
import { Kobbopay, type Sent } from "./kobbopay"
import { Ledger, type Judge } from "./ledger"
import { Medusa, type Steps } from "./medusa"
import { providerOf, refresh } from "./provider"
import type { Lease } from "./rows"
import { CLOSE_PENDING_MS, HOUR, rulesOf } from "./rules"
import type { Shop } from "./shop"
import { type Move, type Truth } from "./truth"
import { work } from "./work"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAWN = Date.UTC(2026, 0, 1)

/** Longer than any pause between two checks, the window, the grace and the patience with events. */
const CALM_MS = 7 * HOUR
const WAIT_MS = CLOSE_PENDING_MS + HOUR
/** Chances to come to rest before a calm calls it a loop. */
const MOST_ROUNDS = 60
const MOST_STEPS_OF_A_WORK = 2_000

/** What a stream runs on: the real rules, or one broken on purpose. */
export type Under = { judge: Judge; nextStep: typeof nextStep }
export const REAL: Under = { judge, nextStep }

/** One order's life: the truth, the weather by these dice, two workers, and what comes of it. */
export class Stream {
  readonly kobbopay: Kobbopay
  readonly ledger: Ledger
  readonly medusa: Medusa
  readonly invariants: Invariants
  /** Held, released or revoked: what the order's entitlement was last made to be. */
  entitlement: "none" | "held" | "released" | "revoked" = "none"
  readonly #shop: Shop
  readonly #workers: [Steps<void> | null, Steps<void> | null] = [null, null]
  #time = DAWN

  constructor(
    readonly truth: Truth,
    private readonly dice: Dice,
    under: Under = REAL,
  ) {
    const now = () => this.#time
    const rules = rulesOf(truth)
    this.kobbopay = new Kobbopay(truth)
    this.ledger = new Ledger(truth.payments, under.judge, rules, now)
    this.medusa = new Medusa(
      providerOf(() => this.#shop),
      now,
      (session) => this.invariants.captured(session),
    )
    this.medusa.onCancelled = () => {
      if (!dice.once(4)) this.ledger.recordOrderCancelled()
    }
    this.#shop = {
      placed: truth.placed,
      kobbopay: this.kobbopay,
      ledger: this.ledger,
      medusa: this.medusa,
      nextStep: under.nextStep,
      now,
      dice,
      rules,
      random: () => 0.5,
    }
    this.invariants = new Invariants(truth, rules, this)
    for (const row of this.ledger.rows.slice(truth.superseded)) {
      const session = brandAs<SessionId>(`session-${row.number}`)
      row.sessions.push(session)
      this.medusa.addSession(session)
    }
    if (truth.placed === "before") finish(this.medusa.completeCart())
    this.ledger.wake()
  }

  /** Each thing observed once, in order, at once; nobody dies, nothing lags. */
  static inFairWeather(truth: Truth, under: Under = REAL): Stream {
    const stream = new Stream(truth, new Dice(FAIR), under)
    for (const move of truth.moves) {
      stream.#happens(move)
      stream.kobbopay.catchUp()
      stream.#deliverAll()
      stream.#rest()
    }
    return stream.#end()
  }

  /** The same truth in some other weather. */
  static inWeather(truth: Truth, weather: Weather, under: Under = REAL): Stream {
    const dice = new Dice(weather)
    const stream = new Stream(truth, dice, under)
    for (const move of truth.moves) {
      stream.#happens(move)
      for (let left = dice.roll(12); left > 0; left--) stream.#something()
    }
    return stream.#end()
  }

  #happens(move: Move): void {
    switch (move.do) {
      case "calm":
        this.#calm()
        break
      case "wait":
        this.#pass(WAIT_MS)
        this.#rest()
        break
      case "cancel":
        finish(this.medusa.cancelOrder())
        break
      default:
        this.kobbopay.happens(move)
    }
  }

  /** One piece of weather, or of work. */
  #something(): void {
    const { dice } = this
    switch (dice.roll(10)) {
      case 0:
      case 1:
        return this.#advance(0, 1 + dice.roll(24))
      case 2:
      case 3:
        return this.#advance(1, 1 + dice.roll(24))
      case 4:
      case 5:
        return this.#deliverOne()
      case 6: {
        const { inFlight } = this.kobbopay
        const lost = dice.roll(inFlight.length || 1)
        if (!this.#isOnlyWord(inFlight[lost])) inFlight.splice(lost, 1)
        return
      }
      case 7: {
        const pauses = [SECOND, 4 * SECOND, LEASE_MS + SECOND, 2 * MINUTE, 5 * MINUTE]
        return this.#pass(pauses[dice.roll(pauses.length)] ?? SECOND)
      }
      case 8:
        this.#workers[dice.roll(2)] = null
        return
      default: {
        // The shopper's own page, or the admin, asks for the payment.
        const row = this.ledger.row(dice.roll(this.truth.payments))
        const [session] = row.sessions
        if (session !== undefined) finish(refresh(this.#shop, row))
        this.invariants.hold()
      }
    }
  }

  /** An event arrives, for the first time or once more. */
  #deliverOne(): void {
    const { inFlight, delivered } = this.kobbopay
    const known = [...inFlight, ...delivered]
    const event = known[this.dice.roll(known.length || 1)]
    if (event === undefined) return
    this.ledger.record(event)
    if (this.dice.once(3) || !inFlight.includes(event)) return
    inFlight.splice(inFlight.indexOf(event), 1)
    delivered.push(event)
  }

  #deliverAll(): void {
    for (const event of this.kobbopay.inFlight.splice(0)) {
      if (!this.#isOnlyWord(event) && this.dice.once(3)) continue
      this.ledger.record(event)
      this.kobbopay.delivered.push(event)
    }
  }

  /** Where reads cannot say that a payment expired, its event alone does, and is repeated until it arrives. */
  #isOnlyWord(event: Sent | undefined): boolean {
    return this.truth.profile === "invoice" && event?.reportedState === "expired"
  }

  #calm(): void {
    this.kobbopay.catchUp()
    this.#deliverAll()
    this.#rest()
    this.#pass(CALM_MS)
    this.#rest()
  }

  #end(): Stream {
    this.#calm()
    this.#pass(WAIT_MS)
    this.#rest()
    this.invariants.end()
    holdsTogether(this, this.#time)
    return this
  }

  /** Works what is due until nothing is left to do but to look again some day. */
  #rest(): void {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      for (const worker of [0, 1] as const) {
        this.#advance(worker, MOST_STEPS_OF_A_WORK)
        if (this.dice.once(6)) this.#workers[worker] = null
      }
      if (this.#isAtRest()) return
      const { dueAt, leaseUntil } = this.ledger.collection
      this.#pass(Math.max(SECOND, (dueAt ?? 0) - this.#time, (leaseUntil ?? 0) + 1 - this.#time))
    }
    throw new Error(`never comes to rest: ${JSON.stringify(this.ledger.collection)}`)
  }

  #isAtRest(): boolean {
    const { collection, rows, events } = this.ledger
    if (this.#workers.some((worker) => worker !== null) || collection.owner !== null) return false
    if (collection.dueAt !== null && collection.dueAt <= this.#time) return false
    // An ended payment waits for the others: only together do they end the order.
    const endsOrder = rows.every((row) => row.target === "order_cancelled")
    return (
      collection.cancellingAt === null &&
      events.every((event) => event.state !== "received") &&
      rows.every((row) => row.failures === 0) &&
      rows.every(
        ({ target, converged_at }) =>
          converged_at !== null ||
          target === "nothing" ||
          (target === "order_cancelled" && !endsOrder),
      )
    )
  }

  #pass(ms: number): void {
    this.#time += ms
  }

  /** Lets one worker go on for some steps; one that rests first claims what is due. */
  #advance(worker: 0 | 1, steps: number): void {
    for (let left = steps; left > 0; left--) {
      let under = this.#workers[worker]
      if (under === null) {
        const lease = this.ledger.claim(`worker ${worker}`)
        if (lease === null) return
        under = this.#worked(lease)
        this.#workers[worker] = under
      }
      if (under.next().done === true) this.#workers[worker] = null
      this.invariants.hold()
    }
  }

  *#worked(lease: Lease): Steps<void> {
    const steps = work(this.#shop, lease)
    while (steps.next().done !== true) {
      this.ledger.renew(lease)
      yield
    }
    this.#entitle()
  }

  /** The gate: held when the order is placed, released once captures cover it, revoked when it ends. */
  #entitle(): void {
    const { order } = this.medusa
    if (order === "cancelled") this.entitlement = this.entitlement === "none" ? "none" : "revoked"
    else if (order === "open") this.entitlement = this.invariants.isCovered() ? "released" : "held"
  }
}

/** Runs steps that nobody interrupts. */
function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
