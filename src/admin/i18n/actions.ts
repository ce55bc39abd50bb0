import type { Dismissal, ExceptionAction } from "../../types/order-payments"

/** What the buttons say. */
const button = {
  accept: "Accept…",
  apply: "Apply to this order…",
  refund: "Record a refund…",
  dismiss: "Dismiss…",
} satisfies Record<ExceptionAction, string>

/** Why something is set aside. */
const dismissal = {
  written_off: "Written off",
  settled_elsewhere: "Settled in another way",
  not_ours: "Not this order's money",
  no_action: "Nothing to do",
} satisfies Record<Dismissal, string>

/** What a person decides, and what comes of it. */
export const action = {
  button,
  dismissal,
  actions: "What you can do",
  cancel: "Cancel",
  close: "Close",
  note: "Note",
  optional: "optional",
  over: "This is closed by now. Look at the payment again.",
  accept: {
    title: "Accept this payment?",
    submit: "Accept",
    done: "Accepted. The order is captured.",
    doneLater: "Accepted. The rest happens by itself, and is shown here.",
  },
  apply: {
    title: "Apply this payment to the order?",
    submit: "Apply",
    done: "Applied. The order is captured.",
    doneLater: "Applied. The rest happens by itself, and is shown here.",
    text: "It then pays for this order, in place of what the shopper chose later.",
  },
  arrived: "{{received}} arrived, {{expected}} was asked for.",
  arrivedUnreported: "Kobbopay does not say how much arrived; {{expected}} was asked for.",
  arrivedOther: "{{seen}} arrived where {{expected}} on {{network}} was asked for.",
  arrivedFor: "{{received}} arrived for {{made}}; the order asks for {{order}} now.",
  outcome: {
    captured: "The order of {{order}} will be captured.",
    later:
      "The order of {{order}} will be captured, at the latest when Kobbopay confirms the money.",
    finality:
      "Kobbopay does not call this money final. On your word, the order of {{order}} will be captured all the same.",
    excess:
      "The order of {{order}} stays settled. The {{excess}} above it stay with you, and nobody is reminded of them any more.",
  },
  dismiss: {
    title: "Dismiss: {{title}}",
    text: "No money moves and nothing is booked. The same facts do not open this again; new ones do.",
    waits: 'Unless you choose "Nothing to do", the order does not wait for this money any more.',
    reason: "Reason",
    choose: "Choose a reason",
    submit: "Dismiss",
    done: "Dismissed",
  },
  refund: {
    title: "Record a refund",
    text: "Kobbopay cannot send money back. Send it from your own wallet first, then record it here.",
    amount: "Amount sent back, in {{asset}}",
    left: "Of what arrived, {{left}} is still here.",
    leftExcess:
      "Of what arrived, {{left}} is still here; {{excess}} of it is more than was asked for.",
    hash: "Transaction hash",
    hashHint: "Of the transaction that sent the money back.",
    booked: "Refunded in the order: {{amount}}.",
    notBooked: {
      uncaptured: "Nothing is refunded in the order: this money was not captured.",
      canceled: "Nothing is refunded in the order: it is canceled.",
      excess: "Nothing is refunded in the order: this is more than was captured.",
    },
    asking: "Working out what is refunded in the order…",
    submit: "Record a refund",
    done: "Refund recorded",
  },
}

export const history = {
  created: "Offered to the shopper",
  captured: "Captured in the order",
  changed: "Now {{state}}",
  changedWith: "Now {{state}}, {{amount}} received",
  opened: "Problem: {{title}}",
  closed: {
    accepted: "Accepted: {{title}}",
    applied: "Applied to this order: {{title}}",
    refunded: "Solved by a refund: {{title}}",
    cleared: "Solved: {{title}}",
    written_off: "Dismissed, written off: {{title}}",
    settled_elsewhere: "Dismissed, settled in another way: {{title}}",
    not_ours: "Dismissed, not this order's money: {{title}}",
    no_action: "Dismissed, nothing to do: {{title}}",
    other: "Closed: {{title}}",
  } satisfies Record<Dismissal | "accepted" | "applied" | "refunded" | "cleared" | "other", string>,
  refunded: "Refunded: {{amount}}",
  refundedBooked: "Refunded: {{amount}}, {{booked}} of it booked in the order",
  by: "by {{name}}",
}
