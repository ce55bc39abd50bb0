import type { CollectionId } from "../kobbopay/ids"
import { claimGroups, nextDue, wakeGroup } from "../store/groups"
import type { Deps } from "./deps"
import { LEASE_MS, workGroup } from "./group"
import { routeEvents } from "./route"
import { text } from "./text"

/** Groups worked side by side in one process; two events of one payment never are. */
const SIDE_BY_SIDE = 4

/** Beyond this the scheduled sweep comes first anyway. */
const SOON_MS = 5_000

/**
 * The loop of one process: routes recorded events, claims due groups and works them until nothing is
 * due. Any number of processes may run one; the leases keep them apart.
 */
export class Worker {
  readonly #deps: Deps
  #running: Promise<void> | null = null
  #again = false
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Starts working, or makes the running pass look once more. Never throws; returns at once. */
  wake(): void {
    void this.drain()
  }

  /** Makes a collection's group due and works it. */
  async call(collection: CollectionId): Promise<void> {
    await wakeGroup(this.#deps.sql, collection, this.#deps.now())
    this.wake()
  }

  /** Works until nothing is due; resolves then. Failures are logged and tried again later. */
  drain(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    if (this.#running !== null) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#pass().finally(() => {
      this.#running = null
      this.#rest().catch(() => undefined)
    })
    return this.#running
  }

  /** Lets the running pass finish and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running
  }

  async #pass(): Promise<void> {
    try {
      do {
        this.#again = false
        await routeEvents(this.#deps)
        while (await this.#workBatch()) await routeEvents(this.#deps)
      } while (this.#again && !this.#stopped)
    } catch (cause) {
      this.#deps.log.error(`kobbopay: the work was interrupted: ${text(cause)}`)
    }
  }

  async #workBatch(): Promise<boolean> {
    if (this.#stopped) return false
    const { sql, owner, now } = this.#deps
    const leases = await claimGroups(sql, owner, now(), LEASE_MS, SIDE_BY_SIDE)
    await Promise.all(leases.map((lease) => workGroup(this.#deps, lease)))
    return leases.length > 0
  }

  /** Wakes by itself for work that is due soon, so that a short pause does not wait for the sweep. */
  async #rest(): Promise<void> {
    if (this.#stopped || this.#timer !== null) return
    const due = await nextDue(this.#deps.sql)
    if (due === null) return
    const pause = Math.max(50, due.getTime() - this.#deps.now().getTime())
    if (pause > SOON_MS) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.wake()
    }, pause)
    this.#timer.unref()
  }
}
