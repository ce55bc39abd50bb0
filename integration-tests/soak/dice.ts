import { seededRandom } from "../../src/sandbox/weather"

/** Chance, handed in by its seed. */
export class Dice {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** True that often, of one. */
  chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** Anything from `least` up to `most`. */
  between(least: number, most: number): number {
    return least + this.#random() * (most - least)
  }

  /** One of several; undefined of none. */
  oneOf<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.#random() * choices.length)]
  }

  /** One of several, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let at = this.between(
      0,
      choices.reduce((sum, [, weight]) => sum + weight, 0),
    )
    for (const [choice, weight] of choices) {
      at -= weight
      if (at < 0) return choice
    }
    throw new Error("there is nothing to choose from")
  }
}
