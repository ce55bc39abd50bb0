import type { Stream } from "./stream"

/**
 * Everything that stands at the end: what the ledger knows and its targets, what Medusa shows, stock,
 * entitlement, and what is open. Times are left out. So is history (which states were seen on the way,
 * which exceptions came and went): that is the weather's own.
 */
export function outcomeOf({ ledger, medusa, entitlement }: Stream) {
  return {
    order: medusa.order,
    reserved: medusa.reserved,
    entitlement,
    payments: medusa.payments.map((one) => ({
      session: one.session,
      captured: one.capturedAt !== null,
      cancelled: one.canceledAt !== null,
      captures: one.captures.map((capture) => capture.amount),
      booked: one.captures.filter((capture) => medusa.transactions.includes(capture.id)).length,
    })),
    transactions: medusa.transactions.length,
    ledger: ledger.rows.map((row) => ({
      state: row.state,
      target: row.target,
      // Nothing counted is nothing, whether or not a read ever said "0".
      received: String(row.received_minor ?? 0n),
      fit: row.amount_fit,
      moneySeen: row.money_seen_at !== null,
      confirmed: row.confirmed_at !== null,
      ended: row.ended_at !== null,
      transfers: row.transfers
        .map((one) => `${one.hash} ${one.amountMinor} ${one.final ? "final" : "seen"}`)
        .sort(),
    })),
    open: [...ledger.open].sort(),
    unworked: ledger.events.filter((event) => event.state === "received").length,
  }
}
