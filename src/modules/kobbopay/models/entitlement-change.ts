import { model } from "@medusajs/framework/utils"

/**
 * Every change of an entitlement. Append-only, but for the marks of its event: the row is the outbox
 * from which `kobbopay.entitlement.*` is emitted, and its id the event's key.
 */
export const KobbopayEntitlementChange = model
  .define(
    { name: "KobbopayEntitlementChange", tableName: "kobbopay_entitlement_change" },
    {
      id: model.id({ prefix: "kpench" }).primaryKey(),
      entitlement_id: model.text(),
      order_id: model.text(),
      line_item_id: model.text(),
      /** The entitlement's version after it. */
      version: model.number(),
      /** What the units became; `decided`: a person decided, and no unit moved for it. */
      kind: model.enum(["held", "released", "revoked", "decided"]),
      quantity: model.number(),
      /** "kobbopay", or the user who decided. */
      actor: model.text(),
      reason: model.text(),
      at: model.dateTime(),
      /** When its event was handed to the bus; null while it was not, or when it has none. */
      emitted_at: model.dateTime().nullable(),
      /** While set and not over, one process is emitting it. */
      emitting_until: model.dateTime().nullable(),
    },
  )
  .indexes([
    {
      name: "IDX_kobbopay_entitlement_change_version",
      on: ["entitlement_id", "version"],
      unique: true,
    },
    {
      name: "IDX_kobbopay_entitlement_change_unsent",
      on: ["at"],
      where: "emitted_at IS NULL AND kind <> 'decided' AND deleted_at IS NULL",
    },
  ])
