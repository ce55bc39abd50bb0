import { model } from "@medusajs/framework/utils"

/** Every change of a payment's state. Append-only. */
export const KobbopayTransition = model
  .define(
    { name: "KobbopayTransition", tableName: "kobbopay_transition" },
    {
      id: model.id({ prefix: "kptr" }).primaryKey(),
      payment_id: model.text(),
      from_state: model.text(),
      to_state: model.text(),
      /** Who reported it: "read", "checkout", "event", "clock", "admin". */
      source: model.text(),
      /** The person, where one did it, and what they said. */
      actor: model.text().nullable(),
      note: model.text().nullable(),
      received_minor: model.text().nullable(),
      at: model.dateTime(),
    },
  )
  .indexes([{ name: "IDX_kobbopay_transition_payment", on: ["payment_id"] }])
