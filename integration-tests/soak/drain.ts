import { setTimeout as pause } from "node:timers/promises"
import { z } from "@medusajs/framework/zod"
import { until } from "../support/until"
import { unrest } from "./audit"
import { EXPIRY, type Ground } from "./ground"
import type { Load } from "./load"

const UP_WITHIN_MS = 240_000
const QUIET_WITHIN_MS = 180_000
const RESTS_WITHIN_MS = 420_000
const CALM_WITHIN_MS = 90_000
/** Rounds in a row that must find nothing left to do. */
const ROUNDS = 2

/** Makes everything due now: what a sweep finds when the time has come. */
const ALL_DUE = [
  `UPDATE kobbopay_payment SET next_check_at = now() - interval '1 second' WHERE kobbopay_id IS NOT NULL`,
  `UPDATE kobbopay_event SET next_attempt_at = now() - interval '1 second' WHERE state = 'received'`,
  `UPDATE kobbopay_collection SET due_at = now() - interval '1 second', wakes = wakes + 1`,
]

const busySchema = z.object({ busy: z.coerce.number() })
const BUSY = `SELECT count(*) AS busy FROM kobbopay_collection
  WHERE due_at <= now() OR lease_until > clock_timestamp()`

/**
 * After the trouble: lets payers finish, every webhook arrive and all work be done, with the schedule hurried on. Gives up
 * waiting after a generous time; what is left then is for the audit to find.
 */
export async function drain(
  ground: Ground,
  load: Load,
  tell: (line: string) => void,
): Promise<void> {
  await ground.cluster.allUp(UP_WITHIN_MS)
  tell("all processes are up; waiting for shoppers and payers")
  await load.finish()
  const quiet = ground.sandbox.control.quiet().then(() => true)
  if (!(await Promise.race([quiet, pause(QUIET_WITHIN_MS, false)]))) {
    tell("some webhooks are not delivered yet")
  }
  tell("every webhook was delivered; waiting for the youngest payment to end")
  await pause(EXPIRY.closePendingAfter + EXPIRY.cancelOrderAfter)
  await rest(ground, tell)
}

async function rest(ground: Ground, tell: (line: string) => void): Promise<void> {
  const deadline = Date.now() + RESTS_WITHIN_MS
  for (let calm = 0; calm < ROUNDS && Date.now() < deadline;) {
    for (const statement of ALL_DUE) await ground.rows(z.unknown(), statement)
    await until(async () => (await busy(ground)) === 0, {
      withinMs: CALM_WITHIN_MS,
      everyMs: 500,
      what: "every collection resting",
    }).catch((cause: unknown) => tell(String(cause)))
    const left = await unrest(ground)
    calm = left.length === 0 ? calm + 1 : 0
    tell(left.length === 0 ? "all rests" : `${left.length} to go: ${left[0]}`)
  }
}

const busy = async (ground: Ground): Promise<number> =>
  (await ground.rows(busySchema, BUSY))[0]?.busy ?? 0
