import { randomBytes } from "node:crypto"
import { brandAs, type PublicToken, type Reference } from "./ids"

const PREFIX = "kp_"

/**
 * A new reference of ours, sent to Kobbopay as orderId or client_transaction_id: recognisable, and
 * unrelated to anything a shopper could guess. `random` gives that many random bytes.
 */
export const newReference = (random: (size: number) => Buffer = randomBytes): Reference =>
  brandAs<Reference>(PREFIX + random(16).toString("hex"))

export const isOurReference = (reference: string): boolean => /^kp_[0-9a-f]{32}$/.test(reference)

/** 128 random bits by which a payer may look at a payment. */
export const newPublicToken = (random: (size: number) => Buffer = randomBytes): PublicToken =>
  brandAs<PublicToken>(random(16).toString("hex"))
