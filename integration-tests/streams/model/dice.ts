import { seededRandom } from "../../../src/sandbox/weather"

/** The weather of one stream: so many choices by chance, drawn from a seed; after them it is fair. */
export type Weather = { seed: number; choices: number }

export const FAIR: Weather = { seed: 0, choices: 0 }

/**
 * Chance, in a limited amount: once it is used up every roll answers 0, which is the harmless choice
 * everywhere. So fewer choices are a calmer stream, and a failing one shrinks towards fair weather.
 */
export class Dice {
  readonly #random: () => number
  #left: number

  constructor({ seed, choices }: Weather) {
    this.#random = seededRandom(seed)
    this.#left = choices
  }

  /** A number from 0 up to, not including, `sides`. */
  roll(sides: number): number {
    if (this.#left === 0) return 0
    this.#left -= 1
    return Math.floor(this.#random() * sides)
  }

  /** True once in `sides` rolls. */
  once(sides: number): boolean {
    return this.roll(sides) === sides - 1
  }
}
