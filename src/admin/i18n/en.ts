import type { ExceptionClass, PaymentState } from "../../types/order-payments"
import { action, history } from "./actions"

type SituationText = { badge: string; now: string; next: string }

/** Where a payment stands, and what happens next. */
const situation = {
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
    next: "As soon as Kobbopay reports the payment as expired, the order is canceled and its stock released. Money that still arrives will be noticed.",
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

type Problem = { title: string; text: string }

/** What is wrong, and what a merchant can do about it. */
const problem = {
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

const state = {
  creating: "being set up",
  pending: "awaiting payment",
  partial: "paid in part",
  paid: "seen",
  confirmed: "confirmed",
  expired: "expired",
  failed: "failed",
} satisfies Record<PaymentState, string>

export const en = {
  title: "Crypto payment",
  loading: "Loading the crypto payment",
  unavailable: "The crypto payment could not be loaded.",
  outdated: "This could not be refreshed and may be out of date.",
  retry: "Try again",
  broken: "This section could not be shown. The rest of the page is not affected.",
  behind:
    "The payment has changed. The other parts of this page show it once they are loaded again.",
  reload: "Reload the page",
  next: "What happens next",
  none: "Nothing so far",
  for: "for {{amount}}",
  booked: "{{amount}} booked as a refund in the order",
  somebody: "a person",
  copy: "Copy: {{what}}",
  situation,
  problem: {
    ...problem,
    other: { title: "Needs attention", text: "Look at this payment at Kobbopay." },
  },
  field: {
    expected: "Expected",
    received: "Received",
    refunded: "Refunded",
    rail: "Pays with",
    address: "Address",
    memo: "Memo",
    transfer: "Transaction",
    kobbopay_id: "Kobbopay ID",
    reference: "Reference",
    account: "Account",
    last_read: "Last checked",
    next_check: "Next check",
  },
  compare: {
    expected: "Expected",
    observed: "Seen",
    unreported: "Not reported by Kobbopay",
    amount: "Amount",
    asset: "Asset",
    network: "Network",
    reference: "Reference",
    store_amount: "Order total",
    state: "State",
    reported_state: "Kobbopay says",
    order: "Order",
    reason: "Reason",
    failure: "Reason",
    target: "To be done",
    kind: "What differs",
    shown: "On the order",
    payments: "Payments",
  },
  drift: {
    unknown_at_kobbopay: "Kobbopay has no such payment",
    captured_here_not_confirmed_there: "captured here, not confirmed by Kobbopay",
    captured_more_than_asked: "more was captured than the order costs",
    refunded_without_sending: "refunded here, and nobody recorded that money was sent",
    released_without_money: "what was bought was released, and no money for it is there",
    paid_there_unpaid_here: "confirmed by Kobbopay, not captured here",
    amount_differs: "the amount",
    money_in_nothing: "money is there that was neither captured nor sent back",
    order_cancelled_unnoticed: "the order was canceled unnoticed",
    stock_held_for_nothing: "the order is canceled, and stock is still held for it",
    order_open_payment_expired: "the order waits on, its payment is over",
  },
  work: {
    unread: "Kobbopay could not be asked",
    failing: "Not done yet",
    again: "Tried again {{at}}.",
  },
  others: "Other payments of this order",
  details: "Details and history",
  action,
  history,
  source: {
    read: "Seen when checking at Kobbopay",
    checkout: "From the checkout",
    event: "Reported by a Kobbopay webhook",
    clock: "Time was over",
    admin: "Decided in the admin",
  },
  state,
}
