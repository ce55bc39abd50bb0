import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { runtime } from "../runtime"
import { appOf } from "../work/app"
import { emptyOldEvents } from "../work/retention"

/** Lets go of the bodies of events that were done long ago. */
export default async function retention(container: MedusaContainer): Promise<void> {
  const { settings, sql } = appOf(container)
  if (settings.sweep === "off") return
  const emptied = await emptyOldEvents(sql, settings.events.keepFor, runtime.now())
  if (emptied > 0) {
    container
      .resolve(ContainerRegistrationKeys.LOGGER)
      .info(`kobbopay: ${emptied} events were kept long enough; their bodies are gone`)
  }
}

export const config = {
  name: "kobbopay-retention",
  schedule: { interval: 3_600_000 },
}
