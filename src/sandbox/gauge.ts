/** Counts work under way, and tells when there is none. */
export class Gauge {
  #count = 0
  #waiting: (() => void)[] = []

  get count(): number {
    return this.#count
  }

  /** Counts until the work has ended, however it ends; its errors stay with whoever awaits it. */
  track(work: Promise<unknown>): void {
    this.#count += 1
    const done = (): void => {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    }
    work.then(done, done)
  }

  /** Resolves once nothing is under way. */
  async quiet(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
