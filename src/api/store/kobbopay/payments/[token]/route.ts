import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { runtime } from "../../../../../runtime"
import { isStillOwed } from "../../../../../store/offer"
import { payerView } from "../../../../../store/payer-view"
import { kobbopay } from "../../../../../work/worker-of"
import { paymentOf } from "./payment"

/** The live status of one payment, for whoever holds its token: what its payer may see, and no more. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const payment = await paymentOf(req)
  const { sql } = kobbopay()
  res.setHeader("cache-control", "no-store")
  const view = payerView(payment, runtime.now())
  const isOver =
    view.ended || (payment.money_seen_at === null && !(await isStillOwed(sql, payment)))
  // An address is shown only for money that would settle.
  const to = isOver ? { address: null, memo: null } : {}
  res.json({ payment: { ...view, ...to, ended: isOver, order_id: payment.order_id } })
}
