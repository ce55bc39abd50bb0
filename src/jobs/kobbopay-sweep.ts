import type { MedusaContainer } from "@medusajs/framework/types"
import { appOf } from "../work/app"

/** Works whatever is due: what a webhook did not reach, what was left by a process that died, expiries. */
export default async function sweep(container: MedusaContainer): Promise<void> {
  const { settings, worker } = appOf(container)
  if (settings.sweep === "scheduled") worker.wake()
}

export const config = {
  name: "kobbopay-sweep",
  schedule: { interval: 5_000 },
}
