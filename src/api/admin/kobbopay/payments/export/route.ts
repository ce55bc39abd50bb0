import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { brandAs, type AccountId, type OrderId, type PaymentId } from "../../../../../domain/ids"
import { keptPayments } from "../../../../../store/payment-export"
import { appOf } from "../../../../../work/app"
import { parseInput } from "../../../../../workflows/input"
import { idFilter, moment, oneOf } from "../../../../filters"
import { sheetShape } from "../sheet"
import { sendExport } from "../send-export"

const query = z
  .strictObject({
    format: oneOf(["csv", "json"]).default("csv"),
    kind: oneOf(["payments", "transitions"]).default("payments"),
    ...sheetShape,
    from: moment,
    to: moment,
    account: idFilter,
    payment_id: idFilter,
    order_id: idFilter,
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    error: "is before `from`; write a later day, or exchange the two",
  })

/**
 * All payments, or those that were made from `from` up to, not including, `to`, of an account or an
 * order: as CSV with a row for each payment (or, by `kind`, each change of one), or as JSON. A CSV is made
 * for the program that opens it: with a byte order mark unless `bom=false`, parted by `separator`, and with
 * amounts in units written with `decimal`.
 */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const { format, kind, from, to, account, payment_id, order_id, ...sheet } = parseInput(
    query,
    req.query,
  )
  const payments = keptPayments(appOf(req.scope).sql, {
    from: from ?? null,
    to: to ?? null,
    account: account === undefined ? null : brandAs<AccountId>(account),
    payment: payment_id === undefined ? null : brandAs<PaymentId>(payment_id),
    order: order_id === undefined ? null : brandAs<OrderId>(order_id),
  })
  await sendExport(req, res, payments, { format, kind, sheet, name: `kobbopay-${kind}` })
}
