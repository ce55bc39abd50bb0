import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { brandAs, type AccountId, type OrderId, type PaymentId } from "../../../../../domain/ids"
import { keptPayments } from "../../../../../store/payment-export"
import { appOf } from "../../../../../work/app"
import { sendExport } from "../send-export"
import type { AdminExportParams } from "../validators"

/**
 * All payments, or those that were made from `from` up to, not including, `to`, of an account or an
 * order: as CSV with a row for each payment (or, by `kind`, each change of one), or as JSON. A CSV is made
 * for the program that opens it: with a byte order mark unless `bom=false`, parted by `separator`, and with
 * amounts in units written with `decimal`.
 */
export async function GET(
  req: MedusaRequest<unknown, AdminExportParams>,
  res: MedusaResponse,
): Promise<void> {
  const { format, kind, bom, separator, decimal } = req.validatedQuery
  const { from, to, account, payment_id, order_id } = req.validatedQuery
  const payments = keptPayments(appOf(req.scope).sql, {
    from: from ?? null,
    to: to ?? null,
    account: account === undefined ? null : brandAs<AccountId>(account),
    payment: payment_id === undefined ? null : brandAs<PaymentId>(payment_id),
    order: order_id === undefined ? null : brandAs<OrderId>(order_id),
  })
  await sendExport(req, res, payments, {
    format,
    kind,
    sheet: { bom, separator, decimal },
    name: `kobbopay-${kind}`,
  })
}
