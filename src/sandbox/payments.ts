import { z } from "@medusajs/framework/zod"

import { reaches, sum } from "./amounts"

/** The two public wire contracts. */
export const PROFILE_NAMES = ["docs", "invoice"] as const
export type ProfileName = (typeof PROFILE_NAMES)[number]

/** One transfer on the sandbox's make-believe chain. */
export type Transfer = {
  readonly hash: string
  /** The invoice profile's id of this transaction. */
  readonly trackerId: string
  readonly token: string
  /** Decimal string of the asset. */
  readonly amount: string
  readonly confirmed: boolean
  /** Unix milliseconds. */
  readonly at: number
}

/** A payment as the stand-in holds it. Never changed in place: each change makes a new value. */
export type Payment = {
  readonly id: string
  readonly profile: ProfileName
  /** The shop's own reference: orderId or client_transaction_id. */
  readonly reference: string
  readonly token: string
  readonly asset: string
  readonly network: string
  readonly address: string
  readonly memo: string | null
  /** Decimal string; null while nobody said it (the invoice profile's create carries no amount). */
  readonly asked: string | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly transfers: readonly Transfer[]
  /** Set by expiry and failure, lifted by money that covers the payment afterwards. */
  readonly ended: "Expired" | "Failed" | null
  /** The invoice profile's id of the transaction a failure without any transfer shows. */
  readonly failureTrackerId: string
}

const text = z.string()
const paymentSchema: z.ZodType<Payment> = z.strictObject({
  id: text,
  profile: z.enum(PROFILE_NAMES),
  reference: text,
  token: text,
  asset: text,
  network: text,
  address: text,
  memo: text.nullable(),
  asked: text.nullable(),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
  transfers: z.array(
    z.strictObject({
      hash: text,
      trackerId: text,
      token: text,
      amount: text,
      confirmed: z.boolean(),
      at: z.number(),
    }),
  ),
  ended: z.enum(["Expired", "Failed"]).nullable(),
  failureTrackerId: text,
})

/** All that a stand-in must know to go on where another one stopped. */
export const knownPaymentsSchema = z.strictObject({
  payments: z.array(paymentSchema),
  references: z.record(
    z.string(),
    z.strictObject({ creates: z.number(), payments: z.array(text) }),
  ),
})
export type KnownPayments = z.output<typeof knownPaymentsSchema>

export type Status = "Pending" | "Partial" | "Paid" | "Confirmed" | "Expired" | "Failed"

/**
 * The token a payment counts in: its own once any of it arrived, else that of the first transfer.
 * Money on the wrong rail alone is thus reported as what it is.
 */
export function countedToken(payment: Payment): string {
  const own = payment.transfers.some((transfer) => transfer.token === payment.token)
  return own ? payment.token : (payment.transfers[0]?.token ?? payment.token)
}

/** What arrived in the counted token, as one exact decimal string. */
export const received = (payment: Payment): string => total(payment, () => true)

/** Whether what arrived is what was asked for; with no amount known, whether anything arrived. */
export const isCovered = (payment: Payment): boolean => meets(payment, received(payment))

/** Whether what is final covers the payment. */
export const isSettled = (payment: Payment): boolean =>
  meets(
    payment,
    total(payment, (transfer) => transfer.confirmed),
  )

/** The truth about a payment, in the stand-in's own words. */
export function statusOf(payment: Payment): Status {
  if (payment.ended) return payment.ended
  if (isSettled(payment)) return "Confirmed"
  if (isCovered(payment)) return "Paid"
  return payment.transfers.length > 0 ? "Partial" : "Pending"
}

/** Everything that arrived, whatever the rail: token → exact decimal string. */
export function receivedByToken(payment: Payment): Record<string, string> {
  const tokens = [...new Set(payment.transfers.map((transfer) => transfer.token))]
  return Object.fromEntries(
    tokens.map((token) => [
      token,
      sum(payment.transfers.filter((t) => t.token === token).map((t) => t.amount)),
    ]),
  )
}

/** Adds a transfer; an expiry or failure is lifted when the payment is covered by it. */
export function withTransfer(payment: Payment, transfer: Transfer): Payment {
  return lifted({ ...payment, transfers: [...payment.transfers, transfer] })
}

/** Makes the transfer of that hash final, or all of them; lifts an ending as a transfer does. */
export function withConfirmed(payment: Payment, hash: string | null): Payment {
  const transfers = payment.transfers.map((transfer) =>
    hash === null || transfer.hash === hash ? { ...transfer, confirmed: true } : transfer,
  )
  return lifted({ ...payment, transfers })
}

const lifted = (payment: Payment): Payment =>
  isCovered(payment) ? { ...payment, ended: null } : payment

function total(payment: Payment, counts: (transfer: Transfer) => boolean): string {
  const token = countedToken(payment)
  const counted = payment.transfers.filter((transfer) => transfer.token === token)
  return sum(counted.filter(counts).map((transfer) => transfer.amount))
}

const meets = (payment: Payment, amount: string): boolean =>
  amount !== "0" && (payment.asked === null || reaches(amount, payment.asked))
