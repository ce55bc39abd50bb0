import type { OrderPayment, PaymentException, Person } from "../../types/order-payments"

/** One thing that happened to a payment, in facts; the page puts it into words. */
export type Entry = { at: string; by: Person | null; note: string | null } & (
  | { kind: "created" | "captured" }
  | { kind: "changed"; state: string; received: string | null; source: string }
  | { kind: "opened"; class: string }
  | { kind: "closed"; class: string; how: string }
  | { kind: "refunded"; amount: string; booked: string | null }
)

const nobody = { by: null, note: null }

/** All that happened to a payment, the newest first. Pure. */
export function historyOf(payment: OrderPayment): Entry[] {
  const entries: Entry[] = [
    { kind: "created", at: payment.created_at, ...nobody },
    ...payment.transitions
      .filter(({ from, to }) => from !== to && !(from === "creating" && to === "pending"))
      .map((change) => ({
        kind: "changed" as const,
        state: change.to,
        received: change.amount_received,
        source: change.source,
        at: change.at,
        by: change.actor,
        note: change.note,
      })),
    ...(payment.captured_at === null
      ? []
      : [{ kind: "captured" as const, at: payment.captured_at, ...nobody }]),
    ...payment.exceptions.flatMap(aboutException),
    ...payment.refunds.map((one) => ({
      kind: "refunded" as const,
      amount: one.amount,
      booked: one.booked_amount,
      at: one.at,
      by: one.actor,
      note: one.note,
    })),
  ]
  return entries
    .map((entry, place) => ({ entry, place }))
    .sort(
      (one, other) =>
        Date.parse(other.entry.at) - Date.parse(one.entry.at) || other.place - one.place,
    )
    .map(({ entry }) => entry)
}

function aboutException(found: PaymentException): Entry[] {
  const opened: Entry = { kind: "opened", class: found.class, at: found.opened_at, ...nobody }
  if (found.closed_at === null) return [opened]
  const how = found.resolution ?? "cleared"
  // Nobody closes what cleared. The entry of the refund names who refunded, and the note.
  const isWithoutPerson = how === "cleared" || how === "refunded"
  const who = isWithoutPerson ? nobody : { by: found.actor, note: found.note }
  return [{ kind: "closed", class: found.class, how, at: found.closed_at, ...who }, opened]
}
