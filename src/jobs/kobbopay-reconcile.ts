import type { MedusaContainer } from "@medusajs/framework/types"
import { errorText } from "../store/error-text"
import { appOf } from "../work/app"
import { beginRun, runReconciliation } from "../work/reconcile"

/**
 * Starts the reconciliation when its time has come (daily, unless the module's `reconcileEvery` says
 * otherwise), and takes up one whose process died. Which process does, the database decides.
 */
export default async function reconcile(container: MedusaContainer): Promise<void> {
  const { settings, deps } = appOf(container)
  if (settings.sweep !== "scheduled") return
  try {
    const begun = await beginRun(deps, {
      trigger: "scheduled",
      actor: null,
      since: null,
      notWithinMs: settings.reconcileEvery,
    })
    // Not awaited: a long run must not hold up the schedule.
    if (begun.is === "started" || begun.is === "resumed") void runReconciliation(deps, begun.run)
  } catch (cause) {
    deps.log.warn(`kobbopay: the reconciliation could not be started: ${errorText(cause)}`)
  }
}

export const config = {
  name: "kobbopay-reconcile",
  schedule: { interval: 60_000 },
}
