/** Ways in which ledger, Kobbopay and Medusa's order may contradict each other; the gravest first. */
export const CONTRADICTIONS = [
  /** Kobbopay knows no payment of this id. */
  "unknown_at_kobbopay",
  /** Medusa shows it captured, and nothing in the ledger allows that. */
  "captured_here_not_confirmed_there",
  /** More was captured for the order, by whatever provider, than it costs. */
  "captured_more_than_asked",
  /** Medusa shows a refund that nobody recorded as sent. */
  "refunded_without_sending",
  /** What the order entitles to was released, and no money for it is there. */
  "released_without_money",
  /** Confirmed, and to be captured, but Medusa does not show it. */
  "paid_there_unpaid_here",
  /** What was captured, or what Kobbopay expects, is not what was asked for. */
  "amount_differs",
  /** Money is there that is neither captured nor sent back, and no exception tells of it. */
  "money_in_nothing",
  /** Medusa's order is cancelled, and the ledger never learnt it. */
  "order_cancelled_unnoticed",
  /** The order is cancelled, and stock is still held back for it. */
  "stock_held_for_nothing",
  /** The order waits on although all its payments ended without money, and the grace is over. */
  "order_open_payment_expired",
] as const
export type ContradictionKind = (typeof CONTRADICTIONS)[number]

/** One contradiction, with what was to be expected and what was seen, as a merchant is shown it. */
export type Contradiction = {
  kind: ContradictionKind
  expected: Readonly<Record<string, string | null>>
  observed: Readonly<Record<string, string | null>>
}

export const contradiction = (
  kind: ContradictionKind,
  expected: Contradiction["expected"],
  observed: Contradiction["observed"],
): Contradiction => ({ kind, expected, observed })
