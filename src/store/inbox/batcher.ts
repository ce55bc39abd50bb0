import { recordEvents, type InboxConnection, type NewEvent, type Recorded } from "./insert"

/** A statement that takes longer than this is not waited for by those that come after it. */
const SLOW_MS = 50
/** Statements under way, not counting slow ones: one commits while the next is filled. */
const MOST_WRITING = 2
/** Slow statements under way; each holds a connection of the pool. */
const MOST_SLOW = 2
/** Events that do not wait for more to arrive: a second statement is worth it. */
const ENOUGH = 4
/** Events of one statement: 64 KiB each at most, so that it stays a few megabytes. */
const MOST_AT_ONCE = 32
/** Events that may wait; who comes then is refused at once. */
const MOST_WAITING = 1_000

type Waiting = {
  event: NewEvent
  resolve: (recorded: Recorded) => void
  reject: (cause: unknown) => void
}

/**
 * Records events in batches: those that arrive together share a commit, and so do those that arrive while
 * enough commits are under way. Each is answered by itself, and only after its own row is committed; when
 * a batch is refused because of one of them, each is tried alone, so that none suffers for its neighbour.
 */
export class EventBatcher {
  readonly #connection: InboxConnection
  readonly #withinMs: number
  readonly #waiting: Waiting[] = []
  /** Event ids of statements under way. */
  readonly #underWay = new Set<string>()
  #gathering = false
  #writing = 0
  #slow = 0

  /** @param withinMs how long recording may take in all, waiting included, before it fails */
  constructor(connection: InboxConnection, withinMs: number) {
    this.#connection = connection
    this.#withinMs = withinMs
  }

  /**
   * Resolves once the event's row is committed.
   * @throws Error when it is not, or when that is not known in time; then it may be sent again
   */
  record(event: NewEvent): Promise<Recorded> {
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(new Error(`${MOST_WAITING} events are waiting to be recorded already`))
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        event,
        resolve: (recorded) => {
          clearTimeout(timer)
          resolve(recorded)
        },
        reject: (cause) => {
          clearTimeout(timer)
          reject(cause instanceof Error ? cause : new Error(String(cause)))
        },
      }
      const timer = setTimeout(() => {
        const index = this.#waiting.indexOf(entry)
        if (index >= 0) this.#waiting.splice(index, 1)
        entry.reject(new Error(`it was not recorded within ${this.#withinMs} ms`))
      }, this.#withinMs)
      this.#waiting.push(entry)
      if (this.#waiting.length >= ENOUGH) this.#next()
      else this.#soon()
    })
  }

  /** Begins once everything that has arrived by now was read: it goes into one statement. */
  #soon(): void {
    if (this.#gathering) return
    this.#gathering = true
    setImmediate(() => {
      this.#gathering = false
      this.#next()
    })
  }

  /** Begins with what waits, unless enough is under way: what comes meanwhile shares the next statement. */
  #next(): void {
    if (this.#waiting.length === 0) return
    if (this.#writing >= MOST_WRITING || this.#slow >= MOST_SLOW) return
    const batch = this.#takeBatch()
    if (batch.length === 0) return
    this.#writing++
    let isSlow = false
    const timer = setTimeout(() => {
      isSlow = true
      this.#slow++
      this.#writing--
      this.#next()
    }, SLOW_MS)
    void this.#write(batch).finally(() => {
      clearTimeout(timer)
      for (const { event } of batch) this.#underWay.delete(idOf(event))
      if (isSlow) this.#slow--
      else this.#writing--
      this.#soon()
    })
  }

  /**
   * The next batch: none whose event id is under way, as the second body under one id is known by the first
   * one being committed.
   */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    const left: Waiting[] = []
    for (const one of this.#waiting) {
      const isFree = batch.length < MOST_AT_ONCE && !this.#underWay.has(idOf(one.event))
      ;(isFree ? batch : left).push(one)
    }
    this.#waiting.splice(0, this.#waiting.length, ...left)
    for (const { event } of batch) this.#underWay.add(idOf(event))
    return batch
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const recorded = await recordEvents(
        this.#connection,
        batch.map(({ event }) => event),
      )
      batch.forEach(({ resolve, reject }, index) => {
        const one = recorded[index]
        if (one === undefined) reject(new Error("the database did not say what it recorded"))
        else resolve(one)
      })
    } catch (cause) {
      const [only] = batch
      if (batch.length === 1 && only !== undefined) return only.reject(cause)
      if (!isOfOneRow(cause)) return batch.forEach(({ reject }) => reject(cause))
      await Promise.all(batch.map((one) => this.#write([one])))
    }
  }
}

/** Events without an id are told apart by their bodies. */
const idOf = ({ accountId, eventId, bodyHash }: NewEvent): string =>
  `${accountId} ${eventId ?? bodyHash}`

/**
 * Whether the database refused the statement for something in a row (data, a constraint, a program's
 * limit), or for a conflict with another transaction: then the others may well be recorded. Anything
 * else, such as a lost connection or a time limit, would only happen again.
 */
const isOfOneRow = (cause: unknown): boolean =>
  cause instanceof Error &&
  "code" in cause &&
  typeof cause.code === "string" &&
  /^(21|22|23|40|42|54|P0)/.test(cause.code)
