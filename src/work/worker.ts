import type { CollectionId } from "../kobbopay/ids"
import { claimGroups, LEASE_MS, nextDue, wakeGroup } from "../store/groups"
import type { Deps } from "./deps"
import { workEntitlements } from "./entitlements"
import { workGroup } from "./group"
import { routeEvents } from "./route"
import { errorText } from "../store/error-text"

/** Groups worked side by side in one process; two events of one payment never are. */
const SIDE_BY_SIDE = 4

/** Beyond this the scheduled sweep comes first anyway. */
const SOON_MS = 5_000
const LEAST_SLEEP_MS = 100

/**
 * The loop of one process: routes recorded events, works due entitlements, claims due groups and works them until nothing is
 * due. A slow group holds one hand of several, so the others go on. Any number of processes may run one;
 * the leases keep them apart.
 */
export class Worker {
  readonly #deps: Deps
  readonly #hands = new Set<Promise<void>>()
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Starts a hand on what is due, unless all are busy: a busy one looks again before it rests. */
  wake(): void {
    if (this.#stopped || this.#hands.size >= SIDE_BY_SIDE) return
    const hand: Promise<void> = this.#work().finally(() => {
      this.#hands.delete(hand)
      if (this.#hands.size === 0) void this.#sleep()
    })
    this.#hands.add(hand)
  }

  /** Makes a collection's group due and works it. */
  async call(collection: CollectionId): Promise<void> {
    await wakeGroup(this.#deps.sql, collection, this.#deps.now())
    this.wake()
  }

  /** Works until nothing is due and every hand rests. Failures are logged and tried again later. */
  async drain(): Promise<void> {
    await this.#idle()
    this.wake()
    await this.#idle()
  }

  /** Lets what is under way finish and starts nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#idle()
  }

  async #idle(): Promise<void> {
    while (this.#hands.size > 0) await Promise.all(this.#hands)
  }

  async #work(): Promise<void> {
    try {
      for (;;) {
        await routeEvents(this.#deps)
        const isMore = await workEntitlements(this.#deps)
        const { sql, owner, now } = this.#deps
        const [lease] = this.#stopped ? [] : await claimGroups(sql, owner, now(), LEASE_MS, 1)
        if (lease === undefined) {
          if (isMore && !this.#stopped) continue
          return
        }
        // Where one group was due there may be more: another hand looks while this one works.
        this.wake()
        await workGroup(this.#deps, lease)
      }
    } catch (cause) {
      this.#deps.log.error(`kobbopay: the work was interrupted: ${errorText(cause)}`)
    }
  }

  /** Wakes by itself for work that is due soon, so that a short pause does not wait for the sweep. */
  async #sleep(): Promise<void> {
    if (this.#stopped || this.#timer !== null) return
    const due = await nextDue(this.#deps.sql).catch(() => null)
    if (due === null || this.#stopped) return
    const pause = Math.max(LEAST_SLEEP_MS, due.getTime() - this.#deps.now().getTime())
    if (pause > SOON_MS) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.wake()
    }, pause)
    this.#timer.unref()
  }
}
