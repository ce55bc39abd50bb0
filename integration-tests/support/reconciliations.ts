import { z } from "@medusajs/framework/zod"
import { reconcileWorkflow, type ReconcileInput } from "../../src/workflows"
import { DOCS, INVOICE } from "./store-accounts"
import type { World } from "./store-suite"

const counts = z.record(z.string(), z.number())

/** What a reconciliation reports, in the admin and as the workflow's result. */
export const report = z.object({
  id: z.string(),
  trigger: z.string(),
  actor: z.string().nullable(),
  state: z.string(),
  finished_at: z.string().nullable(),
  payments: z.number(),
  read: z.number(),
  moved: z.number(),
  failed_reads: z.number(),
  put_off: z.number(),
  mended: counts,
  drift: counts,
  last_error: z.string().nullable(),
})

/** The report of a run that found nothing wrong. */
export const CALM = { failed_reads: 0, put_off: 0, mended: {}, drift: {}, last_error: null }

/** What a person in the admin asks for. */
export const BY_HAND = { trigger: "manual", actor: null, since: null, notWithinMs: 0 } as const

/** Reconciles a booted store, and sells what a reconciliation is to find. */
export function reconcilesIn(world: () => World) {
  const buy = (provider = INVOICE) =>
    world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider })
  return {
    buy,
    /** Lets no webhook through, so that only a run moves anything. */
    silence: () => {
      world().sandbox.control.setWeather({ drop: true })
      world().second.control.setWeather({ drop: true })
    },
    run: async (input: ReconcileInput = {}) =>
      report.parse((await reconcileWorkflow(world().container).run({ input })).result),
    /** An order whose payment's time to pay is long over; reads of its account can say Expired. */
    ended: async () => {
      const made = await buy(DOCS)
      await world().rows(
        `UPDATE kobbopay_payment SET window_ends_at = now() - interval '2 hours' WHERE collection_id = ?`,
        [made.collectionId],
      )
      return made
    },
  }
}
