import type { Account } from "../../../kobbopay/options"

/**
 * Notices when another of an account's webhook secrets begins to match, which is how a rotation shows.
 * What it remembers serves a log line only; the inbox keeps the position for each event.
 */
export class SecretWatch {
  readonly #last = new Map<string, number>()

  /** What to tell, by position and never by value; null while nothing changed. */
  note({ id, options }: Account, secretIndex: number): string | null {
    const before = this.#last.get(id)
    this.#last.set(id, secretIndex)
    const { length } = options.webhook.secrets
    if (before === secretIndex || length === 1) return null
    return `webhooks of account ${id} are signed with secret ${secretIndex + 1} of ${length} now`
  }
}
