import { repairEntitlements } from "../work/entitlements"
import { depsOf, kobbopay } from "../work/worker-of"

/** Orders found in one run; the next run goes on. */
const MOST_ORDERS = 500

/** Finds orders that lack their entitlements: what no event reported, or what was placed before an update. */
export default async function entitlements(): Promise<void> {
  const service = kobbopay()
  if (service.settings.sweep !== "scheduled") return
  await repairEntitlements(depsOf(service), MOST_ORDERS)
}

export const config = {
  name: "kobbopay-entitlements",
  schedule: { interval: 15 * 60_000 },
}
