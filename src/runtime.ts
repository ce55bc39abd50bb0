import { setTimeout as delay } from "node:timers/promises"

/** The clock, chance and patience of the running process: handed from here to everything that needs them. */
export const runtime = {
  now: (): Date => new Date(),
  random: Math.random,
  webhook: {
    /** How long a webhook's body may take to arrive, milliseconds. */
    bodyWithinMs: 10_000,
  },
  client: {
    now: Date.now,
    random: Math.random,
    sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
      await delay(ms, undefined, { signal })
    },
  },
}
