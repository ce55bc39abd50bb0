import { plainLine } from "../domain/text"

/**
 * A call to Kobbopay that brought nothing:
 * - `unavailable`: nothing is known (no connection, time limit, 429, 5xx); try again later
 * - `rejected`: Kobbopay said no; the same call will not do better
 * - `invalid_answer`: the answer is not what the account's profile says; `field` names the place
 *
 * The message is safe for a log: it holds no secret, header or body of ours.
 */
export class KobbopayError extends Error {
  override readonly name = "KobbopayError"
  /** HTTP status of the answer, null when there was none. */
  readonly status: number | null
  /** What `Retry-After` asked for, milliseconds. */
  readonly retryAfterMs: number | null
  readonly field: string | null

  constructor(
    readonly kind: "unavailable" | "rejected" | "invalid_answer",
    message: string,
    facts: { status?: number | null; retryAfterMs?: number | null; field?: string | null } = {},
  ) {
    super(message)
    this.status = facts.status ?? null
    this.retryAfterMs = facts.retryAfterMs ?? null
    this.field = facts.field ?? null
  }
}

const MAX_QUOTED = 200

/** Text from outside, fit for a log: one line, bounded, and without our secrets should it echo them. */
export function safeText(text: string, secrets: readonly string[]): string {
  const hidden = secrets.reduce((seen, secret) => seen.replaceAll(secret, "[hidden]"), text)
  return plainLine(hidden.replace(/[\s\0]+/g, " "), MAX_QUOTED)
}
