import type { CollectionId } from "../kobbopay/ids"
import {
  claimCollections,
  LEASE_MS,
  nextDue,
  wakeCollection,
  type Lease,
} from "../store/collections"
import type { Deps } from "./deps"
import { workEntitlements } from "./entitlements"
import { workCollection } from "./collection"
import { routeEvents } from "./route"
import { errorText } from "../store/error-text"

/** Collections worked side by side in one process; two events of one payment never are. */
const SIDE_BY_SIDE = 4

/** So many of them at most are worked only because their time has come: money and events find a free hand. */
const MOST_CALM = SIDE_BY_SIDE - 2

/** Between two checks for work while calls keep coming: what comes meanwhile is found together. */
const LOOK_PAUSE_MS = 50

/** Beyond this the scheduled sweep comes first anyway. */
const SOON_MS = 5_000
const LEAST_SLEEP_MS = 100

/**
 * The loop of one process. A scout routes recorded events and claims due collections, as many as there are
 * free hands, and the hands work them until nothing is due; a slow collection holds one hand of several, so
 * the others go on, and one that hangs in Medusa holds none. A clerk works due entitlements beside them, so that money never waits for those. Any
 * number of processes may run one; the leases keep them apart.
 */
export class Worker {
  readonly #deps: Deps
  readonly #hands = new Set<Promise<void>>()
  readonly #scout: Watch
  readonly #clerk: Watch
  /** Hands that are at, or about to claim, a collection that nobody called for. */
  #calm = 0
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(deps: Deps) {
    this.#deps = deps
    const watch = (look: () => Promise<boolean>) =>
      new Watch({
        look: async () => {
          try {
            return !this.#stopped && (await look())
          } catch (cause) {
            this.#interrupted(cause)
            return false
          }
        },
        pause: () => deps.sleep(LOOK_PAUSE_MS),
        rested: () => {
          if (this.#isResting) void this.#sleep()
        },
      })
    this.#scout = watch(() => this.#look())
    this.#clerk = watch(() => workEntitlements(deps))
  }

  /** Has scout and clerk look for what is due; one that is looking already looks once more before it rests. */
  wake(): void {
    if (this.#stopped) return
    this.#scout.call()
    this.#clerk.call()
  }

  /** Has the scout look for recorded events. What they lead to calls the clerk by itself. */
  wakeScout(): void {
    if (!this.#stopped) this.#scout.call()
  }

  /** Makes a collection's collection due and works it. */
  async call(collection: CollectionId): Promise<void> {
    await wakeCollection(this.#deps.sql, collection, this.#deps.now())
    this.wake()
  }

  /**
   * Works until nothing is due and everybody rests. Failures are logged and tried again later. A step that
   * hangs is not waited for; `withinMs` says how long to wait at all.
   */
  async drain({ withinMs }: { withinMs?: number } = {}): Promise<void> {
    const drained = this.#idle().then(() => {
      this.wake()
      return this.#idle()
    })
    if (withinMs === undefined) return drained
    const ended = new AbortController()
    const over = this.#deps.sleep(withinMs, ended.signal).catch(() => undefined)
    await Promise.race([drained, over]).finally(() => {
      ended.abort()
    })
  }

  /** Lets what is under way finish, except for what hangs, and starts nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#idle()
  }

  get #isResting(): boolean {
    return this.#scout.running === null && this.#clerk.running === null && this.#hands.size === 0
  }

  async #idle(): Promise<void> {
    while (!this.#isResting) {
      await Promise.all([this.#scout.running, this.#clerk.running, ...this.#hands])
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
      const { urgent } = held
      try {
        const { late } = await workCollection(this.#deps, held)
        void late?.then(() => {
          this.wake()
        })
      } finally {
        if (!urgent) this.#calm--
      }
      ;[held] = await this.#claim(1)
    }
  }

  async #claim(most: number): Promise<Lease[]> {
    if (this.#stopped || most <= 0) return []
    const { sql, owner, now } = this.#deps
    const calm = Math.max(0, Math.min(most, MOST_CALM - this.#calm))
    // Taken before it is known how many there are, so that two who claim at once do not both count on it.
    this.#calm += calm
    let claimed: Lease[] = []
    try {
      claimed = await claimCollections(sql, owner, now(), LEASE_MS, { most, calm })
    } finally {
      this.#calm -= calm - claimed.filter((lease) => !lease.urgent).length
    }
    return claimed
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

type Watching = {
  /** Looks for work; true while there is more. Does not throw. */
  look: () => Promise<boolean>
  /** Between two checks while calls keep coming. */
  pause: () => Promise<void>
  rested: () => void
}

/** Somebody who looks for work when called, and rests when there is none and nobody called meanwhile. */
class Watch {
  readonly #watching: Watching
  /** Counts calls, so that one that comes during a check is not lost. */
  #calls = 0
  running: Promise<void> | null = null

  constructor(watching: Watching) {
    this.#watching = watching
  }

  call(): void {
    this.#calls++
    this.running ??= this.#run()
  }

  async #run(): Promise<void> {
    const { look, pause, rested } = this.#watching
    for (;;) {
      const calls = this.#calls
      const isMore = await look()
      if (!isMore && calls === this.#calls) break
      if (!isMore) await pause()
    }
    this.running = null
    rested()
  }
}
