import type { OrderId } from "../kobbopay/ids"
import { beginFulfilling, endFulfilling } from "../store/entitled-orders"
import { entitlementsOf } from "../store/entitlements"
import type { Deps } from "./deps"

/** How long a process has to fulfil an order's lines before another may try. */
const LEASE_MS = 60_000

/**
 * Fulfils in Medusa what is released of lines that nothing is shipped for, and no more. Looks first what
 * is fulfilled, under a lease, so that it can be called again at any time.
 */
export async function fulfilReleased(deps: Deps, order: OrderId): Promise<void> {
  const until = new Date(deps.now().getTime() + LEASE_MS)
  if (!(await beginFulfilling(deps.sql, order, until, deps.now()))) return
  try {
    const view = await deps.entitlements.order(order)
    if (view === null || view.cancelled) return
    const released = await entitlementsOf(deps.sql, order)
    const items = view.lines.flatMap((line) => {
      const entitlement = released.find((one) => one.line_item_id === line.id)
      const rest = (entitlement?.released_quantity ?? 0) - line.fulfilled
      return line.requiresShipping || rest <= 0 ? [] : [{ id: line.id, quantity: rest }]
    })
    if (items.length > 0) await deps.entitlements.fulfil(order, items)
  } finally {
    await endFulfilling(deps.sql, order)
  }
}
