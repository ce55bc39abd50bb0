import type { KobbopayClient } from "../kobbopay/client"
import { KobbopayError } from "../kobbopay/errors"
import type { AccountId, KobbopayId } from "../domain/ids"
import type { Deps, WorkAccount } from "./deps"
import type { ReadResult } from "./audit"

/** An account that could not be reached this often in a row is left alone for a while. */
const AWAY_AFTER = 8
const AWAY_PAUSE_MS = 60_000

/**
 * Listens to what Kobbopay answers while a run works collections by the ordinary way, and keeps the run's
 * manners: an account that asked for a pause (`Retry-After`), or that is away, is not asked before its
 * time; the others are.
 */
export class Listener {
  readonly #deps: Pick<Deps, "accounts" | "now">
  readonly #pauses: Map<AccountId, Date>
  readonly #misses = new Map<AccountId, number>()
  readonly #results = new Map<string, ReadResult>()
  #lastError: string | null = null

  constructor(deps: Pick<Deps, "accounts" | "now">, pauses: Readonly<Record<AccountId, Date>>) {
    this.#deps = deps
    this.#pauses = new Map(
      [...deps.accounts.keys()].flatMap((account) => {
        const until = pauses[account]
        return until === undefined ? [] : [[account, until] as const]
      }),
    )
  }

  /** The same accounts, with their answers kept. */
  get accounts(): Deps["accounts"] {
    return new Map([...this.#deps.accounts].map(([id, known]) => [id, this.#resultsOf(known)]))
  }

  /** Until when an account is not asked; null when it may be. */
  pausedUntil(account: AccountId): Date | null {
    const until = this.#pauses.get(account)
    return until !== undefined && until > this.#deps.now() ? until : null
  }

  /** What Kobbopay answered about a payment since the last time, and forgets it. */
  take(account: AccountId, id: KobbopayId | null): ReadResult {
    const result = this.#results.get(`${account} ${id}`) ?? null
    this.#results.delete(`${account} ${id}`)
    return result
  }

  /** Pauses that still hold. */
  pauses(): ReadonlyMap<AccountId, Date> {
    return new Map([...this.#pauses].filter(([account]) => this.pausedUntil(account) !== null))
  }

  /** Keeps what went wrong otherwise, for the report. */
  note(failure: string): void {
    this.#lastError = failure
  }

  lastError(): string | null {
    return this.#lastError
  }

  #resultsOf(known: WorkAccount): WorkAccount {
    const { client } = known
    const account = known.account.id
    const read: KobbopayClient["read"] = async (id, rail, options) => {
      const until = this.pausedUntil(account)
      if (until !== null) {
        const retryAfterMs = until.getTime() - this.#deps.now().getTime()
        throw new KobbopayError("unavailable", `account ${account} takes no requests now`, {
          retryAfterMs,
        })
      }
      try {
        const reading = await client.read(id, rail, options)
        this.#results.set(`${account} ${id}`, reading)
        this.#misses.set(account, 0)
        return reading
      } catch (cause) {
        if (cause instanceof KobbopayError) this.#failed(account, id, cause)
        throw cause
      }
    }
    return { ...known, client: { ...client, read } }
  }

  #failed(account: AccountId, id: KobbopayId, cause: KobbopayError): void {
    this.#lastError = cause.message
    if (cause.status === 404 && cause.kind === "rejected") {
      this.#results.set(`${account} ${id}`, "unknown")
    }
    if (cause.kind !== "unavailable") return
    const misses = (this.#misses.get(account) ?? 0) + 1
    this.#misses.set(account, misses)
    const pause = Math.max(cause.retryAfterMs ?? 0, misses >= AWAY_AFTER ? AWAY_PAUSE_MS : 0)
    if (pause === 0) return
    const until = new Date(this.#deps.now().getTime() + pause)
    const known = this.#pauses.get(account)
    if (known === undefined || until > known) this.#pauses.set(account, until)
  }
}
