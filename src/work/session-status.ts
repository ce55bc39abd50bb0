/**
 * How far a payment session of Medusa's has come, of whatever provider. Every list of its statuses is here.
 */

const OPENED: ReadonlySet<string> = new Set(["pending", "requires_more"])
const ENDED: ReadonlySet<string> = new Set(["error", "canceled"])

/** Only opened: nobody has placed an order by it. */
export const isOpened = (status: string): boolean => OPENED.has(status)

/** Waits for its money: only opened, or with an order placed by it. */
export const isWaiting = (status: string): boolean =>
  isOpened(status) || status === "pending_authorization"

/** Ended without money. */
export const isEnded = (status: string): boolean => ENDED.has(status)
