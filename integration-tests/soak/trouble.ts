import { setTimeout as pause } from "node:timers/promises"
import { Dice } from "./dice"
import { type Ground, SOAK_STORM } from "./ground"

const SECOND = 1_000
/** From one to the next of each kind of trouble, seconds. */
const EVERY = {
  kill: [2, 5.5],
  postgres: [40, 70],
  redis: [30, 60],
  outage: [20, 40],
} as const
const FIND_VICTIM_EVERY_MS = 200
const MAKES_UP_FOR_MS = 10_000

/** What goes wrong, over and over, until it is stopped. */
export class Trouble {
  readonly counts = { kills: 0, postgresCrashes: 0, redisRestarts: 0, outages: 0 }
  readonly #dice: Dice
  readonly #stop = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly ground: Ground,
    seed: number,
  ) {
    this.#dice = new Dice(seed)
  }

  start(): void {
    this.ground.sandbox.control.setWeather(SOAK_STORM)
    this.#running = Promise.all([
      this.#again(EVERY.kill, () => this.#killOne()),
      this.#again(EVERY.postgres, () => this.#crashPostgres()),
      this.#again(EVERY.redis, () => this.#restartRedis()),
      this.#again(EVERY.outage, () => this.#outage()),
    ])
    this.#running.catch(() => undefined) // thrown by `stop`
  }

  /** Lets the trouble under way end, and clears the weather. */
  async stop(): Promise<void> {
    this.#stop.abort()
    try {
      await this.#running
    } finally {
      this.ground.sandbox.control.clearWeather()
    }
  }

  /** What took long makes the next come sooner. */
  async #again([least, most]: readonly [number, number], act: () => Promise<void>): Promise<void> {
    for (let due = Date.now(); ;) {
      due = Math.max(due, Date.now() - MAKES_UP_FOR_MS) + this.#dice.between(least, most) * SECOND
      await this.#wait(due - Date.now())
      if (this.#stop.signal.aborted) return
      await act()
    }
  }

  async #killOne(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const victim = this.#dice.oneOf(this.ground.cluster.killable)
      if (victim !== undefined && (await victim.kill())) {
        this.counts.kills += 1
        return
      }
      await this.#wait(FIND_VICTIM_EVERY_MS)
    }
  }

  async #crashPostgres(): Promise<void> {
    this.counts.postgresCrashes += 1
    await this.ground.crashPostgres(this.#dice.between(0.2, 3) * SECOND)
  }

  async #restartRedis(): Promise<void> {
    if (this.ground.redis === null) return
    await this.ground.redis.crash()
    this.counts.redisRestarts += 1
  }

  async #outage(): Promise<void> {
    const { control } = this.ground.sandbox
    this.counts.outages += 1
    control.setWeather({ outage: true })
    await this.#wait(this.#dice.between(2, 6) * SECOND)
    control.setWeather({ outage: false })
  }

  async #wait(ms: number): Promise<void> {
    await pause(Math.max(0, ms), undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}
