const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * When to read a payment again that nothing asks for: half its age later, at least 30 seconds and at
 * most six hours; null once it was watched for `watchForMs` (addresses stay payable until then). While there
 * is no order nobody waits, and anybody may have made it: its whole age later, at least two minutes.
 */
export function nextCheck(
  createdAt: Date,
  now: Date,
  watchForMs: number,
  hasOrder: boolean,
): Date | null {
  const age = Math.max(0, now.getTime() - createdAt.getTime())
  if (age >= watchForMs) return null
  const ideal = hasOrder ? Math.max(30 * SECOND, age / 2) : Math.max(2 * MINUTE, age)
  const pause = Math.min(6 * HOUR, ideal)
  return new Date(now.getTime() + pause)
}

/** Pause before try number `failures` + 1 of work that failed: 1 s doubling to 10 minutes, with jitter. */
export function retryPause(failures: number, random: () => number): number {
  const base = Math.min(10 * MINUTE, SECOND * 2 ** Math.min(failures, 20))
  return Math.round(base * (0.75 + random() / 2))
}

/**
 * Pause before an event is looked at again that names a payment unknown to the ledger: 2 s, then eight
 * times as long each time. Learning the id wakes it at once, so this is for what slipped past that.
 */
export const unknownPause = (attempts: number, random: () => number): number =>
  Math.round(2 * SECOND * 8 ** Math.min(attempts, 3) * (0.75 + random() / 2))

/** After this many failed tries in a row a collection's work is called dead: an exception, still tried. */
export const DEAD_AFTER_FAILURES = 12

/** How long an event may name a payment that the ledger does not know: it may overtake our create. */
export const UNKNOWN_PATIENCE_MS = 10 * MINUTE

/** Between two reads of one payment that repeated webhooks ask for. */
export const LEAST_READ_PAUSE_MS = 15 * SECOND

/**
 * When what a webhook repeats is worked: not before the least pause since the last read is over. What says
 * something for the first time is worked at once.
 */
export function repeatedAt(lastReadAt: Date | null, now: Date): Date {
  const from = (lastReadAt?.getTime() ?? 0) + LEAST_READ_PAUSE_MS
  // A last read that is to come was stamped by a clock that was wrong.
  return from > now.getTime() + LEAST_READ_PAUSE_MS ? now : new Date(Math.max(now.getTime(), from))
}
