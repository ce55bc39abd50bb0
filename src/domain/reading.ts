import type { KobbopayId, Reference } from "./ids"

/** The states of a payment, in the words of the ledger. `creating` is ours alone: Kobbopay never says it. */
export const PAYMENT_STATES = [
  "creating",
  "pending",
  "partial",
  "paid",
  "confirmed",
  "expired",
  "failed",
] as const
export type PaymentState = (typeof PAYMENT_STATES)[number]

/** What Kobbopay can say of a payment. */
export type ReportedState = Exclude<PaymentState, "creating">

/** One transfer on the chain, as a read of the API reported it. */
export type Transfer = {
  hash: string
  /** Minor units of the rail's asset. */
  amountMinor: bigint
  /** By which this transfer can be read on its own, where the contract has that. */
  trackerId?: KobbopayId | undefined
  /** Whether Kobbopay calls this very transfer done; left out where it says so of the payment only. */
  final?: boolean | undefined
  /** Kobbopay calls it failed, or does not know it any more: it brings nothing. */
  lost?: boolean | undefined
}

/**
 * One successful read of a payment at Kobbopay. A field the answer did not carry is null: never a
 * guess. Only reads carry money; webhooks only ask for a check.
 */
export type Reading = {
  kobbopayId: KobbopayId
  state: ReportedState
  /** The asset paid with, e.g. "USDT". */
  asset: string | null
  /** The network paid on, in the words of the account's profile. */
  network: string | null
  /** The profile's token for asset + network (invoice), e.g. "USDTTRC". */
  token: string | null
  reference: Reference | null
  /** What Kobbopay itself expects, minor units of the asset. */
  expectedMinor: bigint | null
  /** All that arrived so far as one sum, minor units of the asset, when the answer states a sum. */
  receivedMinor: bigint | null
  /** The transfers the answer names, each with its hash; known ones that are gone are named as lost. */
  transfers: Transfer[]
  /** The newest transfer failed, which says nothing of the payment: another one may come. */
  transferFailed?: boolean | undefined
  /** Money of another asset or network arrived: no minor units of this one, but money all the same. */
  astray: boolean
}
