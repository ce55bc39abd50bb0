import { model } from "@medusajs/framework/utils"

/**
 * A recorded refund: money that a person sent back outside of Kobbopay, which has no call for that.
 * Amounts in minor units are decimal text. Rows are never deleted.
 */
export const KobbopayRefund = model
  .define(
    { name: "KobbopayRefund", tableName: "kobbopay_refund" },
    {
      id: model.id({ prefix: "kpref" }).primaryKey(),
      payment_id: model.text(),
      collection_id: model.text(),
      account_id: model.text(),
      order_id: model.text().nullable(),
      /** Minor units of the asset that were sent back. */
      amount_minor: model.text(),
      /** The transaction that sent it. */
      hash: model.text(),
      /** What of it is a refund of the order, decimal, store currency; null: nothing is to be booked. */
      store_amount: model.text().nullable(),
      currency_code: model.text(),
      /** `recorded`: to be booked in Medusa. `booked`: shown there. `kept`: nothing to book. */
      state: model.enum(["recorded", "booked", "kept"]),
      /** The row of Medusa's own refund, once it stands for this one. */
      medusa_refund_id: model.text().nullable(),
      actor: model.text(),
      note: model.text().nullable(),
      recorded_at: model.dateTime(),
      booked_at: model.dateTime().nullable(),
    },
  )
  .indexes([
    { name: "IDX_kobbopay_refund_hash", on: ["payment_id", "hash"], unique: true },
    {
      name: "IDX_kobbopay_refund_open",
      on: ["collection_id"],
      where: "state = 'recorded' AND deleted_at IS NULL",
    },
    { name: "IDX_kobbopay_refund_order", on: ["order_id"] },
  ])
