import { model } from "@medusajs/framework/utils"

/** Which payment a transfer on a chain counts for: the same one never counts for two. */
export const KobbopayTransfer = model
  .define(
    { name: "KobbopayTransfer", tableName: "kobbopay_transfer" },
    {
      id: model.id({ prefix: "kptx" }).primaryKey(),
      payment_id: model.text(),
      /** Where the key is unique: a network for a hash, an account for a tracker. */
      scope: model.text(),
      /** The transfer's tracker id, or its normalised hash. */
      key: model.text(),
    },
  )
  .indexes([
    { name: "IDX_kobbopay_transfer_key", on: ["scope", "key"], unique: true },
    { name: "IDX_kobbopay_transfer_payment", on: ["payment_id"] },
  ])
