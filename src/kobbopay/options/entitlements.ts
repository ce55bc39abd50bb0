import { z } from "@medusajs/framework/zod"
import { APPLIES_TO, GATES, REVOCATIONS } from "../../domain/entitlements"
import { choice, flag, text } from "./fields"

/** What an order line sells beside the goods: which lines, and when the right to it comes and goes. */
export const entitlementsSchema = z
  .strictObject({
    /** What must cover the order before anything is released; a product may say otherwise. */
    releaseOn: choice(GATES).prefault("confirmed"),
    /** Lines that nothing is shipped for, all, or those whose product has this metadata key set. */
    appliesTo: z
      .union(
        [
          z.enum(APPLIES_TO),
          z.strictObject({
            metadata: text(/^\S(.{0,98}\S)?$/, "is not a key", "name a key of product metadata"),
          }),
        ],
        {
          error:
            'is not one of its values; use "non-shippable", "all" or { metadata: "a key of product metadata" }',
        },
      )
      .prefault("non-shippable"),
    /** How much a refund takes back: whole units in proportion to the money, or everything. */
    revokeOnRefund: choice(REVOCATIONS).prefault("proportional"),
    /** Whether a released line that nothing is shipped for is also fulfilled in Medusa. */
    fulfil: flag.prefault(false),
  })
  .prefault({})
