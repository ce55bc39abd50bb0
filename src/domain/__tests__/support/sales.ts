import {
  verdictOf,
  type Line,
  type BookedPayment,
  type Standing,
  type Verdict,
} from "../../entitlements"
import { brandAs, type LineItemId } from "../../ids"

/** One unit of a digital product. */
export const line = (given: Partial<Line> = {}): Line => ({
  id: brandAs<LineItemId>("ordli_1"),
  quantity: 1,
  returned: 0,
  requiresShipping: false,
  productMetadata: null,
  ...given,
})
/** An entitlement of which nothing was released yet. */
export const standing = (given: Partial<Standing> = {}): Standing => ({
  quantity: 0,
  released: 0,
  revoked: 0,
  gate: "confirmed",
  decision: null,
  forgiven: 0,
  ...given,
})
/** A payment of 100 that is authorized and not captured. */
export const payment = (given: Partial<BookedPayment> = {}): BookedPayment => ({
  authorized: "100",
  captured: [],
  refunded: [],
  final: true,
  ...given,
})
/** What an order of 100 means for its entitlements, paid for in this way. */
export const verdict = (
  payments: BookedPayment[],
  given: { total?: string; credited?: string[]; cancelled?: boolean; all?: boolean } = {},
): Verdict =>
  verdictOf(
    { currencyCode: "usd", total: given.total ?? "100", credited: given.credited ?? [], payments },
    {
      cancelled: given.cancelled ?? false,
      revokeOnRefund: given.all === true ? "all" : "proportional",
    },
  )
