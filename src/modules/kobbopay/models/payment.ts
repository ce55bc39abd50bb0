import { model } from "@medusajs/framework/utils"
import { PAYMENT_STATES } from "../../../domain/reading"

/**
 * The ledger: every payment ever handed to a shopper. Rows are never deleted and outlive Medusa's
 * payment sessions. Amounts in minor units are decimal text: 18 decimals do not fit 64 bits.
 */
export const KobbopayPayment = model
  .define(
    { name: "KobbopayPayment", tableName: "kobbopay_payment" },
    {
      id: model.id({ prefix: "kpay" }).primaryKey(),
      account_id: model.text(),
      /** A mark of the environment (contract, address, merchant) that the account spoke to; never a key. */
      environment: model.text().nullable(),
      kobbopay_id: model.text().nullable(),
      reference: model.text().searchable(),
      public_token: model.text(),
      collection_id: model.text(),
      cart_id: model.text().nullable(),
      order_id: model.text().nullable(),
      rail_id: model.text(),
      token: model.text(),
      asset: model.text(),
      network: model.text(),
      decimals: model.number(),
      expected_minor: model.text(),
      store_amount: model.text(),
      currency_code: model.text(),
      price: model.text(),
      address: model.text().nullable(),
      memo: model.text().nullable(),
      state: model.enum([...PAYMENT_STATES]).default("creating"),
      /** Unpaid, inside its window and not ended: the one a checkout may show again. */
      current: model.boolean().default(true),
      /** What Medusa should show, by the last decision. */
      target: model.text().default("nothing"),
      received_minor: model.text().nullable(),
      /** Transfers seen by reads: [{ hash, amount_minor }]. */
      transfers: model.json().nullable(),
      /** How the money seen so far compares with what was asked; null while none was seen. */
      amount_fit: model.text().nullable(),
      /** The sum of recorded refunds, minor units. */
      refunded_minor: model.text().default("0"),
      /** What of the money a person set aside without moving it, minor units: it is no reason to wait any more. */
      written_off_minor: model.text().default("0"),
      /** What a person accepted: "amount", or "finality" too; null: nothing. */
      accepted: model.text().nullable(),
      accepted_by: model.text().nullable(),
      accepted_at: model.dateTime().nullable(),
      /** The money that was there when it was accepted, minor units; null where reads state no amounts. */
      accepted_minor: model.text().nullable(),
      /** The store amount that the accepted money settles. */
      accepted_amount: model.text().nullable(),
      /** The one Medusa session on which this payment's money is booked. */
      settled_session_id: model.text().nullable(),
      money_seen_at: model.dateTime().nullable(),
      paid_at: model.dateTime().nullable(),
      confirmed_at: model.dateTime().nullable(),
      /** When Medusa showed the payment as captured. */
      captured_at: model.dateTime().nullable(),
      ended_at: model.dateTime().nullable(),
      window_ends_at: model.dateTime(),
      /** When Medusa showed the target; null while something is still to be done. */
      converged_at: model.dateTime().nullable(),
      /** While set and not over, one request is creating the payment at Kobbopay. */
      create_lease_until: model.dateTime().nullable(),
      last_read_at: model.dateTime().nullable(),
      next_check_at: model.dateTime().nullable(),
      /** Since when every read has failed; null while the last one succeeded. */
      failing_since: model.dateTime().nullable(),
      failures: model.number().default(0),
      last_error: model.text().nullable(),
    },
  )
  .indexes([
    { name: "IDX_kobbopay_payment_kobbopay_id", on: ["account_id", "kobbopay_id"], unique: true },
    { name: "IDX_kobbopay_payment_token", on: ["public_token"], unique: true },
    { name: "IDX_kobbopay_payment_reference", on: ["account_id", "reference"] },
    { name: "IDX_kobbopay_payment_collection", on: ["collection_id"] },
    { name: "IDX_kobbopay_payment_order", on: ["order_id"] },
    {
      name: "IDX_kobbopay_payment_current",
      on: ["collection_id", "account_id", "rail_id", "store_amount", "currency_code"],
      unique: true,
      where: "current = true AND deleted_at IS NULL",
    },
  ])
