import type { OrderId } from "../domain/ids"
import { DEAD_AFTER_FAILURES, retryPause } from "../domain/schedule"
import { retryOrder, type EntitledOrder } from "../store/entitled-orders"
import { closeEntitlementFaults } from "../store/entitlement-faults"
import { errorText } from "../store/error-text"
import { exceptionAbout, openException } from "../store/exceptions"
import { newestPaymentOf } from "../store/ledger"
import type { Deps } from "./deps"
import { BeingFulfilled } from "./fulfil"
import { StepHangs } from "./patience"

/**
 * Records that the work on an order's entitlements failed, and when it is tried again. What hangs, and what
 * failed often enough in a row, is an exception; still tried.
 */
export async function failed(
  deps: Deps,
  seen: Pick<EntitledOrder, "id" | "failures">,
  cause: unknown,
): Promise<void> {
  const at = new Date(deps.now().getTime() + retryPause(seen.failures, deps.random))
  await retryOrder(deps.sql, seen, at, errorText(cause))
  deps.log.warn(
    `kobbopay: the entitlements of order ${seen.id} were not worked to their end, again at ${at.toISOString()}: ${errorText(cause)}`,
  )
  const isDead = seen.failures + 1 >= DEAD_AFTER_FAILURES && !(cause instanceof BeingFulfilled)
  if (cause instanceof StepHangs || isDead) {
    await openFault(deps, seen.id, errorText(cause))
  }
}

/** Opens the exception of an order whose customer does not get what was bought, or hears nothing of it. */
export async function openFault(deps: Deps, order: OrderId, failure: string): Promise<void> {
  const payment = await newestPaymentOf(deps.sql, order)
  if (payment === null) return
  await openException(
    deps.sql,
    exceptionAbout(payment, {
      class: "entitlement_failed",
      orderId: order,
      expected: {},
      observed: { failure },
      fingerprint: failure,
    }),
    deps.now(),
  )
}

/** Closes the exceptions of orders of which nothing fails any more. */
export async function mended(deps: Deps, orders: readonly OrderId[]): Promise<void> {
  await closeEntitlementFaults(deps.sql, [...new Set(orders)], deps.now())
}
