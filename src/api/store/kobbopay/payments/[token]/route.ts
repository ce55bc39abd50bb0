import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { runtime } from "../../../../../runtime"
import { payerView } from "../../../../../store/payer-view"
import { paymentOf } from "./payment"

/** The live status of one payment, for whoever holds its token: what its payer may see, and no more. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const payment = await paymentOf(req)
  res.setHeader("cache-control", "no-store")
  res.json({ payment: { ...payerView(payment, runtime.now()), order_id: payment.order_id } })
}
