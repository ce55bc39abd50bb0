import type { CollectionId } from "../domain/ids"
import { nextDue, wakeCollection } from "../store/collections"
import type { Deps } from "./deps"
import { workEntitlements } from "./entitlements"
import { workCollection } from "./collection"
import { claimDue, type LeasedCollection } from "./leased"
import { routeEvents } from "./route"
import { errorText } from "../store/error-text"

/** Collections worked side by side in one process. Two events of one payment never are. */
const SLOTS = 4

/** So many of them at most are worked only because their time has come: money and events find a free slot. */
const MOST_CALM = SLOTS - 2

/** Between two passes of a loop that is woken again and again: what comes meanwhile is found together. */
const PASS_PAUSE_MS = 50

/** Beyond this the scheduled sweep comes first anyway. */
const SOON_MS = 5_000
const LEAST_SLEEP_MS = 100

/**
 * The worker of one process. Its dispatcher routes recorded events and claims due collections, as many as
 * there are free slots. A slot works collections until nothing is due. A slow collection keeps one slot of
 * several, so the others go on; one that hangs in Medusa keeps none. The entitlement loop runs beside the
 * dispatcher, so that money never waits for entitlements. Any number of processes may run a worker; the
 * leases keep them apart.
 */
export class Worker {
  readonly #deps: Deps
  readonly #slots = new Set<Promise<void>>()
  readonly #dispatcher: Loop
  readonly #entitlements: Loop
  /** Slots that work, or are about to claim, a collection that nobody woke. */
  #calm = 0
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(deps: Deps) {
    this.#deps = deps
    const loop = (pass: () => Promise<boolean>) =>
      new Loop({
        pass: async () => {
          try {
            return !this.#stopped && (await pass())
          } catch (cause) {
            this.#logFailure(cause)
            return false
          }
        },
        pause: () => deps.sleep(PASS_PAUSE_MS),
        onRest: () => {
          if (this.#isResting) void this.#sleep()
        },
      })
    this.#dispatcher = loop(() => this.#dispatch())
    this.#entitlements = loop(() => workEntitlements(deps))
  }

  /** Makes both loops find what is due. A loop that is running makes one more pass before it rests. */
  wake(): void {
    if (this.#stopped) return
    this.#dispatcher.wake()
    this.#entitlements.wake()
  }

  /** Makes the dispatcher find recorded events. Their work wakes the entitlement loop by itself. */
  wakeDispatcher(): void {
    if (!this.#stopped) this.#dispatcher.wake()
  }

  /** Makes a collection due and works it. */
  async wakeCollection(collection: CollectionId): Promise<void> {
    await wakeCollection(this.#deps.sql, collection, this.#deps.now())
    this.wake()
  }

  /**
   * Works until nothing is due and every loop and slot rests. Failures are logged and tried again later. A
   * step that hangs is not waited for; `withinMs` says how long to wait at all.
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
    return (
      this.#dispatcher.running === null &&
      this.#entitlements.running === null &&
      this.#slots.size === 0
    )
  }

  async #idle(): Promise<void> {
    while (!this.#isResting) {
      await Promise.all([this.#dispatcher.running, this.#entitlements.running, ...this.#slots])
    }
  }

  async #dispatch(): Promise<boolean> {
    const isMore = await routeEvents(this.#deps)
    for (const leased of await this.#claim(SLOTS - this.#slots.size)) this.#start(leased)
    return isMore
  }

  #start(leased: LeasedCollection): void {
    const slot: Promise<void> = this.#work(leased)
      .catch((cause: unknown) => {
        this.#logFailure(cause)
      })
      .finally(() => {
        this.#slots.delete(slot)
        // The dispatcher may have passed over what became due while no slot was free.
        this.wake()
      })
    this.#slots.add(slot)
  }

  async #work(first: LeasedCollection): Promise<void> {
    let current: LeasedCollection | undefined = first
    while (current !== undefined) {
      const { urgent } = current.lease
      try {
        const { late } = await workCollection(this.#deps, current)
        void late?.then(() => {
          this.wake()
        })
      } finally {
        if (!urgent) this.#calm--
      }
      ;[current] = await this.#claim(1)
    }
  }

  async #claim(most: number): Promise<LeasedCollection[]> {
    if (this.#stopped || most <= 0) return []
    const calm = Math.max(0, Math.min(most, MOST_CALM - this.#calm))
    // Taken before it is known how many there are, so that two who claim at once do not both count on it.
    this.#calm += calm
    let claimed: LeasedCollection[] = []
    try {
      claimed = await claimDue(this.#deps, { most, calm })
    } finally {
      this.#calm -= calm - claimed.filter(({ lease }) => !lease.urgent).length
    }
    return claimed
  }

  #logFailure(cause: unknown): void {
    this.#deps.log.error(`kobbopay: the worker was interrupted: ${errorText(cause)}`)
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

type LoopParts = {
  /** Makes one pass over what is due; true while there is more. Does not throw. */
  pass: () => Promise<boolean>
  /** Between two passes while somebody keeps waking the loop. */
  pause: () => Promise<void>
  onRest: () => void
}

/** Makes passes once it is woken, and rests when there is no more and nobody woke it meanwhile. */
class Loop {
  readonly #parts: LoopParts
  /** Counts wakes, so that one that comes during a pass is not lost. */
  #wakes = 0
  running: Promise<void> | null = null

  constructor(parts: LoopParts) {
    this.#parts = parts
  }

  wake(): void {
    this.#wakes++
    this.running ??= this.#run()
  }

  async #run(): Promise<void> {
    const { pass, pause, onRest } = this.#parts
    for (;;) {
      const wakes = this.#wakes
      const isMore = await pass()
      if (!isMore && wakes === this.#wakes) break
      if (!isMore) await pause()
    }
    this.running = null
    onRest()
  }
}
