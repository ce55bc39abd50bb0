import type { Logger } from "@medusajs/framework/types"
import { safeText } from "../../kobbopay/errors"
import type { InboxConnection, NewEvent, Recorded } from "../../store/inbox/insert"
import { EventBatcher } from "../../store/inbox/batcher"

/** A test event that was seen before is logged this often: anybody who overheard one may send it at any rate. */
const LOG_AGAIN_AFTER_MS = 10_000

/** Records webhooks, and tells of those that were sent to try the connection: somebody waits for that line. */
export class Inbox extends EventBatcher {
  readonly #log: Pick<Logger, "info">
  #loggedAt = -Infinity

  constructor(connection: InboxConnection, withinMs: number, log: Pick<Logger, "info">) {
    super(connection, withinMs)
    this.#log = log
  }

  override record(event: NewEvent): Promise<Recorded> {
    const recorded = super.record(event)
    return event.isTest ? recorded.then((row) => this.#logTest(event, row)) : recorded
  }

  #logTest(event: NewEvent, recorded: Recorded): Recorded {
    const at = event.receivedAt.getTime()
    if (!recorded.inserted && at - this.#loggedAt < LOG_AGAIN_AFTER_MS) return recorded
    this.#loggedAt = at
    const again = recorded.inserted ? "" : " again"
    this.#log.info(
      `kobbopay: a test event was received${again} for account ${event.accountId}, its signature holds ` +
        `(secret ${event.secretIndex + 1}), and it is recorded: webhooks arrive` +
        (event.eventId === null ? "" : ` (event ${safeText(event.eventId, [])})`),
    )
    return recorded
  }
}
