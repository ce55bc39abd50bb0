import type { PaymentBook } from "./book"
import { received, receivedByToken, type Payment, type Status, statusOf } from "./payments"
import type { Delivery, WebhookSender } from "./webhooks"

/** A payment as the control API shows it: the truth, whatever lagging reads may say. */
export type PaymentView = {
  id: string
  profile: Payment["profile"]
  reference: string
  token: string
  asset: string
  network: string
  address: string
  memo: string | null
  /** What is owed, a decimal string; null while nobody said it. */
  amount: string | null
  status: Status
  /** What arrived in the token asked for, or in the one other token that came instead. */
  received: string
  received_by_token: Record<string, string>
  transfers: { hash: string; token: string; amount: string; confirmed: boolean; at: string }[]
  created_at: string
  expires_at: string | null
  pay_url: string
}

/** Figures to compare a shop's books with. */
export type Stats = {
  payments: { total: number; by_status: Partial<Record<Status, number>> }
  /** Payment id → token → exact decimal string of all that arrived; nothing when nothing did. */
  received: Record<string, Record<string, string>>
  /** Reference → how many creates were carried out, and the payments they made. */
  references: Record<string, { creates: number; payments: string[] }>
  /** Tries remembered, by outcome, and the events still on their way. */
  deliveries: { pending: number; by_outcome: Partial<Record<Delivery["outcome"], number>> }
}

export function viewOf(payment: Payment, payUrl: string): PaymentView {
  const { id, profile, reference, token, asset, network, address, memo } = payment
  return {
    id,
    profile,
    reference,
    token,
    asset,
    network,
    address,
    memo,
    amount: payment.asked,
    status: statusOf(payment),
    received: received(payment),
    received_by_token: receivedByToken(payment),
    transfers: payment.transfers.map((transfer) => ({
      hash: transfer.hash,
      token: transfer.token,
      amount: transfer.amount,
      confirmed: transfer.confirmed,
      at: new Date(transfer.at).toISOString(),
    })),
    created_at: new Date(payment.createdAt).toISOString(),
    expires_at: payment.expiresAt === null ? null : new Date(payment.expiresAt).toISOString(),
    pay_url: payUrl,
  }
}

export function statsOf(book: PaymentBook, sender: WebhookSender): Stats {
  const payments = book.list()
  return {
    payments: { total: payments.length, by_status: tally(payments.map(statusOf)) },
    received: Object.fromEntries(payments.map((p) => [p.id, receivedByToken(p)])),
    references: book.references(),
    deliveries: {
      pending: sender.gauge.count,
      by_outcome: tally(sender.deliveries().map(({ outcome }) => outcome)),
    },
  }
}

function tally<Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> {
  const counts: Partial<Record<Name, number>> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
