/** Stops whoever has been named until it opens: a call that never returns, for as long as a test wants. */
export class Gate {
  readonly #shut = new Set<string>()
  #waiters: (() => void)[] = []
  /** How many were let through after they had waited. */
  passed = 0

  get waiting(): number {
    return this.#waiters.length
  }

  /** From now on `name` does not get through. */
  shut(name: string): void {
    this.#shut.add(name)
  }

  async pass(name: string): Promise<void> {
    if (!this.#shut.has(name)) return
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve)
    })
    this.passed++
  }

  /** Lets everybody through, those who wait and those who come. */
  open(): void {
    this.#shut.clear()
    const waiters = this.#waiters
    this.#waiters = []
    for (const go of waiters) go()
  }
}
