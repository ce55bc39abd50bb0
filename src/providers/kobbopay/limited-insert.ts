import type { CollectionId } from "../../domain/ids"
import type { Account } from "../../kobbopay/options"
import type { CurrentPayment } from "../../store/creation"
import { lockCart, paymentsMade } from "../../store/limits"
import type { Sql } from "../../store/sql"
import { notAllowed } from "./refusals"

/**
 * Inserts a payment, unless the cart was given too many lately: a checkout that is rendered again shows the one
 * there is, so only a change of the cart or of the rail makes another. Whoever inserts at the same moment
 * waits, and is counted.
 *
 * @throws MedusaError NOT_ALLOWED, in words for the shopper, with nothing inserted
 */
export function withinLimit(
  { sql, account }: { sql: Sql; account: Account },
  collection: CollectionId,
  insert: (trx: Sql) => Promise<CurrentPayment>,
): Promise<CurrentPayment> {
  const { paymentsPerCart, perMs } = account.options.limits
  return sql.transaction(async (trx) => {
    await lockCart(trx, collection)
    const found = await insert(trx)
    if (found.mayCreate && (await paymentsMade(trx, collection, perMs)) > paymentsPerCart) {
      throw notAllowed(
        "Too many payments were started for this cart. Use the one shown, or wait a while before you start another.",
      )
    }
    return found
  })
}
