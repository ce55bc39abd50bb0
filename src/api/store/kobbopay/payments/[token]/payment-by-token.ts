import type { MedusaRequest } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { brandAs, type PublicToken } from "../../../../../domain/ids"
import { paymentByToken } from "../../../../../store/ledger"
import type { PaymentRow } from "../../../../../store/payment"
import { appOf } from "../../../../../work/app"

/**
 * The header that may carry a payment's token in place of the path: what stands in a path stands in the
 * logs of everything it passes.
 */
const TOKEN_HEADER = "x-kobbopay-token"

/**
 * The payment that a request names by its token, in its path or in a header.
 *
 * @throws MedusaError NOT_FOUND
 */
export async function paymentOf(req: MedusaRequest): Promise<PaymentRow> {
  const token = req.params["token"] ?? req.get(TOKEN_HEADER) ?? ""
  const payment = /^[0-9a-f]{32}$/.test(token)
    ? await paymentByToken(appOf(req.scope).sql, brandAs<PublicToken>(token))
    : null
  if (payment === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, "There is no payment with this token")
  }
  return payment
}
