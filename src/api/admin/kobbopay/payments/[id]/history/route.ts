import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { brandAs, type PaymentId } from "../../../../../../domain/ids"
import { paymentById } from "../../../../../../store/ledger"
import { EVERY_PAYMENT, keptPayments } from "../../../../../../store/payment-export"
import { appOf } from "../../../../../../work/app"
import { sendExport } from "../../send-export"
import type { AdminHistoryParams } from "../../validators"

/** One payment with all that happened to it: JSON with everything, or CSV with a row for each change. */
export async function GET(
  req: MedusaRequest<unknown, AdminHistoryParams>,
  res: MedusaResponse,
): Promise<void> {
  const { format, bom, separator, decimal } = req.validatedQuery
  const payment = brandAs<PaymentId>(req.params["id"] ?? "")
  const { sql } = appOf(req.scope)
  if ((await paymentById(sql, payment)) === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, "There is no payment of this id")
  }
  await sendExport(req, res, keptPayments(sql, { ...EVERY_PAYMENT, payment }), {
    format,
    sheet: { bom, separator, decimal },
    kind: format === "json" ? "payments" : "transitions",
    name: `kobbopay-${payment}`,
  })
}
