import { z } from "@medusajs/framework/zod"
import type { OrderId, PaymentId } from "../domain/ids"
import { counts, type KnownTransfer } from "../domain/observation"
import { transferKeys } from "../domain/transfers"
import { idColumn, type PaymentRow } from "./payment"
import { execute, newId, row, type Sql } from "./sql"

/** The payment for which a transfer counts already. */
export type Taken = { key: string; paymentId: PaymentId; orderId: OrderId | null }

const takenRow = z
  .object({
    key: z.string(),
    payment_id: idColumn<PaymentId>(),
    order_id: idColumn<OrderId>().nullable(),
  })
  .transform((found): Taken => ({
    key: found.key,
    paymentId: found.payment_id,
    orderId: found.order_id,
  }))

/**
 * Takes the transfers of a payment for it, and lets go of those that are lost. Each transfer counts for the
 * first payment that took it: a unique index decides. Returns another payment that has one of them, or null.
 */
export async function claimTransfers(
  trx: Sql,
  payment: Pick<PaymentRow, "id" | "account_id" | "network">,
  transfers: readonly KnownTransfer[],
): Promise<Taken | null> {
  const of = { network: payment.network, accountId: payment.account_id }
  const keysOf = (which: readonly KnownTransfer[]) => which.flatMap((one) => transferKeys(one, of))
  const lost = keysOf(transfers.filter((one) => !counts(one)))
  if (lost.length > 0) {
    await execute(
      trx,
      `DELETE FROM kobbopay_transfer t USING unnest(?::text[], ?::text[]) AS k(scope, key)
        WHERE t.scope = k.scope AND t.key = k.key AND t.payment_id = ? AND t.deleted_at IS NULL`,
      [lost.map(({ scope }) => scope), lost.map(({ key }) => key), payment.id],
    )
  }
  const keys = keysOf(transfers.filter(counts)).sort((a, b) => (a.key < b.key ? -1 : 1))
  if (keys.length === 0) return null
  const scopes = keys.map(({ scope }) => scope)
  const names = keys.map(({ key }) => key)
  await execute(
    trx,
    `INSERT INTO kobbopay_transfer (id, payment_id, scope, key)
     SELECT id, ?, scope, key FROM unnest(?::text[], ?::text[], ?::text[]) AS k(id, scope, key)
     ON CONFLICT (scope, key) WHERE deleted_at IS NULL DO NOTHING`,
    [payment.id, keys.map(() => newId("kptx")), scopes, names],
  )
  return row(
    trx,
    takenRow,
    `SELECT t.key, t.payment_id, p.order_id
       FROM kobbopay_transfer t
       JOIN unnest(?::text[], ?::text[]) AS k(scope, key) ON k.scope = t.scope AND k.key = t.key
       JOIN kobbopay_payment p ON p.id = t.payment_id
      WHERE t.deleted_at IS NULL AND t.payment_id <> ? LIMIT 1`,
    [scopes, names, payment.id],
  )
}
