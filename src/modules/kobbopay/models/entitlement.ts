import { model } from "@medusajs/framework/utils"
import { DECISIONS, ENTITLEMENT_STATES, GATES } from "../../../domain/entitlements"

/**
 * The right to what one order line sells. Whose it is follows the order's customer, so that nothing here
 * names one. Rows are never deleted.
 */
export const KobbopayEntitlement = model
  .define(
    { name: "KobbopayEntitlement", tableName: "kobbopay_entitlement" },
    {
      id: model.id({ prefix: "kpent" }).primaryKey(),
      order_id: model.text(),
      line_item_id: model.text(),
      product_id: model.text().nullable(),
      variant_id: model.text().nullable(),
      /** What it is, as the order says. */
      title: model.text().searchable(),
      variant_title: model.text().nullable(),
      state: model.enum([...ENTITLEMENT_STATES]).default("held"),
      /** Units; what is neither released nor revoked of them is held. */
      quantity: model.number(),
      released_quantity: model.number().default(0),
      revoked_quantity: model.number().default(0),
      /** What must cover the order before it is released: as it was when the order was placed. */
      release_on: model.enum([...GATES]),
      /** What a person decided, and who, when and why; null: the rule decides. */
      decision: model.enum([...DECISIONS]).nullable(),
      decided_by: model.text().nullable(),
      decided_at: model.dateTime().nullable(),
      decision_reason: model.text().nullable(),
      /** Units that were to be taken back when a person released: they stay released. */
      forgiven_quantity: model.number().default(0),
      /** Counts the changes. */
      version: model.number().default(0),
    },
  )
  .indexes([
    { name: "IDX_kobbopay_entitlement_line", on: ["order_id", "line_item_id"], unique: true },
    { name: "IDX_kobbopay_entitlement_line_item", on: ["line_item_id"] },
    { name: "IDX_kobbopay_entitlement_variant", on: ["variant_id"] },
    { name: "IDX_kobbopay_entitlement_state", on: ["state", "created_at"] },
  ])
