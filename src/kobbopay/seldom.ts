/** What was not logged one by one: how often it happened, and the words of the last time. */
export type Summary = { count: number; last: string }

type Kind = { since: number; logged: number; suppressed: number; last: string }

const MINUTE_MS = 60_000
/** Kinds kept apart; what is more counts as one. */
const MOST_KINDS = 100
const OTHERS = "others"

/**
 * Lets a kind of line through a few times a minute and counts the rest, so that nobody who makes lines can
 * fill a log. Pure: the clock is handed in, and somebody asks for what is {@link due}.
 */
export class Seldom {
  readonly #mostAMinute: number
  readonly #kinds = new Map<string, Kind>()

  /** @param mostAMinute lines of one kind that are logged in a minute */
  constructor(mostAMinute: number) {
    this.#mostAMinute = mostAMinute
  }

  /** Whether this line is to be logged; else it is counted. */
  maySay(kind: string, line: string, now: number): boolean {
    const key = this.#kinds.has(kind) || this.#kinds.size < MOST_KINDS ? kind : OTHERS
    const known = this.#kinds.get(key)
    if (known === undefined) {
      this.#kinds.set(key, { since: now, logged: 1, suppressed: 0, last: line })
      return true
    }
    if (known.suppressed === 0 && isOver(known, now)) {
      Object.assign(known, { since: now, logged: 0 })
    }
    if (known.logged < this.#mostAMinute) {
      known.logged++
      return true
    }
    known.suppressed++
    known.last = line
    return false
  }

  /** What was counted in minutes that are over; each is reported once. A quiet kind is forgotten. */
  due(now: number): Summary[] {
    const summaries: Summary[] = []
    for (const [key, kind] of this.#kinds) {
      if (!isOver(kind, now)) continue
      if (kind.suppressed > 0) {
        summaries.push({ count: kind.suppressed, last: kind.last })
        // The flood may go on: the next minute says only what it comes to.
        Object.assign(kind, { since: now, logged: this.#mostAMinute, suppressed: 0 })
      } else {
        this.#kinds.delete(key)
      }
    }
    return summaries
  }

  /** Milliseconds until something may be due; null when nothing is kept. */
  nextIn(now: number): number | null {
    const waits = [...this.#kinds.values()].map(({ since }) => since + MINUTE_MS - now)
    return waits.length === 0 ? null : Math.max(0, Math.min(...waits))
  }
}

const isOver = ({ since }: Kind, now: number): boolean =>
  now - since >= MINUTE_MS || now < since - MINUTE_MS
