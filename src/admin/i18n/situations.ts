type SituationText = { badge: string; now: string; next: string }

/** Where a payment stands, and what happens next. */
export const situation = {
  creating: {
    badge: "Being set up",
    now: "The payment is being set up at Kobbopay. The shopper has no address to pay to yet.",
    next: "If it does not come about by {{until}}, the offer ends and the order is canceled.",
  },
  waiting: {
    badge: "Awaiting payment",
    now: "The shopper has not paid yet.",
    next: "The shopper can pay until {{until}}. If nothing arrives, the order is canceled and its stock released.",
  },
  overdue: {
    badge: "Not paid in time",
    now: "The time to pay ended {{until}} and nothing has arrived.",
    next: "The order is canceled and its stock released once Kobbopay reports the payment as expired, or it has been unpaid for as long as this store waits, and a grace time is over. Money that still arrives will be noticed.",
  },
  unpaid_canceled: {
    badge: "Not paid",
    now: "The order is canceled and nothing has arrived.",
    next: "Nothing to do. Money that still arrives will be shown here.",
  },
  unused: {
    badge: "Not used",
    now: "Nothing arrived on this payment; another one pays for the order.",
    next: "Nothing to do. Money that still arrives will be shown here.",
  },
  partial: {
    badge: "Paid in part",
    now: "Only part of the amount has arrived.",
    next: "The order goes on by itself when the rest arrives. Until then nothing is captured and nothing is canceled.",
  },
  authorizing: {
    badge: "Seen",
    now: "Seen, waiting for Kobbopay's confirmation.",
    next: "The order is being marked as authorized.",
  },
  seen: {
    badge: "Seen",
    now: "Seen, waiting for Kobbopay's confirmation.",
    next: "When Kobbopay confirms, the payment is captured by itself. Do not hand over the goods before that.",
  },
  capturing: {
    badge: "Capturing",
    now: "The money is there.",
    next: "The capture is being booked on the order.",
  },
  captured: {
    badge: "Paid",
    now: "Confirmed by Kobbopay and captured.",
    next: "Nothing to do.",
  },
  captured_early: {
    badge: "Paid",
    now: "Seen and captured. This account captures before Kobbopay confirms.",
    next: "Kobbopay's confirmation is still awaited.",
  },
  captured_open: {
    badge: "Paid",
    now: "The money is captured.",
    next: "What is left to settle is shown below.",
  },
  captured_accepted: {
    badge: "Paid",
    now: "Accepted by {{by}} as it is, and captured.",
    next: "Nothing to do.",
  },
  accepted: {
    badge: "Accepted",
    now: "Accepted by {{by}} as it is.",
    next: "When Kobbopay confirms, the payment is captured by itself. Do not hand over the goods before that.",
  },
  refund_owed: {
    badge: "Refund owed",
    now: "Captured, and then the order was canceled: the shopper is owed the money.",
    next: "Send it back from your own wallet, then record the refund.",
  },
  refunding: {
    badge: "Refunded",
    now: "All the money that arrived was sent back.",
    next: "The refund is being booked on the order.",
  },
  refunded: {
    badge: "Refunded",
    now: "All the money that arrived was sent back.",
    next: "Nothing to do. Money that still arrives will be shown here.",
  },
  captured_canceled: {
    badge: "Paid, order canceled",
    now: "Captured, and the order was canceled.",
    next: "Kobbopay cannot send money back: if the shopper is owed a refund, pay it from your own wallet, and record the refund.",
  },
  held: {
    badge: "Needs attention",
    now: "Kobbopay confirmed the money, but it does not settle this order.",
    next: "None of it is captured while the problem below stands.",
  },
  held_early: {
    badge: "Needs attention",
    now: "The money was seen, but it does not settle this order.",
    next: "None of it is captured while the problem below stands.",
  },
  set_aside: {
    badge: "Set aside",
    now: "There is money on this payment. It does not count for this order.",
    next: "Nothing more happens by itself.",
  },
  late: {
    badge: "Needs attention",
    now: "The payment ended, and there is money on it.",
    next: "Nothing happens by itself: what to do is shown below.",
  },
  expired: {
    badge: "Expired",
    now: "The payment expired. Nothing arrived.",
    next: "After a grace time and a last check for money, the order is canceled and its stock released.",
  },
  expired_done: {
    badge: "Expired",
    now: "The payment expired. Nothing arrived, and the order is canceled.",
    next: "Nothing to do. Money that still arrives will be shown here.",
  },
  failed: {
    badge: "Failed",
    now: "The payment failed. Nothing arrived.",
    next: "After a grace time and a last check for money, the order is canceled and its stock released.",
  },
  failed_done: {
    badge: "Failed",
    now: "The payment failed. Nothing arrived, and the order is canceled.",
    next: "Nothing to do. Money that still arrives will be shown here.",
  },
} satisfies Record<string, SituationText>

export type SituationKey = keyof typeof situation
