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
 * The loop of one process. A scout routes recorded events and claims due groups, as many as there are
 * free hands, and the hands work them until nothing is due; a slow group holds one hand of several, so
 * the others go on. A clerk works due entitlements beside them, so that money never waits for those. Any
 * number of processes may run one; the leases keep them apart.
 */
export class Worker {
  readonly #deps: Deps
  readonly #hands = new Set<Promise<void>>()
  #scout: Promise<void> | null = null
  #clerk: Promise<void> | null = null
  /** Counts calls, so that one that comes while somebody looks is not lost. */
  #calls = 0
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Has scout and clerk look for what is due; one that is looking already looks once more before it rests. */
  wake(): void {
    this.#calls++
    this.#begin()
  }

  #begin(): void {
    if (this.#stopped) return
    this.#scout ??= this.#untilCalm(() => this.#look()).then((seen) => {
      this.#scout = null
      this.#rest(seen)
    })
    this.#clerk ??= this.#untilCalm(() => workEntitlements(this.#deps)).then((seen) => {
      this.#clerk = null
      this.#rest(seen)
    })
  }

  /** Makes a collection's group due and works it. */
  async call(collection: CollectionId): Promise<void> {
    await wakeGroup(this.#deps.sql, collection, this.#deps.now())
    this.wake()
  }

  /** Works until nothing is due and everybody rests. Failures are logged and tried again later. */
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

  get #isResting(): boolean {
    return this.#scout === null && this.#clerk === null && this.#hands.size === 0
  }

  async #idle(): Promise<void> {
    while (!this.#isResting) await Promise.all([this.#scout, this.#clerk, ...this.#hands])
  }

  /**
   * Repeats a step while it says that there is more, or somebody called while it was at it. Returns the
   * calls that it has seen to.
   */
  async #untilCalm(step: () => Promise<boolean>): Promise<number> {
    try {
      for (;;) {
        const calls = this.#calls
        const isMore = await step()
        if (this.#stopped || (!isMore && calls === this.#calls)) return calls
        if (!isMore) await this.#deps.sleep(LOOK_PAUSE_MS)
      }
    } catch (cause) {
      this.#interrupted(cause)
      return this.#calls
    }
  }

  async #look(): Promise<boolean> {
    const isMore = await routeEvents(this.#deps)
    for (const lease of await this.#claim(SIDE_BY_SIDE - this.#hands.size)) this.#start(lease)
    return isMore
  }

  #start(lease: Lease): void {
    const hand: Promise<void> = this.#work(lease)
      .catch((cause: unknown) => {
        this.#interrupted(cause)
      })
      .finally(() => {
        this.#hands.delete(hand)
        // The scout may have passed over what became due while no hand was free.
        this.wake()
      })
    this.#hands.add(hand)
  }

  async #work(lease: Lease): Promise<void> {
    let held: Lease | undefined = lease
    while (held !== undefined) {
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

  #rest(seen: number): void {
    // A call between somebody's last look and this moment found them still there.
    if (seen !== this.#calls) this.#begin()
    else if (this.#isResting) void this.#sleep()
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
