import { BigNumber } from "bignumber.js"
import type { Delivery, PaymentView } from "../../src/sandbox"
import type { Books, Collection, Payment } from "./books"
import type { Diary } from "./diary"
import { ACCOUNTS, EXPIRY } from "./ground"

export type Kind = "lost" | "doubled" | "stuck" | "unexplained"
export type Finding = { kind: Kind; text: string }

/** One payment at the stand-in, beside what the shop made of it. */
export type Case = {
  seen: PaymentView
  /** What arrived in the token asked for, what of it is final, and whether any other token came. */
  own: BigNumber
  final: BigNumber
  foreign: boolean
  expected: BigNumber
  ledger: Payment
  collection: Collection | undefined
  /** Arrived in full inside the window, was confirmed, and nothing else happened to it. */
  plain: boolean
  /** The last transfer that came, Unix milliseconds. */
  lastAt: number
}

const sum = (amounts: readonly string[]): BigNumber =>
  amounts.reduce((total, amount) => total.plus(amount), new BigNumber(0))

/** The surplus that is not worth a note: the option's default. */
const OVER = 1.01

export function caseOf(seen: PaymentView, ledger: Payment, books: Books, diary: Diary): Case {
  const ours = seen.transfers.filter(({ token }) => token === seen.token)
  const own = sum(ours.map(({ amount }) => amount))
  const expected = new BigNumber(ledger.expected_minor).shiftedBy(-ledger.decimals)
  const foreign = ours.length < seen.transfers.length
  const lastAt = Math.max(0, ...seen.transfers.map(({ at }) => Date.parse(at)))
  return {
    seen,
    own,
    foreign,
    expected,
    ledger,
    lastAt,
    final: sum(ours.filter(({ confirmed }) => confirmed).map(({ amount }) => amount)),
    collection: books.collections.get(ledger.collection_id),
    plain:
      !foreign &&
      !diary.ended(seen.id) &&
      !diary.did(seen.id, "leave") &&
      seen.transfers.length === 1 &&
      seen.transfers.every(({ confirmed }) => confirmed) &&
      own.gte(expected) &&
      !ledger.seen_late &&
      lastAt <= ledger.created_at.getTime() + EXPIRY.window,
  }
}

const orderCancelled = ({ collection }: Case): boolean =>
  collection?.orders.some(({ status }) => status === "canceled") ?? false

/** Another payment of the collection is booked. */
const isCoveredByOther = ({ collection, ledger }: Case): boolean =>
  collection?.payments.some((one) => !ledger.booked.some(({ id }) => id === one.id)) ?? false

const isCaptured = ({ ledger }: Case): boolean =>
  ledger.booked.some(({ captures }) => captures.length > 0)

/** Money that arrived and is neither captured nor before a person's eyes, and captures without money. */
export function lostOf(found: Case): string[] {
  const { seen, own, final, expected, ledger, foreign } = found
  const name = `payment ${ledger.id} (${seen.id}, ${seen.status}, state ${ledger.state}, target ${ledger.target})`
  const captured = isCaptured(found)
  const lost: string[] = []
  if (captured && final.lt(expected)) {
    lost.push(`${name} is captured with ${final.toFixed()} of ${expected.toFixed()} final`)
  }
  if (seen.transfers.length === 0) return lost
  if (!captured && ledger.open.length === 0) {
    lost.push(`${name} holds ${seen.received} that is neither captured nor an open exception`)
  }
  if (captured && ledger.open.length === 0 && (foreign || own.gt(expected.times(OVER)))) {
    lost.push(`${name} holds more than was captured, and no exception says so`)
  }
  if (!captured && found.plain && !orderCancelled(found) && !isCoveredByOther(found)) {
    lost.push(
      `${name} was paid in full, in time and confirmed, and is not captured: ${ledger.open.join()}`,
    )
  }
  return lost
}

/** Whether what happened to a payment is a reason for an exception of that class. */
export function explains(found: Case, exception: string, diary: Diary): boolean {
  const { seen, own, final, expected, ledger, foreign, lastAt } = found
  const money = seen.transfers.length > 0
  const several = seen.transfers.length > 1
  const ended = diary.ended(seen.id)
  switch (exception) {
    case "underpaid":
      // One contract's reads show the newest transfer alone: one that came between two reads is not counted.
      return money && (own.lt(expected) || (several && seen.profile === "invoice"))
    case "overpaid":
      return own.gt(expected.times(OVER))
    case "rail_mismatch":
      return foreign
    case "amount_unknown":
      return foreign
    case "late_payment":
      return (
        money && (ended || ledger.seen_late || lastAt > ledger.created_at.getTime() + EXPIRY.window)
      )
    case "order_cancelled":
    case "refund_owed":
      return money && orderCancelled(found)
    case "duplicate_payment":
      return money && isCoveredByOther(found)
    case "superseded":
      return money && (diary.did(seen.id, "leave") || !ledger.shown)
    case "stuck":
      return money && final.lt(expected)
    case "ambiguous_finality":
      // A webhook's sum counts a transfer that came between two reads, and those reads never do.
      return money && (ended || (several && seen.profile === "invoice"))
    default:
      return false
  }
}

/** Books that hold something twice. */
export function doubledIn(collection: Collection): string[] {
  const { id, amount, orders, cart_orders, payments, transactions } = collection
  const captured = sum(payments.flatMap(({ captures }) => captures))
  const doubled: string[] = []
  const note = (wrong: boolean, text: string) => {
    if (wrong) doubled.push(`collection ${id} ${text}`)
  }
  note(orders.length > 1, `has ${orders.length} orders`)
  note(cart_orders > 1, `has a cart with ${cart_orders} orders`)
  note(
    sum(payments.map((one) => one.amount)).gt(amount),
    `of ${amount} has payments of ${payments.map((one) => `${one.id}: ${one.amount}`).join(", ")}`,
  )
  note(
    payments.some(({ captures }) => captures.length > 1),
    "has a payment with several captures",
  )
  note(captured.gt(amount), `of ${amount} has captures of ${captured.toFixed()}`)
  note(
    sum(transactions).gt(captured),
    `has transactions of ${sum(transactions).toFixed()} for captures of ${captured.toFixed()}`,
  )
  return doubled
}

/** What should have moved and did not. */
export function stuckIn(books: Books): string[] {
  const stuck = [...books.left]
  for (const event of books.events) {
    if (event.state === "received") stuck.push(`event ${event.id} (${event.type}) is not worked`)
  }
  for (const collection of books.collections.values()) {
    const payments = books.payments.filter((one) => one.collection_id === collection.id)
    const over = payments.every(({ target }) => target === "order_cancelled")
    for (const { id: payment, state, target, converged, window_over } of payments) {
      const settles = target === "authorized" || target === "captured"
      if (!converged && (settles || over))
        stuck.push(`payment ${payment} still has the target ${target}`)
      if (state === "creating" && window_over)
        stuck.push(`payment ${payment} is being created still`)
    }
    const open = collection.orders.filter(({ status }) => status !== "canceled")
    if (over && open.length > 0) {
      stuck.push(`order ${open.map((one) => one.id).join()} is open though nobody paid it`)
    }
    if (open.length > 0) stuck.push(...halfBooked(collection))
  }
  return stuck
}

/** Captured means all three: mark, capture, transaction. */
function halfBooked({ id, payments, transactions }: Collection): string[] {
  const captures = payments.flatMap((payment) => payment.captures)
  const whole =
    payments.every((one) => one.marked === one.captures.length > 0) &&
    sum(captures).eq(sum(transactions))
  return whole
    ? []
    : [
        `collection ${id} has captures of ${captures.join()} and transactions of ${transactions.join()}`,
      ]
}

/** Events that were answered with 2xx and of which there is no row. */
export function unrecorded(deliveries: readonly Delivery[], books: Books): string[] {
  const known = new Set(
    books.events.flatMap((event) =>
      event.kobbopay_ids.flatMap((id) => [
        `${event.account_id} ${event.type} ${id}`,
        `${event.account_id} ${event.type} ${id} ${event.event_id}`,
      ]),
    ),
  )
  return deliveries
    .filter(({ outcome }) => outcome === "delivered")
    .filter(({ profile, event, payment_id, event_id }) => {
      const name = `${ACCOUNTS[profile]} ${event} ${payment_id}`
      // A repeated body is one row, under the id that it first came with.
      return !known.has(profile === "docs" ? `${name} ${event_id}` : name)
    })
    .map(
      (one) =>
        `event ${one.event_id} (${one.event}) of ${one.payment_id} was answered with ${one.status} and is not recorded`,
    )
}
