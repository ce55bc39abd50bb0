import { z } from "@medusajs/framework/zod"

import { half, halfMore } from "./amounts"
import type { PaymentBook } from "./book"
import { chainOf, DEFAULT_TOKENS } from "./chains"
import { parseFields, SandboxError } from "./errors"
import { type Payment, PROFILE_NAMES, type ProfileName } from "./payments"
import { type PaymentView, type Stats, statsOf, viewOf } from "./views"
import { type Weather, type WeatherPatch, type WeatherStation } from "./weather"
import type { Delivery, WebhookSender } from "./webhooks"
import type { Wire } from "./wire"

const text = z.string().min(1).max(256)

/** `amount` is sent as it is; `due` is what the payer owes, remembered where nobody said it before. */
const transferSchema = z.strictObject({
  amount: text.optional(),
  due: text.optional(),
  token: text.optional(),
  hash: text.optional(),
  /** Makes the transfer final at once. */
  confirm: z.boolean().default(false),
})
export type TransferOrder = z.input<typeof transferSchema>

const webhookTargetSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .optional(),
  secret: z.union([text, z.strictObject({ docs: text, invoice: text }).partial()]).optional(),
})
export type WebhookChange = z.input<typeof webhookTargetSchema>

export const profileSchema = z.enum(PROFILE_NAMES)

type Parts = {
  book: PaymentBook
  weather: WeatherStation
  sender: WebhookSender
  wires: readonly Wire[]
  newId: (prefix: string) => string
  payUrl: (id: string) => string
  /** Sends an event about a payment. */
  announce: (payment: Payment, event: string) => void
}

/**
 * What a script does to the stand-in; the control API over HTTP does the very same. Payments are
 * named by id, or by reference: then the newest one. Amounts are decimal strings of the asset.
 * Every method throws a SandboxError: 404 for what is not known, 400 or 409 for what cannot be.
 */
export class SandboxControl {
  constructor(private readonly parts: Parts) {}

  payments(): PaymentView[] {
    return this.parts.book.list().map((payment) => this.#view(payment))
  }

  payment(idOrReference: string): PaymentView {
    return this.#view(this.parts.book.get(idOrReference))
  }

  /** Sends what is owed, or `amount`. Repeated, it sends again. */
  pay(idOrReference: string, order: TransferOrder = {}): PaymentView {
    return this.#transfer(idOrReference, order, (due) => due)
  }

  /** Sends half of what is owed, or `amount`. */
  underpay(idOrReference: string, order: TransferOrder = {}): PaymentView {
    return this.#transfer(idOrReference, order, half)
  }

  /** Sends half more than what is owed, or `amount`. */
  overpay(idOrReference: string, order: TransferOrder = {}): PaymentView {
    return this.#transfer(idOrReference, order, halfMore)
  }

  /** Lets the payment expire, unless it has, and pays then. */
  payLate(idOrReference: string, order: TransferOrder = {}): PaymentView {
    const { id, ended, asked } = this.parts.book.get(idOrReference)
    owed(order, asked)
    if (ended !== "Expired") this.parts.book.expire(id)
    return this.pay(id, order)
  }

  /** Pays with another token: `token`, or the same asset on another network. */
  payOtherToken(idOrReference: string, order: TransferOrder = {}): PaymentView {
    const { id, token } = this.parts.book.get(idOrReference)
    return this.pay(id, { ...order, token: order.token ?? otherThan(token) })
  }

  /** Pays once more; 409 when nothing was paid yet. */
  secondTransfer(idOrReference: string, order: TransferOrder = {}): PaymentView {
    const { id, transfers } = this.parts.book.get(idOrReference)
    if (transfers.length === 0) {
      throw new SandboxError(409, "there is no first transfer yet: pay first")
    }
    return this.pay(id, order)
  }

  /** Makes the transfer of that hash final, or all of them. */
  confirm(idOrReference: string, { hash }: { hash?: string | undefined } = {}): PaymentView {
    return this.#view(this.parts.book.confirm(idOrReference, hash ?? null))
  }

  expire(idOrReference: string): PaymentView {
    return this.#view(this.parts.book.expire(idOrReference))
  }

  fail(idOrReference: string): PaymentView {
    return this.#view(this.parts.book.fail(idOrReference))
  }

  /** Sends any event about a payment, true or not; the payment itself stays as it is. */
  announce(idOrReference: string, event: string): PaymentView {
    const payment = this.parts.book.get(idOrReference)
    this.parts.announce(payment, parseFields(text, event))
    return this.#view(payment)
  }

  weather(): Weather {
    return this.parts.weather.current
  }

  /** Changes what the patch names. */
  setWeather(patch: WeatherPatch): Weather {
    return this.parts.weather.set(patch)
  }

  clearWeather(): Weather {
    return this.parts.weather.clear()
  }

  /** Where webhooks go; the secrets stay unsaid. */
  webhook(): { url: string | null } {
    return { url: this.parts.sender.target.url }
  }

  /** Changes URL, secrets or both; tries from now on use them. One secret alone is for both profiles. */
  setWebhook(change: WebhookChange): { url: string | null } {
    const { url, secret } = parseFields(webhookTargetSchema, change)
    const { sender } = this.parts
    const given = typeof secret === "string" ? { docs: secret, invoice: secret } : secret
    sender.target = {
      url: url === undefined ? sender.target.url : url,
      secret: {
        docs: given?.docs ?? sender.target.secret.docs,
        invoice: given?.invoice ?? sender.target.secret.invoice,
      },
    }
    return this.webhook()
  }

  /** Sends `payment.webhook_test`, in one profile's form or in that of each. */
  sendTest(profile?: ProfileName): void {
    const wires = this.parts.wires.filter((wire) => !profile || wire.profile === profile)
    if (wires.length === 0) throw new SandboxError(404, `profile ${profile} is not served here`)
    for (const wire of wires) {
      const id = this.parts.newId("test_")
      const type = "payment.webhook_test"
      const about = { id, reference: "webhook_test" }
      const composed = wire.webhook.compose(about, type)
      this.parts.sender.send({ ...composed, wire, type, paymentId: id, reference: about.reference })
    }
  }

  /** Every try to deliver a webhook, oldest first; of one payment, when it is named. */
  deliveries(idOrReference?: string): Delivery[] {
    const all = this.parts.sender.deliveries()
    if (idOrReference === undefined) return all
    const { id } = this.parts.book.get(idOrReference)
    return all.filter((delivery) => delivery.payment_id === id)
  }

  /** Sends the event of an earlier delivery again, dropped ones too. */
  redeliver(deliveryId: string): void {
    this.parts.sender.redeliver(deliveryId)
  }

  /** Resolves once no delivery is under way or waiting for another try. */
  quiet(): Promise<void> {
    return this.parts.sender.gauge.quiet()
  }

  stats(): Stats {
    return statsOf(this.parts.book, this.parts.sender)
  }

  #transfer(
    idOrReference: string,
    order: TransferOrder,
    share: (due: string) => string,
  ): PaymentView {
    const { id, asked } = this.parts.book.get(idOrReference)
    const { amount, due, token, hash, confirm } = parseFields(transferSchema, order)
    const sent = amount ?? share(owed({ due }, asked))
    const paid = this.parts.book.transfer(id, { amount: sent, asked: asked ?? due, token, hash })
    return this.#view(confirm ? this.parts.book.confirm(id, null) : paid)
  }

  #view(payment: Payment): PaymentView {
    return viewOf(payment, this.parts.payUrl(payment.id))
  }
}

function owed(
  order: { amount?: string | undefined; due?: string | undefined },
  asked: string | null,
) {
  const due = order.amount ?? order.due ?? asked
  if (due === null) {
    throw new SandboxError(400, "amount: required, since this payment was created without one")
  }
  return due
}

function otherThan(token: string): string {
  const { asset } = chainOf(token)
  const other = DEFAULT_TOKENS.find((name) => name !== token && chainOf(name).asset === asset)
  return other ?? DEFAULT_TOKENS.find((name) => name !== token) ?? token
}
