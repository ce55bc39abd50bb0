import type { ExceptionClass } from "../domain/exception-classes"
import type { Acceptance, Target } from "../domain/lifecycle"
import type { PaymentState } from "../domain/reading"
import type { Dismissal, ExceptionAction } from "../domain/exception-actions"

export type { Acceptance, Dismissal, ExceptionClass, PaymentState, Target, ExceptionAction }

/** What `GET /admin/kobbopay/orders/:id` answers: every payment of the order, the newest first. */
export type OrderPayments = { payments: OrderPayment[] }

/** Amounts are decimal strings; times are ISO 8601. */
export type OrderPayment = {
  id: string
  account: string
  state: PaymentState
  /** What Medusa should show of it, and whether it does. */
  target: Target
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
  /** What the order asks for now, units of the store currency: what accepting the money would settle. */
  order_asks: string
  /** When Medusa showed it as captured. */
  captured_at: string | null
  /** A person said that the money counts as it is; else all null. */
  accepted_amount: string | null
  accepted_by: Person | null
  accepted_at: string | null
  /** Units of the asset: sent back so far; what can still be; what of that is more than was asked for. */
  refunded: string
  left_to_refund: string
  excess: string
  /** The oldest first. */
  refunds: PaymentRefund[]
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
  next_check_at: string | null
  last_error: string | null
  /** The oldest first. */
  transitions: PaymentTransition[]
  /** The newest first. */
  exceptions: PaymentException[]
  collection: CollectionWork
}

export type PaymentTransfer = { hash: string; amount: string }

export type PaymentTransition = {
  from: string
  to: string
  at: string
  /** Who reported it: "read", "checkout", "event", "clock", "admin". */
  source: string
  actor: Person | null
  note: string | null
  amount_received: string | null
}

export type PaymentException = {
  id: string
  class: string
  state: "open" | "closed"
  /** What was asked for, and what was seen. */
  expected: Record<string, string | null>
  observed: Record<string, string | null>
  opened_at: string
  closed_at: string | null
  /** Who closed it: "kobbopay" is the plugin itself. */
  actor: Person | null
  /** "accepted", "applied", "refunded", the code of a dismissal, or "cleared" when it was over by itself. */
  resolution: string | null
  note: string | null
  /** What a person can do about it. */
  actions: ExceptionAction[]
  /** What accepting, or applying, it says of the money; null where neither is possible. */
  accepts: Acceptance | null
  /** The order waits for this money: dismissing it ends that, unless by the code "no_action". */
  waited_for: boolean
}

/** Money that a person sent back. */
export type PaymentRefund = {
  id: string
  /** Units of the asset. */
  amount: string
  hash: string
  actor: Person
  note: string | null
  at: string
  /** What of it is a refund of the order, units of the store currency; null: nothing. */
  booked_amount: string | null
  /** "recorded": its refund is still to be booked. "booked": Medusa shows it. "kept": nothing to book. */
  state: "recorded" | "booked" | "kept"
}

/** Who did something: a user's name or e-mail where that is known, else the id again. */
export type Person = { id: string; name: string }

/** What `GET /admin/kobbopay/payments/:id/refunds/preview` answers: what recording it would book. */
export type RefundPreview = { booked_amount: string | null; currency_code: string }

/** How the work on the payment's collection goes. */
export type CollectionWork = { failures: number; last_error: string | null; due_at: string | null }
