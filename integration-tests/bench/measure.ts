import type { Load } from "./load"
import type { Result } from "./figures"
import type { BenchStore } from "./store"

/** What every measure is handed. */
export type Bench = {
  store: BenchStore
  load: Load
  /** Fewer rounds and rows. */
  quick: boolean
  tell: (line: string) => void
  /** @throws Error unless so many events are in the inbox, no fewer and no more. */
  committed: (events: number) => Promise<void>
}

export type Measure = { name: string; run: (bench: Bench) => Promise<Result[]> }
