import { z } from "@medusajs/framework/zod"
import type {
  AccountId,
  Brand,
  CartId,
  CollectionId,
  KobbopayId,
  OrderId,
  PaymentId,
  PublicToken,
  RailId,
  Reference,
  SessionId,
} from "../kobbopay/ids"
import { brandAs } from "../kobbopay/ids"
import { PAYMENT_STATES } from "../kobbopay/reading"
import { minorColumn } from "./sql"

/** A text column that holds an id. */
export const idColumn = <B extends Brand<string>>() =>
  z.string().transform((value) => brandAs<B>(value))

const transfersColumn = z
  .array(z.object({ hash: z.string(), amount_minor: minorColumn, final: z.boolean() }))
  .nullable()
  .transform((list) =>
    (list ?? []).map((entry) => ({
      hash: entry.hash,
      amountMinor: entry.amount_minor,
      final: entry.final,
    })),
  )

export const WANTS = ["nothing", "authorized", "captured", "order_cancelled"] as const

/** A row of the ledger. Amounts ending in `_minor` are minor units of the rail's asset. */
export const paymentRow = z.object({
  id: idColumn<PaymentId>(),
  account_id: idColumn<AccountId>(),
  kobbopay_id: idColumn<KobbopayId>().nullable(),
  reference: idColumn<Reference>(),
  public_token: idColumn<PublicToken>(),
  collection_id: idColumn<CollectionId>(),
  cart_id: idColumn<CartId>().nullable(),
  order_id: idColumn<OrderId>().nullable(),
  rail_id: idColumn<RailId>(),
  token: z.string(),
  asset: z.string(),
  network: z.string(),
  decimals: z.number(),
  expected_minor: minorColumn,
  store_amount: z.string(),
  currency_code: z.string(),
  price: z.string(),
  address: z.string().nullable(),
  memo: z.string().nullable(),
  state: z.enum(PAYMENT_STATES),
  current: z.boolean(),
  want: z.enum(WANTS),
  received_minor: minorColumn.nullable(),
  transfers: transfersColumn,
  amount_fit: z.enum(["under", "fits", "over", "unknown"]).nullable(),
  /** The sum of recorded pay-backs. */
  paid_back_minor: minorColumn,
  /** What a person accepted, and the store amount that it settles; null: nobody did. */
  accepted: z.enum(["amount", "finality"]).nullable(),
  accepted_amount: z.string().nullable(),
  accepted_at: z.date().nullable(),
  settled_session_id: idColumn<SessionId>().nullable(),
  money_seen_at: z.date().nullable(),
  paid_at: z.date().nullable(),
  confirmed_at: z.date().nullable(),
  captured_at: z.date().nullable(),
  ended_at: z.date().nullable(),
  window_ends_at: z.date(),
  converged_at: z.date().nullable(),
  create_lease_until: z.date().nullable(),
  last_read_at: z.date().nullable(),
  next_look_at: z.date().nullable(),
  failures: z.number(),
  last_error: z.string().nullable(),
  created_at: z.date(),
})
export type PaymentRow = z.output<typeof paymentRow>

/** The store amount that the payment's money settles: what it was made for, or what a person accepted it for. */
export const settledAmount = (
  payment: Pick<PaymentRow, "accepted_amount" | "store_amount">,
): string => payment.accepted_amount ?? payment.store_amount

/** All that arrived, or all that was asked where reads state no amounts, was recorded as paid back. */
export const isPaidBack = (
  payment: Pick<PaymentRow, "paid_back_minor" | "received_minor" | "expected_minor">,
): boolean =>
  payment.paid_back_minor > 0n &&
  payment.paid_back_minor >= (payment.received_minor ?? payment.expected_minor)
