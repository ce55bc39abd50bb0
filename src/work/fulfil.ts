import type { OrderId } from "../domain/ids"
import {
  claimFulfilling,
  wakeOrder,
  releaseFulfilling,
  renewFulfilling,
} from "../store/entitled-orders"
import { entitlementsOf } from "../store/entitlements"
import { errorText } from "../store/error-text"
import type { Deps } from "./deps"
import { waitFor } from "./patience"

/** How long a process has to fulfil an order's lines before another may try. */
const LEASE_MS = 60_000

/** Thrown while somebody is at an order's lines. Who hangs there says so by itself. */
export class BeingFulfilled extends Error {
  override readonly name = "BeingFulfilled"
}

/**
 * Fulfils in Medusa what is released of lines that nothing is shipped for, and no more. Looks first what
 * is fulfilled, under a lease, so that it can be called again at any time. The lease is renewed for as long
 * as Medusa is at it: a workflow of a merchant's that hangs is not run a second time.
 *
 * @throws StepHangs when Medusa does not return; BeingFulfilled
 */
export async function fulfilReleased(deps: Deps, order: OrderId): Promise<void> {
  const until = () => new Date(deps.now().getTime() + LEASE_MS)
  if (!(await claimFulfilling(deps.sql, order, until(), deps.now()))) {
    throw new BeingFulfilled("its lines are being fulfilled already")
  }
  const heartbeat = setInterval(() => {
    renewFulfilling(deps.sql, order, until()).catch((cause: unknown) => {
      deps.log.warn(`kobbopay: the fulfilling of ${order} was not kept: ${errorText(cause)}`)
    })
  }, LEASE_MS / 3)
  heartbeat.unref()
  let isWaitedFor = true
  const work = fulfilLines(deps, order).finally(async () => {
    clearInterval(heartbeat)
    await releaseFulfilling(deps.sql, order)
    // Made due, so that its exception closes.
    if (!isWaitedFor) await wakeOrder(deps.sql, order)
  })
  work.catch(() => undefined)
  try {
    await waitFor("fulfil", deps.patience, work)
  } finally {
    isWaitedFor = false
  }
}

async function fulfilLines(deps: Deps, order: OrderId): Promise<void> {
  const view = await deps.entitlements.order(order)
  if (view === null || view.cancelled) return
  const released = await entitlementsOf(deps.sql, order)
  const items = view.lines.flatMap((line) => {
    const entitlement = released.find((one) => one.line_item_id === line.id)
    const rest = (entitlement?.released_quantity ?? 0) - line.fulfilled
    return line.requiresShipping || rest <= 0 ? [] : [{ id: line.id, quantity: rest }]
  })
  if (items.length > 0) await deps.entitlements.fulfil(order, items)
}
