import { model } from "@medusajs/framework/utils"

/** The inbox: one row per verified webhook body. */
export const KobbopayEvent = model
  .define(
    { name: "KobbopayEvent", tableName: "kobbopay_event" },
    {
      id: model.id({ prefix: "kpevt" }).primaryKey(),
      account_id: model.text(),
      /** sha256 of the raw body: a replay under a fresh event id is a duplicate all the same. */
      body_hash: model.text(),
      event_id: model.text().nullable(),
      /** Delivery ids seen for this body, the newest last, bounded. */
      delivery_ids: model.array(),
      type: model.text(),
      /** The state that the event reports; null when it reports none. */
      reported_state: model.text().nullable(),
      /** What it says has arrived in all: a decimal string in units of the asset; null when it names no amount. */
      reported_amount: model.text().nullable(),
      /** Every id in the body that may name the payment at Kobbopay. */
      kobbopay_ids: model.array(),
      reference: model.text().nullable(),
      payment_id: model.text().nullable(),
      collection_id: model.text().nullable(),
      /** Empty once the event was kept for as long as the store keeps events. */
      raw_body: model.text(),
      /** Which configured secret matched, by position; never its value. */
      secret_index: model.number(),
      received_at: model.dateTime(),
      last_seen_at: model.dateTime(),
      times_seen: model.number().default(1),
      state: model.enum(["received", "done", "dead"]).default("received"),
      /** Another body is stored under the same event id. */
      conflict: model.boolean().default(false),
      attempts: model.number().default(0),
      next_attempt_at: model.dateTime().nullable(),
      outcome: model.text().nullable(),
      done_at: model.dateTime().nullable(),
    },
  )
  .indexes([
    { name: "IDX_kobbopay_event_body", on: ["account_id", "body_hash"], unique: true },
    { name: "IDX_kobbopay_event_event_id", on: ["account_id", "event_id"] },
    {
      name: "IDX_kobbopay_event_of_payment",
      on: ["payment_id"],
      where: "payment_id IS NOT NULL AND deleted_at IS NULL",
    },
    {
      name: "IDX_kobbopay_event_open",
      on: ["collection_id"],
      where: "state = 'received' AND collection_id IS NOT NULL AND deleted_at IS NULL",
    },
    {
      name: "IDX_kobbopay_event_unknown",
      on: ["account_id"],
      where: "outcome = 'unknown_payment' AND deleted_at IS NULL",
    },
    {
      name: "IDX_kobbopay_event_with_body",
      on: ["done_at"],
      where: "state = 'done' AND raw_body <> '' AND deleted_at IS NULL",
    },
    {
      name: "IDX_kobbopay_event_unrouted",
      on: ["next_attempt_at"],
      where: "state = 'received' AND collection_id IS NULL AND deleted_at IS NULL",
    },
  ])
