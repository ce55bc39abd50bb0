/** What one thing in a scenario is. Amounts are decimal strings of the asset; the order costs 10.5. */
export type Move =
  | { do: "pay"; amount: string; astray?: true; first?: true }
  | { do: "confirm"; first?: true }
  | { do: "expire" | "fail" }
  /** The merchant cancels the order. */
  | { do: "cancel" }

/**
 * What happens at Kobbopay to one order. Between two chapters the shop comes to rest, because there it
 * matters what was seen so far (see the model's truths); within one, any two ways of looking must agree.
 */
export type Scenario = {
  name: string
  chapters: readonly (readonly Move[])[]
  /** The shopper changed the rail: the first payment is shown no more. */
  changesRail?: true
  only?: "invoice"
}

const pay = (amount: string, more: { astray?: true; first?: true } = {}): Move => ({
  do: "pay",
  amount,
  ...more,
})
const confirm: Move = { do: "confirm" }
const expire: Move = { do: "expire" }
const cancel: Move = { do: "cancel" }

export const SCENARIOS: readonly Scenario[] = [
  { name: "paid and confirmed", chapters: [[pay("10.5"), confirm]] },
  { name: "seen and not final", chapters: [[pay("10.5")]] },
  { name: "too little", chapters: [[pay("5"), confirm]] },
  { name: "too much", chapters: [[pay("12"), confirm]] },
  { name: "in two parts", chapters: [[pay("5"), confirm], [pay("5.5")], [confirm]] },
  { name: "on another rail", chapters: [[pay("10.5", { astray: true }), confirm]] },
  { name: "nobody pays", chapters: [[]] },
  { name: "expired", chapters: [[expire]] },
  { name: "paid after the end", chapters: [[expire], [pay("10.5"), confirm]] },
  { name: "failed", chapters: [[{ do: "fail" }]], only: "invoice" },
  { name: "Expired after Paid", chapters: [[pay("10.5")], [expire]] },
  { name: "cancelled, then paid", chapters: [[], [cancel], [pay("10.5"), confirm]] },
  { name: "seen, then cancelled", chapters: [[pay("10.5")], [cancel], [confirm]] },
  { name: "captured, then cancelled", chapters: [[pay("10.5"), confirm], [cancel]] },
  {
    name: "paid on both rails",
    chapters: [
      [pay("10.5", { first: true }), { do: "confirm", first: true }, pay("10.5"), confirm],
    ],
    changesRail: true,
  },
]
