import type { ExceptionClass, Want } from "../kobbopay/lifecycle"
import type { PaymentState } from "../kobbopay/reading"

export type { ExceptionClass, PaymentState, Want }

/** What `GET /admin/kobbopay/orders/:id` answers: every payment of the order, the newest first. */
export type OrderPayments = { payments: OrderPayment[] }

/** Amounts are decimal strings; times are ISO 8601. */
export type OrderPayment = {
  id: string
  account: string
  state: PaymentState
  /** What Medusa should show of it, and whether it does. */
  want: Want
  converged: boolean
  rail: string
  rail_label: string
  asset: string
  network: string
  /** Units of the asset. */
  amount: string
  /** Units of the asset; null when nothing is known to have arrived. */
  amount_received: string | null
  /** Units of the store currency. */
  store_amount: string
  currency_code: string
  address: string | null
  memo: string | null
  /** Our reference at Kobbopay. */
  reference: string
  kobbopay_id: string | null
  transfers: PaymentTransfer[]
  created_at: string
  window_ends_at: string
  /** No longer to be paid: expired, failed, or outside its window without money. */
  ended: boolean
  last_read_at: string | null
  next_look_at: string | null
  last_error: string | null
  /** The oldest first. */
  transitions: PaymentTransition[]
  /** The newest first. */
  exceptions: PaymentException[]
  group: PaymentGroup
}

export type PaymentTransfer = { hash: string; amount: string }

export type PaymentTransition = {
  from: string
  to: string
  at: string
  /** Who told: "read", "checkout", "event", "clock". */
  source: string
  amount_received: string | null
}

export type PaymentException = {
  class: string
  state: "open" | "closed"
  /** What was asked for, and what was seen. */
  expected: Record<string, string | null>
  observed: Record<string, string | null>
  opened_at: string
  closed_at: string | null
  resolution: string | null
}

/** How the work on the payment's collection goes. */
export type PaymentGroup = { failures: number; last_error: string | null; due_at: string | null }
