import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { brandAs, type PublicToken } from "../../../../../kobbopay/ids"
import { runtime } from "../../../../../runtime"
import { paymentByToken, sessionsOf } from "../../../../../store/ledger"
import { payerView } from "../../../../../store/payer-view"
import { kobbopay } from "../../../../../work/worker-of"

/** The live status of one payment, for whoever holds its token: what its payer may see, and no more. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const token = req.params["token"] ?? ""
  const { sql } = kobbopay()
  const payment = /^[0-9a-f]{32}$/.test(token)
    ? await paymentByToken(sql, brandAs<PublicToken>(token))
    : null
  if (payment === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, "There is no payment with this token")
  }
  res.setHeader("cache-control", "no-store")
  const view = payerView(payment, runtime.now())
  // What no session shows any more was left for another amount or rail: nobody must be sent to pay it.
  const isLeft = payment.money_seen_at === null && (await sessionsOf(sql, payment.id)).length === 0
  res.json({ payment: { ...view, ended: view.ended || isLeft, order_id: payment.order_id } })
}
