import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { runtime } from "../../../../../runtime"
import { isShownLive } from "../../../../../store/sessions"
import { payerView } from "../../../../../store/payer-view"
import { kobbopay } from "../../../../../work/worker-of"
import { paymentOf } from "./payment"

/** The live status of one payment, for whoever holds its token: what its payer may see, and no more. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const payment = await paymentOf(req)
  const { sql } = kobbopay()
  res.setHeader("cache-control", "no-store")
  const view = payerView(payment, runtime.now())
  // What no session shows any more was left for another amount or rail: nobody must be sent to pay it.
  const isLeft = payment.money_seen_at === null && !(await isShownLive(sql, payment.id))
  res.json({ payment: { ...view, ended: view.ended || isLeft, order_id: payment.order_id } })
}
