import type { OrderPayment } from "../../types/order-payments"
import type { SituationKey } from "../i18n/situations"

type Tone = "grey" | "blue" | "orange" | "green" | "red"

/** Where a payment stands: the name of its texts, and the colour of its badge. */
export type Situation = { key: SituationKey; tone: Tone }

const settles = (payment: OrderPayment): boolean =>
  payment.target === "captured" || payment.target === "authorized"

const hasOpen = (payment: OrderPayment, ofClass?: string): boolean =>
  payment.exceptions.some(
    (found) => found.state === "open" && (ofClass === undefined || found.class === ofClass),
  )

const isAllBack = (payment: OrderPayment): boolean =>
  payment.refunded !== "0" && payment.left_to_refund === "0"

const isRefunding = (payment: OrderPayment): boolean =>
  payment.refunds.some((refund) => refund.state === "recorded")

/**
 * Where a payment stands and what happens next, from what the ledger says of it. Pure.
 * @param all the payments of the order, this one among them
 */
export function situationOf(
  payment: OrderPayment,
  all: readonly OrderPayment[],
  orderCanceled: boolean,
): Situation {
  if (isAllBack(payment)) {
    return isRefunding(payment)
      ? { key: "refunding", tone: "blue" }
      : { key: "refunded", tone: "grey" }
  }
  if (hasOpen(payment, "refund_owed")) return { key: "refund_owed", tone: "red" }
  const isAccepted = payment.accepted_at !== null && !hasOpen(payment)
  // What a person accepted counts, whatever state Kobbopay gives it.
  if (settles(payment) || isAccepted) return withMoney(payment, orderCanceled)
  const covered = all.some((other) => other.id !== payment.id && settles(other))
  switch (payment.state) {
    case "creating":
    case "pending":
      if (covered) return { key: "unused", tone: "grey" }
      if (orderCanceled) return { key: "unpaid_canceled", tone: "grey" }
      if (payment.state === "creating") return { key: "creating", tone: "grey" }
      return payment.ended ? { key: "overdue", tone: "orange" } : { key: "waiting", tone: "orange" }
    case "partial":
      return { key: "partial", tone: hasOpen(payment) ? "red" : "grey" }
    case "paid":
    case "confirmed":
      return withMoney(payment, orderCanceled)
    case "expired":
    case "failed":
      if (payment.target !== "order_cancelled") {
        return hasOpen(payment) ? { key: "late", tone: "red" } : { key: "set_aside", tone: "grey" }
      }
      if (covered) return { key: "unused", tone: "grey" }
      if (payment.converged || orderCanceled) return { key: `${payment.state}_done`, tone: "grey" }
      return { key: payment.state, tone: "orange" }
  }
}

function withMoney(payment: OrderPayment, orderCanceled: boolean): Situation {
  const confirmed = payment.state === "confirmed"
  switch (payment.target) {
    case "captured":
      if (!payment.converged) return { key: "capturing", tone: "blue" }
      if (orderCanceled) return { key: "captured_canceled", tone: "orange" }
      if (hasOpen(payment)) return { key: "captured_open", tone: "orange" }
      if (payment.accepted_at !== null) return { key: "captured_accepted", tone: "green" }
      return { key: confirmed ? "captured" : "captured_early", tone: "green" }
    case "authorized":
      return { key: payment.converged ? "seen" : "authorizing", tone: "blue" }
    case "nothing":
    case "order_cancelled":
      if (payment.captured_at !== null && orderCanceled) {
        return { key: "captured_canceled", tone: "grey" }
      }
      if (payment.accepted_at !== null && !hasOpen(payment)) {
        return orderCanceled
          ? { key: "set_aside", tone: "grey" }
          : { key: "accepted", tone: "blue" }
      }
      if (hasOpen(payment)) return { key: confirmed ? "held" : "held_early", tone: "red" }
      return confirmed ? { key: "set_aside", tone: "grey" } : { key: "seen", tone: "blue" }
  }
}

const MOVING: ReadonlySet<OrderPayment["state"]> = new Set([
  "creating",
  "pending",
  "partial",
  "paid",
])

/** Something may still change by itself soon, so that it is worth a check. */
export function isMoving(payments: readonly OrderPayment[]): boolean {
  const covered = payments.some((payment) => settles(payment) && payment.converged)
  return payments.some(
    (payment) =>
      MOVING.has(payment.state) ||
      isRefunding(payment) ||
      (!payment.converged && !(covered && payment.target === "order_cancelled")),
  )
}

/** How much a payment tells of its order: what settles it, then what holds money, then what can be paid. */
function weight(payment: OrderPayment): number {
  if (settles(payment)) return 3
  if (payment.amount_received !== null && payment.amount_received !== "0") return 2
  return payment.ended ? 0 : 1
}

/** The payments in the order in which they matter; what matters alike stays the newest first. */
export const byWeight = (payments: readonly OrderPayment[]): OrderPayment[] =>
  [...payments].sort((one, other) => weight(other) - weight(one))

/** A mark that changes when Medusa's own view of the order may have changed. */
export const markOf = (payments: readonly OrderPayment[]): string =>
  payments
    .map(({ id, state, target, converged, refunds }) =>
      [id, state, target, converged, ...refunds.map((refund) => refund.state)].join(":"),
    )
    .join()
