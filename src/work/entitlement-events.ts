import { errorText } from "../store/error-text"
import {
  claimChanges,
  releaseChanges,
  renewChanges,
  markEmitted,
  type ChangeRow,
} from "../store/entitlements"
import type { Deps } from "./deps"
import { mended, openFault } from "./entitlement-faults"
import { StepHangs, waitFor } from "./patience"

/** How long a process has for one batch of events before another takes it. */
const LEASE_MS = 60_000
const EVENTS_AT_ONCE = 50
/** An event that waits this long to be handed on is an exception. */
const LATE_MS = 15 * 60_000

/**
 * Hands the events of committed changes to Medusa's bus, in the order of the changes. A process that dies
 * in between leaves them to the next one, so an event may come twice, under the same key. A bus that does
 * not answer is waited for no longer than any other step of Medusa's; what it has is not given to it again.
 */
export async function emitChanges(deps: Deps): Promise<void> {
  for (;;) {
    const changes = await claimChanges(deps.sql, deps.now(), LEASE_MS, EVENTS_AT_ONCE)
    if (changes.length === 0) return
    try {
      await waitFor("emit", deps.patience, handOn(deps, changes))
    } catch (cause) {
      await notHandedOn(deps, changes, cause)
      return
    }
    if (changes.length < EVENTS_AT_ONCE) return
  }
}

async function handOn(deps: Deps, changes: readonly ChangeRow[]): Promise<void> {
  const ids = changes.map((change) => change.id)
  const heartbeat = setInterval(() => {
    const until = new Date(deps.now().getTime() + LEASE_MS)
    renewChanges(deps.sql, ids, until).catch((cause: unknown) => {
      deps.log.warn(`kobbopay: events under way were not kept: ${errorText(cause)}`)
    })
  }, LEASE_MS / 3)
  heartbeat.unref()
  try {
    await deps.entitlements.emit(changes.map(eventOf))
  } catch (cause) {
    await releaseChanges(deps.sql, ids)
    throw cause
  } finally {
    clearInterval(heartbeat)
  }
  await markEmitted(deps.sql, ids, deps.now())
  await mended(
    deps,
    changes.map((change) => change.order_id),
  )
}

async function notHandedOn(
  deps: Deps,
  changes: readonly ChangeRow[],
  cause: unknown,
): Promise<void> {
  const failure = errorText(cause)
  deps.log.warn(
    `kobbopay: ${changes.length} events of entitlements were not handed on, and will be later: ${failure}`,
  )
  const before = new Date(deps.now().getTime() - LATE_MS)
  const late = changes.filter((change) => cause instanceof StepHangs || change.at < before)
  for (const order of new Set(late.map((change) => change.order_id))) {
    await openFault(deps, order, `the events of its entitlements are not handed on: ${failure}`)
  }
}

const eventOf = (change: ChangeRow) => ({
  name: `kobbopay.entitlement.${change.kind}`,
  data: {
    id: change.entitlement_id,
    order_id: change.order_id,
    line_item_id: change.line_item_id,
    quantity: change.quantity,
    key: change.id,
  },
})
