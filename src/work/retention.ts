import { emptyDoneEvents } from "../store/inbox/queue"
import type { Sql } from "../store/sql"

/** Few enough that their locks are held for a moment only. */
const BATCH = 1_000

/** Empties every event that was done more than `keepForMs` ago, batch by batch. Returns how many. */
export async function emptyOldEvents(sql: Sql, keepForMs: number, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepForMs)
  let all = 0
  for (;;) {
    const emptied = await emptyDoneEvents(sql, before, BATCH)
    all += emptied
    if (emptied < BATCH) return all
  }
}
