/**
 * One payment of an export. Amounts ending in `_minor` are minor units of the asset; the same without it are
 * decimals in its units. Times are ISO 8601.
 */
export type ExportedPayment = {
  payment_id: string
  kobbopay_id: string | null
  reference: string
  order_id: string | null
  account: string
  rail: string
  token: string
  asset: string
  network: string
  /** Fraction digits of a minor unit. */
  decimals: number
  state: string
  expected_minor: string
  /** Null when the reads say nothing of amounts. The five parts below add up to it. */
  received_minor: string | null
  captured_minor: string
  in_open_exceptions_minor: string
  refunded_minor: string
  written_off_minor: string
  in_flight_minor: string
  expected: string
  received: string | null
  captured: string
  in_open_exceptions: string
  refunded: string
  written_off: string
  in_flight: string
  /** Decimal, units of the store currency: what was asked for, and what a person accepted instead. */
  store_amount: string
  accepted_amount: string | null
  currency_code: string
  transfers: { hash: string; amount_minor: string; final: boolean }[]
  created_at: string
  money_seen_at: string | null
  paid_at: string | null
  confirmed_at: string | null
  captured_at: string | null
  ended_at: string | null
  accepted_at: string | null
  exceptions: {
    class: string
    state: string
    expected: Record<string, string | null>
    observed: Record<string, string | null>
    opened_at: string
    closed_at: string | null
    actor: string | null
    resolution: string | null
    note: string | null
  }[]
  refunds: {
    amount_minor: string
    hash: string
    /** What of it is a refund of the order, decimal, store currency. */
    store_amount: string | null
    actor: string
    note: string | null
    at: string
  }[]
  transitions: ExportedTransition[]
}

export type ExportedTransition = {
  from: string
  to: string
  source: string
  actor: string | null
  note: string | null
  received_minor: string | null
  received: string | null
  at: string
}
