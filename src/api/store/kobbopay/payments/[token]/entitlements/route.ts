import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { entitlementsOf } from "../../../../../../store/entitlements"
import type { PayerEntitlementsAnswer } from "../../../../../../types/storefront"
import { appOf } from "../../../../../../work/app"
import { paymentOf } from "../payment-by-token"

/**
 * What the order of a payment entitles to, for whoever holds the payment's token: what it is and how it
 * stands, and nothing that leads to anything else.
 */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const payment = await paymentOf(req)
  const entitlements =
    payment.order_id === null ? [] : await entitlementsOf(appOf(req.scope).sql, payment.order_id)
  res.setHeader("cache-control", "no-store")
  const answer: PayerEntitlementsAnswer = {
    entitlements: entitlements.map((one) => ({
      title: one.title,
      variant_title: one.variant_title,
      state: one.state,
      quantity: one.quantity,
      released_quantity: one.released_quantity,
      revoked_quantity: one.revoked_quantity,
    })),
  }
  res.json(answer)
}
