import { model } from "@medusajs/framework/utils"

/** Money or state that a person must look at. At most one open row per subject and class. */
export const KobbopayException = model
  .define(
    { name: "KobbopayException", tableName: "kobbopay_exception" },
    {
      id: model.id({ prefix: "kpex" }).primaryKey(),
      class: model.text(),
      /** What it is about: a payment's row id, an event's where no payment is known, or an account's id. */
      subject_id: model.text(),
      payment_id: model.text().nullable(),
      event_row_id: model.text().nullable(),
      account_id: model.text(),
      order_id: model.text().nullable(),
      rail_id: model.text().nullable(),
      expected: model.json(),
      observed: model.json(),
      /** The observed money or fact, so that a fault closed by a person does not open again. */
      fingerprint: model.text(),
      state: model.enum(["open", "closed"]).default("open"),
      opened_at: model.dateTime(),
      last_seen_at: model.dateTime(),
      closed_at: model.dateTime().nullable(),
      actor: model.text().nullable(),
      resolution: model.text().nullable(),
      note: model.text().nullable(),
    },
  )
  .indexes([
    {
      name: "IDX_kobbopay_exception_open",
      on: ["subject_id", "class"],
      unique: true,
      where: "state = 'open' AND deleted_at IS NULL",
    },
    { name: "IDX_kobbopay_exception_subject", on: ["subject_id", "class"] },
    { name: "IDX_kobbopay_exception_payment", on: ["payment_id"] },
    { name: "IDX_kobbopay_exception_state", on: ["state", "class", "opened_at"] },
  ])
