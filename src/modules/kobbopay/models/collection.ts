import { model } from "@medusajs/framework/utils"

/**
 * One row per payment collection: the lease under which its payments are worked, and what is known
 * of the order. The id is the collection's.
 */
export const KobbopayCollection = model
  .define(
    { name: "KobbopayCollection", tableName: "kobbopay_collection" },
    {
      id: model.text().primaryKey(),
      lease_owner: model.text().nullable(),
      lease_until: model.dateTime().nullable(),
      /** Rises with every lease; a write under an older one is refused. */
      fence: model.number().default(0),
      /** When the collection is worked next; null while it rests. */
      due_at: model.dateTime().nullable(),
      /** Counts wakes, so that one that comes during a lease is not lost when the lease is released. */
      wakes: model.number().default(0),
      /** Money or an event waits to be worked: it goes before reads that are only due. */
      urgent: model.boolean().default(false),
      failures: model.number().default(0),
      last_error: model.text().nullable(),
      /** Set while an expiry cancels the order: nothing of the collection settles meanwhile. */
      cancelling_at: model.dateTime().nullable(),
      order_cancelled_at: model.dateTime().nullable(),
    },
  )
  .indexes([
    {
      name: "IDX_kobbopay_collection_due",
      on: ["due_at"],
      where: "due_at IS NOT NULL AND deleted_at IS NULL",
    },
  ])
