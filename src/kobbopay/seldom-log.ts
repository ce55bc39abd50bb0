import { Seldom } from "./seldom"
import { plainLine } from "../domain/text"

/** Lines of one kind that are logged one by one in a minute. */
const LINES_A_MINUTE = 5
const MOST_CHARACTERS = 500

type Say = (line: string) => void

/**
 * Logs what anybody can bring about: refused webhooks, checkouts that fail. Such lines are logged a few times a
 * minute for each cause, and then as one line with their number.
 */
export class SeldomLog {
  readonly #seldom = new Seldom(LINES_A_MINUTE)
  readonly #now: () => number
  #timer: NodeJS.Timeout | null = null

  /** @param now milliseconds; handed in, so that a test may let a minute pass */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * @param say writes a line of the log
   * @param kind the cause without anything that a stranger can vary
   * @param line what is logged
   */
  note(say: Say, kind: string, line: string): void {
    this.#tellDue(say)
    const plain = plainLine(line, MOST_CHARACTERS)
    if (this.#seldom.maySay(kind, plain, this.#now())) say(plain)
    this.#soon(say)
  }

  #tellDue(say: Say): void {
    for (const { count, last } of this.#seldom.due(this.#now())) {
      say(`${count} more of this kind within a minute or so, the last one: ${last}`)
    }
  }

  /** What was counted is logged once its minute is over, also when nothing comes any more. */
  #soon(say: Say): void {
    if (this.#timer !== null) return
    const wait = this.#seldom.nextIn(this.#now())
    if (wait === null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#tellDue(say)
      this.#soon(say)
    }, wait + 1)
    this.#timer.unref()
  }
}
