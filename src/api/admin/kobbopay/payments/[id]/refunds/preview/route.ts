import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { brandAs, type PaymentId } from "../../../../../../../domain/ids"
import type { RefundPreview } from "../../../../../../../types/order-payments"
import { previewRefund } from "../../../../../../../work/refund"
import { appOf } from "../../../../../../../work/app"
import { parseInput, refundAmount } from "../../../../../../../workflows/input"

const query = z.object({ amount: refundAmount })

/** Tells what recording a refund of that amount (decimal, units of the asset) would book in the order; changes nothing. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<RefundPreview>,
): Promise<void> {
  const { amount } = parseInput(query, req.query)
  const paymentId = brandAs<PaymentId>(req.params["id"] ?? "")
  const { bookedAmount, currencyCode } = await previewRefund(appOf(req.scope).deps, {
    paymentId,
    amount,
  })
  res.setHeader("cache-control", "no-store")
  res.json({ booked_amount: bookedAmount, currency_code: currencyCode })
}
