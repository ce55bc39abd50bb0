import type { MedusaContainer } from "@medusajs/framework/types"
import { kobbopayOf, workerOf } from "../work/worker-of"

/** Works whatever is due: what a webhook did not reach, what was left by a process that died, expiries. */
export default async function sweep(container: MedusaContainer): Promise<void> {
  const service = kobbopayOf(container)
  if (service.settings.sweep === "scheduled") await workerOf(service).drain()
}

export const config = {
  name: "kobbopay-sweep",
  schedule: { interval: 5_000 },
}
