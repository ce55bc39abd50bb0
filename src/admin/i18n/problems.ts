import type { ExceptionClass } from "../../types/order-payments"

type Problem = { title: string; text: string }

/** What is wrong, and what a merchant can do about it. */
export const problem = {
  underpaid: {
    title: "Too little arrived",
    text: "Ask the shopper for the rest, accept what came as enough, or send it back.",
  },
  overpaid: {
    title: "Too much arrived",
    text: "The order is settled for its own amount. The difference belongs to the shopper: send it back and record the refund, or agree on keeping it and accept.",
  },
  amount_unknown: {
    title: "The amount is not known",
    text: "Kobbopay calls this paid but does not say what arrived. Check the transfer at Kobbopay before you accept it.",
  },
  rail_mismatch: {
    title: "Another asset or network",
    text: "What arrived is not what the shopper was asked for. Check at Kobbopay whether you can use it: then accept it, else send it back.",
  },
  reference_mismatch: {
    title: "Another reference",
    text: "Kobbopay reports this payment under a reference that is not this order's. Ask Kobbopay which one is right before you accept it.",
  },
  order_changed: {
    title: "The order changed",
    text: "The shopper paid for an amount the order no longer has. Settle the difference with the shopper and accept, or send the money back.",
  },
  order_cancelled: {
    title: "Paid, but the order is canceled",
    text: "The order will not come back by itself. Send the money back and record the refund, or make a new order for the shopper and dismiss this.",
  },
  duplicate_payment: {
    title: "Paid twice",
    text: "The order is paid for already. This money belongs to the shopper: send it back and record the refund.",
  },
  superseded: {
    title: "Paid on an earlier offer",
    text: "The shopper chose another way to pay and then paid on this one. Apply the payment to this order if it shall pay for it, or send the money back.",
  },
  late_payment: {
    title: "Paid too late",
    text: "The money came after the payment had ended. Accept it if the order still stands, or send it back.",
  },
  ambiguous_finality: {
    title: "Kobbopay contradicts itself",
    text: "Its reports on this payment do not agree. Nothing is undone. Ask Kobbopay what is true; accept only if you are sure of the money.",
  },
  stuck: {
    title: "No confirmation for long",
    text: "The money was seen long ago and is still not confirmed. Ask Kobbopay about it; accept only if you are sure of the money.",
  },
  unknown_payment: {
    title: "Unknown payment",
    text: "Kobbopay reported a payment this store did not make.",
  },
  completion_failed: {
    title: "The order could not be placed",
    text: "The money is there, but the order could not be made from the cart. It is tried again by itself.",
  },
  refund_owed: {
    title: "Refund owed",
    text: "The order was canceled after its money was captured. Medusa may show a refund, but Kobbopay has no refund call: nothing was sent. Send the money back and record the refund.",
  },
  dead: {
    title: "Keeps failing",
    text: "What has to be done for this payment failed many times. It is still tried, but look at the reason.",
  },
  drift: {
    title: "The books do not agree",
    text: "A comparison found that Kobbopay, this store's ledger and the order say different things. It is compared again by itself; if the difference stays, correct the side that is wrong.",
  },
  unreadable: {
    title: "Kobbopay does not answer for this payment",
    text: "Every attempt to read this payment has failed for a long time, so nobody knows whether money arrived. Nothing is cancelled meanwhile. Check the payment in your Kobbopay account; it is read again by itself.",
  },
  duplicate_transfer: {
    title: "This transfer already counts for another payment",
    text: "Kobbopay reports one transfer on the chain under two payments. It settled the other one. If it really paid for both, accept it here; otherwise dismiss this.",
  },
  entitlement_failed: {
    title: "The customer has not received what they paid for",
    text: "The money is settled, but releasing what the order entitles to has failed again and again. Correct the cause below; it is tried again by itself.",
  },
  account_changed: {
    title: "The Kobbopay account was changed",
    text: "Payments that are still watched belong to an account that was removed, or that speaks to another environment now. Put the old settings back until those payments have ended.",
  },
} satisfies Record<ExceptionClass, Problem>
