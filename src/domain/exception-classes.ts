/** Why a person must look at a payment. One open exception per payment and class. */
export const EXCEPTION_CLASSES = [
  "underpaid",
  "overpaid",
  "amount_unknown",
  "rail_mismatch",
  "reference_mismatch",
  "order_changed",
  "order_cancelled",
  "refund_owed",
  "duplicate_payment",
  "superseded",
  "late_payment",
  "ambiguous_finality",
  "stuck",
  "unknown_payment",
  "completion_failed",
  "dead",
  "drift",
  "account_changed",
  "unreadable",
  "duplicate_transfer",
  "entitlement_failed",
] as const
export type ExceptionClass = (typeof EXCEPTION_CLASSES)[number]

/**
 * Classes of a decision that state a condition rather than an incident: when a later decision no longer
 * names them (the payer topped up, the read caught up), an open exception of the class is closed by itself.
 */
export const CONDITIONS: readonly ExceptionClass[] = [
  "underpaid",
  "overpaid",
  "amount_unknown",
  "order_changed",
  "order_cancelled",
  "refund_owed",
  "duplicate_payment",
  "superseded",
  "late_payment",
  "ambiguous_finality",
  "stuck",
  "unreadable",
  "duplicate_transfer",
]
