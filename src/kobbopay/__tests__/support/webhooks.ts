import type { Account } from "../../options"
import { signWebhook } from "./sign-webhook"
import { receiveWebhook, type Received } from "../../webhook"
import { accountFrom, docsInput, invoiceInput } from "./accounts"
import { rawHeaders } from "./raw-headers"

/** The time of the published vectors, Unix seconds. */
export const AT = 1_735_689_600
/** One account of each profile. */
export const docs = accountFrom(docsInput, "docs")
export const invoice = accountFrom(invoiceInput, "invoice")

export type WebhookHeaders = Parameters<typeof rawHeaders>[0]

/** Receives a webhook by these accounts at the time of the vectors. */
export const receive = (
  rawBody: Buffer | string,
  headers: WebhookHeaders,
  { accounts = [docs, invoice], now = AT * 1000 }: { accounts?: Account[]; now?: number } = {},
): Received =>
  receiveWebhook({
    rawBody: Buffer.from(rawBody),
    rawHeaders: rawHeaders(headers),
    accounts,
    now,
  })

/** A webhook that Kobbopay really signed, whatever its body says. */
export const sent = (
  account: Account,
  body: string | object,
  event: { timestamp?: number; eventId?: string; deliveryId?: string; secret?: string } = {},
): [string, Record<string, string>] => {
  const raw = typeof body === "string" ? body : JSON.stringify(body)
  const signed = { timestamp: AT, eventId: "evt_1", ...event }
  return [raw, signWebhook(account.options.webhook, raw, signed)]
}
/** The event of a webhook that must be accepted. */
export const eventOf = (received: Received) => {
  if (!received.ok) throw new Error(received.cause)
  return received.event
}
