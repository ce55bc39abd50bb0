import type { MedusaRequest } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { brandAs, type PublicToken } from "../../../../../kobbopay/ids"
import { paymentByToken } from "../../../../../store/ledger"
import type { PaymentRow } from "../../../../../store/payment"
import { kobbopay } from "../../../../../work/worker-of"

/**
 * The payment that a request names by its token.
 *
 * @throws MedusaError NOT_FOUND
 */
export async function paymentOf(req: MedusaRequest): Promise<PaymentRow> {
  const token = req.params["token"] ?? ""
  const payment = /^[0-9a-f]{32}$/.test(token)
    ? await paymentByToken(kobbopay().sql, brandAs<PublicToken>(token))
    : null
  if (payment === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, "There is no payment with this token")
  }
  return payment
}
