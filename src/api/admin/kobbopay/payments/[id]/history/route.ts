import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type PaymentId } from "../../../../../../domain/ids"
import { paymentById } from "../../../../../../store/ledger"
import { EVERY_PAYMENT, keptPayments } from "../../../../../../store/payment-export"
import { appOf } from "../../../../../../work/app"
import { parseInput } from "../../../../../../workflows/input"
import { oneOf } from "../../../../../filters"
import { sheetShape } from "../../sheet"
import { sendExport } from "../../send-export"

const query = z.strictObject({ format: oneOf(["csv", "json"]).default("json"), ...sheetShape })

/** One payment with all that happened to it: JSON with everything, or CSV with a row for each change. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const { format, ...sheet } = parseInput(query, req.query)
  const payment = brandAs<PaymentId>(req.params["id"] ?? "")
  const { sql } = appOf(req.scope)
  if ((await paymentById(sql, payment)) === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, "There is no payment of this id")
  }
  await sendExport(req, res, keptPayments(sql, { ...EVERY_PAYMENT, payment }), {
    format,
    sheet,
    kind: format === "json" ? "payments" : "transitions",
    name: `kobbopay-${payment}`,
  })
}
