/*
 * How far a payment session of Medusa's has come, of whatever provider. Every list of its statuses is here.
 */

const OPENED: ReadonlySet<string> = new Set(["pending", "requires_more"])
/** Of a session whose order was placed, and whose money is still to come. */
const AWAITS_PAYMENT = "pending_authorization"
const ENDED: ReadonlySet<string> = new Set(["error", "canceled"])

/** Only opened: nobody has placed an order by it. */
export const isOpened = (status: string): boolean => OPENED.has(status)

/** Waits for its money: only opened, or with an order placed by it. */
export const isWaiting = (status: string): boolean => isOpened(status) || status === AWAITS_PAYMENT

/** An order was placed by it, or is being placed. */
export const isPlaced = (status: string): boolean =>
  status === AWAITS_PAYMENT || status === "authorized"

/** Ended without money. */
export const isEnded = (status: string): boolean => ENDED.has(status)
