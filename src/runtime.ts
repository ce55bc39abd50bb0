import { setTimeout as delay } from "node:timers/promises"

/** The clock, chance and patience of the running process: handed from here to everything that needs them. */
export const runtime = {
  now: (): Date => new Date(),
  random: Math.random,
  webhook: {
    /** How long a webhook's body may take to arrive, milliseconds. */
    bodyWithinMs: 10_000,
  },
  work: {
    /** How long a step of Medusa's may take before the worker stops waiting for it, milliseconds. */
    stepWithinMs: 60_000,
    patience: async (signal: AbortSignal): Promise<number> => {
      const ms = runtime.work.stepWithinMs
      await delay(ms, undefined, { signal })
      return ms
    },
  },
  client: {
    now: Date.now,
    random: Math.random,
    sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
      await delay(ms, undefined, { signal })
    },
  },
}
