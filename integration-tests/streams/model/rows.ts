import {
  brandAs,
  type AccountId,
  type EventRowId,
  type PaymentId,
  type SessionId,
} from "../../../src/domain/ids"
import type { Known } from "../../../src/domain/judge"
import type { ReportedState } from "../../../src/domain/reading"
import type { PaymentRow } from "../../../src/store/payment"
import { RAIL, referenceOf } from "./kobbopay"
import { TOTAL } from "./medusa"
import { ASKED } from "./truth"

const WINDOW_MS = 30 * 60_000

/** The columns of `kobbopay_payment` that the worker goes by. */
export type Row = Pick<
  PaymentRow,
  | "id"
  | "account_id"
  | "state"
  | "target"
  | "expected_minor"
  | "received_minor"
  | "refunded_minor"
  | "written_off_minor"
  | "transfers"
  | "amount_fit"
  | "accepted"
  | "accepted_amount"
  | "store_amount"
  | "currency_code"
  | "settled_session_id"
  | "money_seen_at"
  | "confirmed_at"
  | "captured_at"
  | "decimals"
  | "ended_at"
  | "window_ends_at"
  | "converged_at"
  | "last_read_at"
  | "next_check_at"
  | "failures"
  | "created_at"
> & { number: number; sessions: SessionId[] }

export type EventRow = {
  id: EventRowId
  payment: number
  reportedState: ReportedState | null
  receivedAt: number
  nextAttemptAt: number | null
  attempts: number
  state: "received" | "done" | "dead"
}

export type Lease = { owner: string; fence: number; wakes: number; failures: number }

/** A payment that was just made. */
export const newRow = (number: number, at: Date): Row => ({
  id: brandAs<PaymentId>(`payment-${number}`),
  account_id: brandAs<AccountId>("kobbopay"),
  number,
  sessions: [],
  state: "pending",
  target: "nothing",
  received_minor: null,
  transfers: [],
  expected_minor: ASKED,
  refunded_minor: 0n,
  written_off_minor: 0n,
  amount_fit: null,
  accepted: null,
  accepted_amount: null,
  store_amount: TOTAL,
  currency_code: "usd",
  settled_session_id: null,
  money_seen_at: null,
  confirmed_at: null,
  captured_at: null,
  decimals: 6,
  ended_at: null,
  window_ends_at: new Date(at.getTime() + WINDOW_MS),
  converged_at: null,
  last_read_at: null,
  next_check_at: at,
  failures: 0,
  created_at: at,
})

/** What the ledger knows of a payment when a read of it is judged. */
export const knownOf = (row: Row): Known => ({
  asset: RAIL.asset,
  network: RAIL.network,
  token: RAIL.token,
  reference: referenceOf(row.number),
  expectedMinor: ASKED,
  decimals: 6,
  state: row.state,
  target: row.target,
  receivedMinor: row.received_minor,
  refundedMinor: row.refunded_minor,
  transfers: row.transfers,
  writtenOffMinor: row.written_off_minor,
  windowEndsAt: row.window_ends_at,
  amountFit: row.amount_fit,
  accepted: null,
  createdAt: row.created_at,
  moneySeenAt: row.money_seen_at,
  confirmedAt: row.confirmed_at,
})
