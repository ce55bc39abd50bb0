import type { KobbopayId, Reference } from "../../domain/ids"
import type { KnownTransfer } from "../../domain/observation"
import type { Rail } from "../rails"
import type { Reading, ReportedState } from "../../domain/reading"

/** One request of a contract, serialised once: `body` is both what is signed and what is sent. */
export type ApiRequest = {
  method: "GET" | "POST"
  /** Below the account's base URL, query included. */
  path: string
  /** JSON text; empty for a GET. */
  body: string
  /** Beside the authentication. */
  headers?: Readonly<Record<string, string>>
}

/**
 * Sends a request and gives the parsed JSON of a successful answer, numbers as text.
 * @throws {KobbopayError} when there is no successful answer
 */
export type Ask = (request: ApiRequest) => Promise<unknown>

export type PaymentToCreate = {
  reference: Reference
  rail: Rail
  /** Minor units of the rail's asset. */
  amountMinor: bigint
}

/** A payment as Kobbopay created it; what the answer did not carry is null. */
export type CreatedPayment = {
  kobbopayId: KobbopayId
  address: string
  memo: string | null
  /** What Kobbopay says it expects, minor units: to be compared with what was asked. */
  amountMinor: bigint | null
  expiresAt: Date | null
}

/** Keys of a webhook's body; of several, the first one present counts. */
type WebhookKeys = {
  /** Each may name the payment. */
  ids: readonly string[]
  references: readonly string[]
  types: readonly string[]
  eventIds: readonly string[]
  /** What has arrived in all. */
  amounts: readonly string[]
}

/** One of Kobbopay's contracts, for one account: how to ask, what answers and events mean. */
export type Profile = {
  /** The states its reads can express. What is missing here is only ever reported by webhooks. */
  readableStates: ReadonlySet<ReportedState>
  /** What a read must carry before money may settle. */
  requires: { amount: boolean; asset: boolean }
  /** Authentication headers of one try. `nowMs` is unix time in milliseconds. */
  authHeaders(body: string, nowMs: number): Record<string, string>
  create(payment: PaymentToCreate, ask: Ask): Promise<CreatedPayment>
  /** `known` are the transfers that earlier reads reported. */
  read(
    kobbopayId: KobbopayId,
    rail: Rail,
    ask: Ask,
    known?: readonly KnownTransfer[],
  ): Promise<Reading>
  /** Tokens enabled for the account; null where the contract has no such call. */
  enabledTokens(ask: Ask): Promise<string[] | null>
  webhookKeys: WebhookKeys
  /** What a webhook of a type (lower case) reports; other types only ask for a check. */
  eventStates: ReadonlyMap<string, ReportedState | "test">
}
