import type { Logger } from "@medusajs/framework/types"
import { Seldom } from "../../../kobbopay/seldom"
import { plainLine } from "../../../kobbopay/text"

/** Refusals of one kind that are logged one by one in a minute. */
const LINES_A_MINUTE = 5
const MOST_CHARACTERS = 500

/**
 * Logs refused webhooks for the merchant. Anybody can make them, so they are logged a few times a minute
 * for each cause, and then as one line with their number.
 */
export class RefusalLog {
  readonly #seldom = new Seldom(LINES_A_MINUTE)
  readonly #now: () => number
  #timer: NodeJS.Timeout | null = null

  /** @param now milliseconds; handed in, so that a test may let a minute pass */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * @param kind the cause without anything that a stranger can vary
   * @param line what is logged
   */
  note(log: Pick<Logger, "warn">, kind: string, line: string): void {
    this.#tellDue(log)
    const plain = plainLine(line, MOST_CHARACTERS)
    if (this.#seldom.maySay(kind, plain, this.#now())) log.warn(plain)
    this.#soon(log)
  }

  #tellDue(log: Pick<Logger, "warn">): void {
    for (const { count, last } of this.#seldom.due(this.#now())) {
      log.warn(`${count} more of this kind within a minute or so, the last one: ${last}`)
    }
  }

  /** What was counted is logged once its minute is over, also when nothing comes any more. */
  #soon(log: Pick<Logger, "warn">): void {
    if (this.#timer !== null) return
    const wait = this.#seldom.nextIn(this.#now())
    if (wait === null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#tellDue(log)
      this.#soon(log)
    }, wait + 1)
    this.#timer.unref()
  }
}
