import type { MedusaContainer } from "@medusajs/framework/types"
import { appOf } from "../work/app"
import { repairEntitlements } from "../work/entitlements"

/** Orders found in one run; the next run goes on. */
const MOST_ORDERS = 500

/** Finds orders that lack their entitlements: what no event reported, or what was placed before an update. */
export default async function entitlements(container: MedusaContainer): Promise<void> {
  const { settings, deps } = appOf(container)
  if (settings.sweep !== "scheduled") return
  await repairEntitlements(deps, MOST_ORDERS)
}

export const config = {
  name: "kobbopay-entitlements",
  schedule: { interval: 15 * 60_000 },
}
