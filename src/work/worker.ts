import type { CollectionId } from "../kobbopay/ids"
import { claimGroups, LEASE_MS, nextDue, wakeGroup, type Lease } from "../store/groups"
import type { Deps } from "./deps"
import { workEntitlements } from "./entitlements"
import { workGroup } from "./group"
import { routeEvents } from "./route"
import { errorText } from "../store/error-text"

/** Groups worked side by side in one process; two events of one payment never are. */
const SIDE_BY_SIDE = 4

/** Between two looks for work while calls keep coming: what comes meanwhile is found together. */
const LOOK_PAUSE_MS = 50

/** Beyond this the scheduled sweep comes first anyway. */
const SOON_MS = 5_000
const LEAST_SLEEP_MS = 100

/**
 * The loop of one process: a scout routes recorded events, claims due groups, as many as there are free
 * hands, and works due entitlements; the hands work their groups until nothing is due. A slow group holds
 * one hand of several, so the others go on. Any number of processes may run one; the leases keep them apart.
 */
export class Worker {
  readonly #deps: Deps
  readonly #hands = new Set<Promise<void>>()
  #scout: Promise<void> | null = null
  /** Counts calls, so that one that comes while the scout looks is not lost. */
  #calls = 0
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Has the scout look for what is due; one that is looking already looks once more before it rests. */
  wake(): void {
    this.#calls++
    if (this.#stopped || this.#scout !== null) return
    this.#scout = this.#look().then((seen) => {
      this.#scout = null
      // A call between the scout's last look and this moment found it still there.
      if (seen !== this.#calls) this.wake()
      else if (this.#hands.size === 0) void this.#sleep()
    })
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
    while (this.#scout !== null || this.#hands.size > 0) {
      await Promise.all([this.#scout, ...this.#hands])
    }
  }

  /** Returns the calls that it has seen to. */
  async #look(): Promise<number> {
    try {
      for (;;) {
        const calls = this.#calls
        const routed = await routeEvents(this.#deps)
        for (const lease of await this.#claim(SIDE_BY_SIDE - this.#hands.size)) this.#start(lease)
        const more = (await workEntitlements(this.#deps)) || routed
        if (this.#stopped || (!more && calls === this.#calls)) return calls
        if (!more) await this.#deps.sleep(LOOK_PAUSE_MS)
      }
    } catch (cause) {
      this.#interrupted(cause)
      return this.#calls
    }
  }

  #start(lease: Lease): void {
    const hand: Promise<void> = this.#work(lease)
      .catch((cause: unknown) => this.#interrupted(cause))
      .finally(() => {
        this.#hands.delete(hand)
        // The scout may have passed over what became due while no hand was free.
        this.wake()
      })
    this.#hands.add(hand)
  }

  async #work(lease: Lease): Promise<void> {
    for (let held: Lease | undefined = lease; held !== undefined;) {
      await workGroup(this.#deps, held)
      ;[held] = await this.#claim(1)
    }
  }

  async #claim(most: number): Promise<Lease[]> {
    if (this.#stopped || most <= 0) return []
    const { sql, owner, now } = this.#deps
    return claimGroups(sql, owner, now(), LEASE_MS, most)
  }

  #interrupted(cause: unknown): void {
    this.#deps.log.error(`kobbopay: the work was interrupted: ${errorText(cause)}`)
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
