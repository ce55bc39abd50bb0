import { z } from "@medusajs/framework/zod"
import type { World } from "./store-suite"

const answer = z.object({
  payment_collection: z.object({
    amount: z.number(),
    payment_sessions: z.array(
      z.object({ id: z.string(), status: z.string(), data: z.record(z.string(), z.unknown()) }),
    ),
  }),
})

/** The payment sessions of a collection: as a storefront posts them, and as Medusa and the ledger keep them. */
export function sessionsIn(world: () => World) {
  return {
    ledger: (collection: string) =>
      world().rows(`SELECT * FROM kobbopay_payment WHERE collection_id = ? ORDER BY created_at`, [
        collection,
      ]),
    postSession: (collection: string, provider_id: string, data: Record<string, unknown>) =>
      world().shopper.call(`/store/payment-collections/${collection}/payment-sessions`, answer, {
        body: { provider_id, data },
      }),
    sessionsOf: (collection: string) =>
      world().rows(
        `SELECT id, data FROM payment_session WHERE payment_collection_id = ? AND deleted_at IS NULL`,
        [collection],
      ),
  }
}
