import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { brandAs, type PaymentId } from "../../../../../../../domain/ids"
import type { RefundPreview } from "../../../../../../../types/order-payments"
import { previewRefund } from "../../../../../../../work/refund"
import { appOf } from "../../../../../../../work/app"
import type { AdminRefundPreviewParams } from "../../../validators"

/** Tells what recording a refund of that amount (decimal, units of the asset) would book in the order; changes nothing. */
export async function GET(
  req: AuthenticatedMedusaRequest<unknown, AdminRefundPreviewParams>,
  res: MedusaResponse<RefundPreview>,
): Promise<void> {
  const { amount } = req.validatedQuery
  const paymentId = brandAs<PaymentId>(req.params["id"] ?? "")
  const { bookedAmount, currencyCode } = await previewRefund(appOf(req.scope).deps, {
    paymentId,
    amount,
  })
  res.setHeader("cache-control", "no-store")
  res.json({ booked_amount: bookedAmount, currency_code: currencyCode })
}
