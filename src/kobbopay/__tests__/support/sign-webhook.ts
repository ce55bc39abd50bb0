import type { WebhookOptions } from "../../options"
import { sign, signedMessage } from "../../signature"

/**
 * The headers that Kobbopay would send with a webhook. Signs with the account's first secret unless another
 * is given.
 * @param event.timestamp unix seconds
 */
export function signWebhook(
  webhook: WebhookOptions,
  rawBody: Buffer | string,
  event: { timestamp: number; eventId?: string; deliveryId?: string; secret?: string },
): Record<string, string> {
  const { headers } = webhook
  const timestamp = String(event.timestamp)
  const secret = event.secret ?? webhook.secrets[0]
  if (secret === undefined) throw new Error("an account without a webhook secret cannot sign")
  const message = signedMessage(webhook, Buffer.from(rawBody), timestamp)
  const sent: Record<string, string> = { [headers.signature]: sign(webhook, secret, message) }
  if (headers.timestamp !== null) sent[headers.timestamp] = timestamp
  if (headers.eventId !== null && event.eventId !== undefined) sent[headers.eventId] = event.eventId
  if (headers.deliveryId !== null && event.deliveryId !== undefined) {
    sent[headers.deliveryId] = event.deliveryId
  }
  return sent
}
