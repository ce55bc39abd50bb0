/**
 * Chance on tape: every choice of a stream takes the next number. A tape that has run out answers 0,
 * which is the harmless choice everywhere; so a shorter tape is a calmer stream, and a failing one
 * shrinks towards fair weather.
 */
export class Dice {
  #at = 0

  constructor(private readonly tape: ArrayLike<number>) {}

  /** A number from 0 up to, not including, `sides`. */
  roll(sides: number): number {
    const next = this.tape[this.#at]
    if (next === undefined) return 0
    this.#at += 1
    return next % sides
  }

  /** True once in `sides` rolls. */
  once(sides: number): boolean {
    return this.roll(sides) === sides - 1
  }

  /** What is left to be decided by chance. */
  get over(): boolean {
    return this.#at >= this.tape.length
  }
}
