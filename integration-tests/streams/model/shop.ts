import type { Rules } from "../../../src/domain/rules"
import type { nextStep } from "../../../src/work/converge"
import type { Dice } from "./dice"
import type { Kobbopay } from "./kobbopay"
import type { Ledger } from "./ledger"
import type { Medusa } from "./medusa"

/** How long an ended order is kept before it is cancelled. */
export const GRACE_MS = 30 * 60_000
/** How long an order may be offered a new payment. */
export const RENEW_FOR_MS = 3 * 3_600_000

/** What the workers and the provider of one order's life go by. */
export type Shop = {
  placed: "before" | "after"
  kobbopay: Kobbopay
  ledger: Ledger
  medusa: Medusa
  nextStep: typeof nextStep
  now: () => number
  dice: Dice
  rules: Rules
  /** Half the range of every jitter: chance has better uses here. */
  random: () => number
}
