import { model } from "@medusajs/framework/utils"

/**
 * One row per order that a Kobbopay payment belongs to: when its entitlements are worked next,
 * and the lock under which they are changed. The id is the order's.
 */
export const KobbopayEntitledOrder = model
  .define(
    { name: "KobbopayEntitledOrder", tableName: "kobbopay_entitled_order" },
    {
      id: model.text().primaryKey(),
      /** Null while the order rests until somebody wakes it. */
      due_at: model.dateTime().nullable(),
      /** Counts wakes, so that one that comes while the order is worked is not lost. */
      wakes: model.number().default(0),
      /** Rises with each convergence: what was read before another one's end is read again. */
      version: model.number().default(0),
      worked_at: model.dateTime().nullable(),
      failures: model.number().default(0),
      last_error: model.text().nullable(),
      /** While set and not over, one process fulfils released lines in Medusa. */
      fulfilling_until: model.dateTime().nullable(),
    },
  )
  .indexes([
    {
      name: "IDX_kobbopay_entitled_order_due",
      on: ["due_at"],
      where: "due_at IS NOT NULL AND deleted_at IS NULL",
    },
  ])
