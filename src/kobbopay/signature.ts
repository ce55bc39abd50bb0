import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto"
import type { InvoiceOptions, WebhookOptions } from "./options"

/** How a signature is made and written; both differ from one approved environment to the next. */
type SignatureScheme = {
  algorithm: "sha256" | "sha512"
  encoding: "hex" | "base64"
  /** Stands before the signature in its header. */
  prefix: string
}

const mac = (
  scheme: SignatureScheme,
  key: KeyObject | string,
  message: readonly (string | Buffer)[],
): string => {
  const hmac = createHmac(scheme.algorithm, key)
  for (const part of message) hmac.update(part)
  return hmac.digest(scheme.encoding)
}

/** Signs bytes as a header value; parts are joined without a separator. Hex is lower case. */
export const sign = (
  scheme: SignatureScheme,
  secret: string,
  message: readonly (string | Buffer)[],
): string => scheme.prefix + mac(scheme, secret, message)

/** Signs a request of the invoice profile: timestamp (unix seconds) and the very body that is sent. */
export const signRequest = (
  options: Pick<InvoiceOptions, "privateKey" | "requestSignature">,
  timestamp: string,
  body: string,
): string => sign(options.requestSignature, options.privateKey, [timestamp, body])

type WebhookScheme = SignatureScheme & Pick<WebhookOptions, "signsTimestamp" | "separator">

/** The parts that a webhook's signature is over. */
export const signedMessage = (
  scheme: WebhookScheme,
  rawBody: Buffer,
  timestamp: string | null,
): (string | Buffer)[] =>
  scheme.signsTimestamp ? [`${timestamp ?? ""}${scheme.separator}`, rawBody] : [rawBody]

/** Of each account's secrets, made once: a webhook is checked in a few microseconds. */
const keysOf = new WeakMap<readonly string[], readonly KeyObject[]>()

function keysFor(secrets: readonly string[]): readonly KeyObject[] {
  const known = keysOf.get(secrets)
  if (known !== undefined) return known
  const made = secrets.map((secret) => createSecretKey(Buffer.from(secret)))
  keysOf.set(secrets, made)
  return made
}

/** The encoded signature in a header value; null when it is not one of this scheme at all. */
function encodedSignature(scheme: SignatureScheme, header: string): Buffer | null {
  if (!header.startsWith(scheme.prefix)) return null
  const encoded = header.slice(scheme.prefix.length)
  return Buffer.from(scheme.encoding === "hex" ? encoded.toLowerCase() : encoded)
}

/**
 * Which of an account's secrets signed a webhook: its index, or null. Works on bytes, never on parsed
 * JSON, and compares in constant time; every secret is tried, so that time does not tell which matched.
 * Compared as encoded: decoders take what is no signature of the scheme.
 * @param timestamp the timestamp header as sent, null where the scheme has none
 */
export function verifyWebhook(
  webhook: WebhookScheme & Pick<WebhookOptions, "secrets">,
  sent: { rawBody: Buffer; timestamp: string | null; signature: string },
): number | null {
  const signature = encodedSignature(webhook, sent.signature)
  if (signature === null) return null
  const message = signedMessage(webhook, sent.rawBody, sent.timestamp)
  let match: number | null = null
  keysFor(webhook.secrets).forEach((key, index) => {
    const expected = Buffer.from(mac(webhook, key, message))
    const same = expected.length === signature.length && timingSafeEqual(expected, signature)
    if (same) match ??= index
  })
  return match
}
