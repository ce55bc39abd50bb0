import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { brandAs, type PaymentId } from "../../../../../../../kobbopay/ids"
import type { PayBackPreview } from "../../../../../../../types/order-payments"
import { previewPayBack } from "../../../../../../../work/refund"
import { depsOf, kobbopay } from "../../../../../../../work/worker-of"
import { parsed, payBackAmount } from "../../../../../../../workflows/input"

const query = z.object({ amount: payBackAmount })

/** Tells what recording a pay-back of that amount (decimal, units of the asset) would refund; changes nothing. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse<PayBackPreview>,
): Promise<void> {
  const { amount } = parsed(query, req.query)
  const paymentId = brandAs<PaymentId>(req.params["id"] ?? "")
  const { refundAmount, currencyCode } = await previewPayBack(depsOf(kobbopay()), {
    paymentId,
    amount,
  })
  res.setHeader("cache-control", "no-store")
  res.json({ refund_amount: refundAmount, currency_code: currencyCode })
}
