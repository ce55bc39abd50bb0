import { setTimeout as pause } from "node:timers/promises"
import { freePort } from "../support/free-port"
import { launchMedusa, type MedusaOptions } from "../support/medusa-process"
import { until } from "../support/until"

export type Mode = "shared" | "server" | "worker"

/** Behind a crashed process comes a supervisor that does not spin. */
const RESTART_PAUSE_MS = 300

const CUT_SHORT_AT_MOST = 2

type ClusterOptions = {
  /** One process each. A `worker` serves no requests. */
  modes: readonly Mode[]
  medusa: MedusaOptions
  /** Told when a process ended although nobody killed it. */
  tell: (line: string) => void
}

/** One place for a process: it is started again whenever it ends. */
class Seat {
  state: "down" | "booting" | "up" = "down"
  /** How often in a row it was killed while it booted. */
  #cutShort = 0
  #kill: (() => Promise<void>) | null = null
  #killed = false

  constructor(
    readonly name: string,
    readonly mode: Mode,
    readonly port: number,
  ) {}

  get serves(): boolean {
    return this.mode !== "worker"
  }

  /** After some boots that were cut short it is let be until it was up once. */
  get spared(): boolean {
    return this.#cutShort >= CUT_SHORT_AT_MOST
  }

  /** False when there was no process to kill just now. */
  async kill(): Promise<boolean> {
    if (this.#kill === null) return false
    this.#killed = true
    if (this.state === "booting") this.#cutShort += 1
    this.state = "down"
    await this.#kill()
    return true
  }

  /** Runs one process from start to end; answers why it ended by itself, or null when it was killed. */
  async run(medusa: MedusaOptions): Promise<string | null> {
    this.#killed = false
    const launched = await launchMedusa(this.port, medusa)
    this.#kill = () => launched.kill()
    this.state = "booting"
    try {
      await launched.answering()
      if (!this.#killed) {
        this.state = "up"
        this.#cutShort = 0
      }
      await launched.ended
      return this.#killed ? null : "it ended"
    } catch (cause) {
      return this.#killed ? null : String(cause)
    } finally {
      this.#kill = null
      this.state = "down"
    }
  }
}

/** Several Medusa processes over one database, each started again whenever it ends. */
export class Cluster {
  /** How often a process ended although nobody killed it. */
  fell = 0
  #stopping = false
  #kept: Promise<void>[] = []

  private constructor(
    readonly seats: readonly Seat[],
    private readonly options: ClusterOptions,
  ) {}

  static async of(options: ClusterOptions): Promise<Cluster> {
    const seats: Seat[] = []
    for (const mode of options.modes) {
      seats.push(new Seat(`${seats.length + 1} (${mode})`, mode, await freePort()))
    }
    return new Cluster(seats, options)
  }

  /** Starts all; resolves when each answers. */
  async start(withinMs: number): Promise<void> {
    this.#kept = this.seats.map((seat) => this.#keep(seat))
    await this.allUp(withinMs)
  }

  /** Ports of the processes that serve requests, alive or not. */
  get ports(): number[] {
    return this.seats.filter((seat) => seat.serves).map((seat) => seat.port)
  }

  /** Addresses of the processes that serve requests just now. */
  get urls(): string[] {
    return this.seats
      .filter((seat) => seat.serves && seat.state === "up")
      .map((seat) => `http://127.0.0.1:${seat.port}`)
  }

  /** Processes whose end leaves at least one other that serves, so that there is progress. */
  get killable(): Seat[] {
    return this.seats.filter((seat) => {
      if (seat.state === "down" || seat.spared) return false
      const others = this.seats.filter((one) => one !== seat && one.state === "up")
      return this.seats.length === 1 || others.some((one) => one.serves)
    })
  }

  allUp(withinMs: number): Promise<boolean> {
    const isReady = () => this.seats.every((seat) => seat.state === "up")
    return until(isReady, { withinMs, everyMs: 200, what: "every Medusa process answering" })
  }

  get summary(): string {
    const up = this.seats.filter((seat) => seat.state === "up").length
    return `${up}/${this.seats.length} up`
  }

  /** Ends all, at once: what they hold is in the database. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.seats.map((seat) => seat.kill()))
    await Promise.all(this.#kept)
  }

  async #keep(seat: Seat): Promise<void> {
    const { medusa, tell } = this.options
    const env = { ...medusa.env, MEDUSA_WORKER_MODE: seat.mode }
    while (!this.#stopping) {
      const why = await seat.run({ ...medusa, env })
      if (this.#stopping) return
      if (why !== null) {
        this.fell += 1
        tell(`process ${seat.name} ended by itself: ${why}`)
      }
      await pause(RESTART_PAUSE_MS)
    }
  }
}
