import { model } from "@medusajs/framework/utils"

/** Which of Medusa's payment sessions show which payment; a session gets another one on renewal. */
export const KobbopayPaymentSession = model
  .define(
    { name: "KobbopayPaymentSession", tableName: "kobbopay_payment_session" },
    {
      id: model.id({ prefix: "kpses" }).primaryKey(),
      session_id: model.text(),
      payment_id: model.text(),
      /** Set when Medusa deleted the session, or when the session was given another payment. */
      detached_at: model.dateTime().nullable(),
    },
  )
  .indexes([
    {
      name: "IDX_kobbopay_payment_session_pair",
      on: ["session_id", "payment_id"],
      unique: true,
    },
    { name: "IDX_kobbopay_payment_session_payment", on: ["payment_id"] },
  ])
