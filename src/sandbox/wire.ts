import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"

import { SandboxError } from "./errors"
import type { Payment, ProfileName } from "./payments"
import type { Call } from "./weather"

/** A request as it came in: the body as the very bytes, since signatures are over bytes. */
export type ApiRequest = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  rawBody: Buffer
}

/** An answer; a `body` that is not a string goes out as JSON. `cut`: the connection ends in the middle of it. */
export type Answer = {
  status: number
  headers?: Record<string, string>
  body: unknown
  cut?: boolean
}

/** One endpoint of a profile. `path` is exact, or a pattern whose first group is handed to `run`. */
export type Endpoint = {
  method: "GET" | "POST"
  path: string | RegExp
  kind: Call
  run: (request: ApiRequest, parameter: string) => Answer
}

/** What goes out for one event; the body is fixed, each try signs it anew. */
export type Composed = { eventId: string; body: string }

export type Signing = {
  secret: string
  /** Unix seconds. */
  timestamp: number
  deliveryId: string
}

/** One profile of the wire contract, as Kobbopay speaks it. */
export type Wire = {
  profile: ProfileName
  endpoints: readonly Endpoint[]
  /** Throws a SandboxError (401, 406) unless the request carries the account's credentials. */
  authenticate: (request: ApiRequest) => void
  refusal: (error: SandboxError) => unknown
  webhook: {
    /** Whether deliveries carry a signed timestamp. */
    timestamped: boolean
    compose: (payment: Pick<Payment, "id" | "reference"> | Payment, event: string) => Composed
    headers: (composed: Composed, signing: Signing) => Record<string, string>
  }
}

/** Lower-case hex HMAC over the parts, in order, with nothing between them. */
export function hmacHex(
  algorithm: "sha256" | "sha512",
  key: string,
  ...parts: (string | Buffer)[]
): string {
  const hmac = createHmac(algorithm, key)
  for (const part of parts) hmac.update(part)
  return hmac.digest("hex")
}

/** Whether two texts are the same, without telling by the time it takes how much of them is. */
export function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** The value of a header; empty when it is missing. */
export function headerOf({ headers }: ApiRequest, name: string): string {
  const value = headers[name]
  return typeof value === "string" ? value : ""
}

/** The JSON of a request's body. Throws a SandboxError (400). */
export function jsonBody({ rawBody }: ApiRequest): unknown {
  try {
    return JSON.parse(rawBody.toString("utf8"))
  } catch {
    throw new SandboxError(400, "the body is not JSON")
  }
}
