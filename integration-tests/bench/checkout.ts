import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"
import { runMedusa } from "../support/medusa-process"
import { median, type Result, spreadOf } from "./figures"
import type { Bench } from "./measure"

const figures = z.array(z.number())
const outcome = z.object({
  initiate: z.object({ ours: figures, kobbopay: figures }),
  authorize: z.object({ ours: figures, kobbopay: figures }),
})

/** What the plugin adds to a checkout: how long the provider takes, less what Kobbopay takes to answer. */
export async function measureCheckout({ store, quick }: Bench): Promise<Result[]> {
  const file = join(store.home, "checkout.json")
  await runMedusa(
    ["exec", join(__dirname, "checkout-loop.ts"), file, String(quick ? 100 : 400)],
    store.options,
  )
  const measured = outcome.parse(JSON.parse(await readFile(file, "utf8")))
  return (["initiate", "authorize"] as const).map((call) => {
    const { ours, kobbopay } = measured[call]
    const added = ours.map((all, index) => all - (kobbopay[index] ?? 0))
    const quarters = Array.from({ length: 4 }, (_, quarter) => {
      const size = Math.floor(added.length / 4)
      return median(added.slice(quarter * size, (quarter + 1) * size))
    })
    return {
      name: `checkout_overhead_${call}`,
      value: median(added),
      unit: "ms",
      against: null,
      ratio: null,
      spread: spreadOf(quarters),
      what: `${call}Payment, less Kobbopay's own answer`,
      to_reach: "≤ 3 ms",
    }
  })
}
