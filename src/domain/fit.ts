/** How the money that a read reported compares with what the ledger asked for. */
export type Fit = {
  /** `none`: no money reported. `unknown`: money, but the read did not carry what must be compared. */
  amount: "none" | "under" | "fits" | "over" | "unknown"
  mismatches: readonly (
    "rail_mismatch" | "reference_mismatch" | "duplicate_transfer" | "order_changed"
  )[]
}

/** At least what was asked for has arrived. */
export const isEnough = (amount: Fit["amount"] | null): boolean =>
  amount === "fits" || amount === "over"

/** Earlier reads found money that was not too little: enough, or an amount that could not be compared. */
export const wasEnough = (amountFit: Exclude<Fit["amount"], "none"> | null): boolean =>
  isEnough(amountFit) || amountFit === "unknown"
