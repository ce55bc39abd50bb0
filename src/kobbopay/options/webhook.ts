import { z } from "@medusajs/framework/zod"
import { isAddressOrNetwork } from "../allowed-ips"
import { choice, headerName, rule, secret, text, wholeNumber } from "./fields"

const ALGORITHMS = ["sha256", "sha512"] as const
const ENCODINGS = ["hex", "base64"] as const

/** What may differ in a signature from one approved environment to the next. */
export const signatureShape = {
  algorithm: choice(ALGORITHMS),
  encoding: choice(ENCODINGS),
  /** What stands before the signature in its header, such as "sha256=". */
  prefix: text(/^[\x21-\x7e]{0,32}$/, "is not a prefix", 'use text such as "sha256="'),
}
const separator = text(/^[\x20-\x7e]{0,8}$/, "is not a separator", 'use text such as "."')

const secrets = z
  .array(secret("the webhook secret issued for this account"), {
    error:
      "is not a list; set it to the webhook secrets, the current one and during a rotation the next",
  })
  .min(1, { error: "is empty; set at least one webhook secret, for verification is never off" })
  .refine(
    ...rule(
      z.array(z.string()),
      [],
      "has the same secret twice; remove one",
      (all) => new Set(all).size === all.length,
    ),
  )

type Defaults = {
  message: "body" | "timestamp.body" | "timestampbody"
  headers: {
    signature: string
    timestamp: string | null
    eventId: string | null
    deliveryId: string | null
  }
}

const lowerOrNull = headerName.toLowerCase().nullable()

/** The `webhook` options of a profile: its secrets, and how it signs. */
export const webhookSchema = (defaults: Defaults) =>
  z
    .strictObject({
      /** Accepted side by side: the current secret, and during a rotation the next. */
      secrets,
      /** How far the signed timestamp may be from this server's clock, seconds, either way. */
      toleranceSeconds: wholeNumber(1, 3_600).optional(),
      /** Addresses or CIDR networks; empty: any. */
      allowedIps: z
        .array(
          z
            .string({ error: "is not text; use an address or a network" })
            .refine(isAddressOrNetwork, {
              error: 'is no IP address or network; use "203.0.113.7" or "203.0.113.0/24"',
            }),
          { error: "is not a list; list addresses, or leave it out" },
        )
        .prefault([]),
      algorithm: signatureShape.algorithm.prefault("sha256"),
      encoding: signatureShape.encoding.prefault("hex"),
      prefix: signatureShape.prefix.prefault(""),
      /** What is signed. "timestampbody" joins without a separator. */
      message: choice(["body", "timestamp.body", "timestampbody"]).prefault(defaults.message),
      /** Stands between timestamp and body where `message` is "timestamp.body". */
      separator: separator.prefault("."),
      /** Names of headers; null: Kobbopay does not send it. */
      headers: z
        .strictObject({
          signature: headerName.toLowerCase().prefault(defaults.headers.signature),
          timestamp: lowerOrNull.prefault(defaults.headers.timestamp),
          eventId: lowerOrNull.prefault(defaults.headers.eventId),
          deliveryId: lowerOrNull.prefault(defaults.headers.deliveryId),
        })
        .refine(
          ...rule(
            z.record(z.string(), z.string().nullable()),
            [],
            "names one header for two things; give each its own",
            (headers) => {
              const names = Object.values(headers).filter((name) => name !== null)
              return new Set(names).size === names.length
            },
          ),
        )
        .prefault({}),
    })
    .refine(
      ...rule(
        z.object({ message: z.string(), headers: z.object({ timestamp: z.null() }) }),
        ["headers", "timestamp"],
        "is missing although the timestamp is signed; name the header that carries it",
        (webhook) => webhook.message === "body",
      ),
    )
    .refine(
      ...rule(
        z.object({ toleranceSeconds: z.number(), headers: z.object({ timestamp: z.null() }) }),
        ["toleranceSeconds"],
        "needs a timestamp; name its header in webhook.headers.timestamp, or leave this out",
        () => false,
      ),
    )
    .transform(({ message, separator, toleranceSeconds, ...webhook }) => ({
      ...webhook,
      /** Null: the account's webhooks carry no timestamp. */
      toleranceSeconds: webhook.headers.timestamp === null ? null : (toleranceSeconds ?? 300),
      signsTimestamp: message !== "body",
      /** Between timestamp and body in the signed message. */
      separator: message === "timestamp.body" ? separator : "",
    }))

export type WebhookOptions = z.output<ReturnType<typeof webhookSchema>>
