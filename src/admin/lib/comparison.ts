import type { ExceptionClass, PaymentException } from "../../types/order-payments"

/** One line of what was expected against what was seen; a side that has no such fact is undefined. */
export type ComparisonLine = { key: string; expected?: string | null; observed?: string | null }

/** Which of the recorded facts tell what is wrong; the others would only distract. */
const TELLING: Record<ExceptionClass, readonly string[]> = {
  underpaid: ["amount"],
  overpaid: ["amount"],
  amount_unknown: ["amount", "asset"],
  rail_mismatch: ["asset", "network", "amount"],
  reference_mismatch: ["reference", "amount"],
  order_changed: ["store_amount", "amount"],
  order_cancelled: ["amount"],
  refund_owed: ["amount"],
  duplicate_payment: ["amount"],
  superseded: ["amount"],
  late_payment: ["amount"],
  ambiguous_finality: ["state", "reported_state", "amount"],
  stuck: ["state", "amount"],
  unknown_payment: ["reference"],
  completion_failed: ["reason"],
  dead: ["target", "failure"],
  drift: ["kind", "shown", "store_amount", "amount", "state", "order"],
  unreadable: ["reported_state", "since", "failure"],
  duplicate_transfer: ["hash", "other_payment", "other_order"],
  entitlement_failed: ["failure"],
  account_changed: ["reason", "payments"],
}

const tellingOf = (found: PaymentException): readonly string[] =>
  Object.hasOwn(TELLING, found.class)
    ? TELLING[found.class as ExceptionClass]
    : [...new Set([...Object.keys(found.expected), ...Object.keys(found.observed)])]

/** What an exception's recorded facts show side by side, the telling ones only. Pure. */
export function comparisonOf(found: PaymentException): ComparisonLine[] {
  return tellingOf(found)
    .map((key) => ({ key, expected: found.expected[key], observed: found.observed[key] }))
    .filter((line) => line.expected !== undefined || line.observed !== undefined)
}
