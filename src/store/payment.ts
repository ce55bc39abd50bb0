import { z } from "@medusajs/framework/zod"
import { BigNumber } from "bignumber.js"
import type {
  AccountId,
  Brand,
  CartId,
  CollectionId,
  Environment,
  KobbopayId,
  OrderId,
  PaymentId,
  PublicToken,
  RailId,
  Reference,
  SessionId,
} from "../domain/ids"
import { brandAs } from "../domain/ids"
import type { Acceptance } from "../domain/lifecycle"
import { PAYMENT_STATES } from "../domain/reading"
import { isMore } from "../domain/store-amount"
import { minorColumn } from "./sql"

/** A text column that holds an id. */
export const idColumn = <B extends Brand<string>>() =>
  z.string().transform((value) => brandAs<B>(value))

const transfersColumn = z
  .array(
    z.object({
      hash: z.string(),
      amount_minor: minorColumn,
      final: z.boolean(),
      lost: z.boolean().default(false),
      tracker_id: idColumn<KobbopayId>().optional(),
    }),
  )
  .nullable()
  .transform((list) =>
    (list ?? []).map((entry) => ({
      hash: entry.hash,
      amountMinor: entry.amount_minor,
      final: entry.final,
      lost: entry.lost,
      trackerId: entry.tracker_id,
    })),
  )

export const TARGETS = ["nothing", "authorized", "captured", "order_cancelled"] as const

/** A row of the ledger. Amounts ending in `_minor` are minor units of the rail's asset. */
export const paymentRow = z.object({
  id: idColumn<PaymentId>(),
  account_id: idColumn<AccountId>(),
  /** Of the account, when the payment was created; null for payments older than this was noted. */
  environment: idColumn<Environment>().nullable(),
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
  target: z.enum(TARGETS),
  received_minor: minorColumn.nullable(),
  transfers: transfersColumn,
  amount_fit: z.enum(["under", "fits", "over", "unknown"]).nullable(),
  /** The sum of recorded refunds. */
  refunded_minor: minorColumn,
  /** What of the money a person set aside: it keeps nothing waiting. */
  written_off_minor: minorColumn,
  /** What a person accepted, and the store amount that it settles; null: nobody did. */
  accepted: z.enum(["amount", "finality"] satisfies Acceptance[]).nullable(),
  accepted_amount: z.string().nullable(),
  accepted_minor: minorColumn.nullable(),
  accepted_by: z.string().nullable(),
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
  next_check_at: z.date().nullable(),
  failing_since: z.date().nullable(),
  failures: z.number(),
  last_error: z.string().nullable(),
  created_at: z.date(),
})
export type PaymentRow = z.output<typeof paymentRow>
export const paymentIdRow = paymentRow.pick({ id: true })

/** The columns of {@link paymentRow}, for a statement that must not say `*`. */
export const paymentColumns = (table: string): string =>
  Object.keys(paymentRow.shape)
    .map((column) => `${table}.${column}`)
    .join(", ")

/** The payment's money is to pay for its order: authorized in Medusa, or captured. */
export const settlesOrder = ({ target }: Pick<PaymentRow, "target">): boolean =>
  target === "authorized" || target === "captured"

/** The store amount that the payment's money settles: what it was made for, or what a person accepted it for. */
export const settledAmount = (
  payment: Pick<PaymentRow, "accepted_amount" | "store_amount">,
): string => payment.accepted_amount ?? payment.store_amount

/**
 * What the store amount that the payment settles comes to in minor units of the asset: less than was asked
 * for at first where a person accepted the payment for an order that had become cheaper.
 */
export function owedMinor(
  payment: Pick<
    PaymentRow,
    "expected_minor" | "accepted_amount" | "store_amount" | "currency_code"
  >,
): bigint {
  const { expected_minor, accepted_amount, store_amount, currency_code } = payment
  if (accepted_amount === null || !isMore(store_amount, accepted_amount, currency_code)) {
    return expected_minor
  }
  const share = BigNumber(expected_minor.toString()).times(accepted_amount).div(store_amount)
  return BigInt(share.integerValue(BigNumber.ROUND_CEIL).toFixed())
}

/** Minor units that can still be sent back: what arrived, or was asked where reads state no amounts, less what was. */
export function leftToRefund(
  payment: Pick<
    PaymentRow,
    "money_seen_at" | "refunded_minor" | "received_minor" | "expected_minor"
  >,
): bigint {
  if (payment.money_seen_at === null) return 0n
  const left = (payment.received_minor ?? payment.expected_minor) - payment.refunded_minor
  return left > 0n ? left : 0n
}

/**
 * Whether money is on a payment that nobody sent back or set aside: then nothing may be done as if there were
 * none. Minor units as in {@link leftToRefund}.
 */
export const holdsMoney = (
  payment: Parameters<typeof leftToRefund>[0] & Pick<PaymentRow, "written_off_minor">,
): boolean => leftToRefund(payment) > payment.written_off_minor

/** A person sent all the money back, or set it aside: it is to settle nothing. */
export const isMoneyGone = (payment: Parameters<typeof holdsMoney>[0]): boolean =>
  payment.refunded_minor + payment.written_off_minor > 0n && !holdsMoney(payment)

/** All that arrived, or all that was asked where reads state no amounts, was recorded as refunded. */
export const isRefunded = (
  payment: Pick<PaymentRow, "refunded_minor" | "received_minor" | "expected_minor">,
): boolean =>
  payment.refunded_minor > 0n &&
  payment.refunded_minor >= (payment.received_minor ?? payment.expected_minor)
