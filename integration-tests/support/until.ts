import { setTimeout as pause } from "node:timers/promises"

type UntilOptions = {
  /** Milliseconds after which it gives up. */
  withinMs: number
  /** Milliseconds between two checks. Default 50. */
  everyMs?: number
  /** What is waited for, for the error: "the order is cancelled". */
  what?: string
}

/**
 * Looks again and again until the probe answers something truthy, and returns that.
 *
 * @throws Error naming what was waited for, with the last error of the probe, when the time is over.
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  { withinMs, everyMs = 50, what = "it" }: UntilOptions,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs
  let lastError = ""
  for (;;) {
    try {
      const seen = await probe()
      if (seen) {
        return seen
      }
      lastError = ""
    } catch (error) {
      lastError = `: ${error instanceof Error ? error.message : String(error)}`
    }
    if (Date.now() >= deadline) {
      throw new Error(`waited ${withinMs / 1000} s, but ${what} did not happen${lastError}`)
    }
    await pause(everyMs)
  }
}
