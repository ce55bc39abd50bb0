/** What was started, ended in the opposite order. */
export class Started {
  readonly #ends: (() => Promise<void>)[] = []
  #stopping: Promise<void> | null = null

  add(end: () => Promise<void>): void {
    this.#ends.unshift(end)
  }

  /** Safe to repeat: a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  get stopping(): boolean {
    return this.#stopping !== null
  }

  async #stop(): Promise<void> {
    for (const end of this.#ends) {
      await end().catch((error: unknown) => console.error(error))
    }
  }
}
