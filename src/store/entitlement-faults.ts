import type { OrderId } from "../domain/ids"
import { execute, type Sql } from "./sql"

/**
 * Closes the exceptions `entitlement_failed` of orders, in the name of the plugin: of those whose work
 * does not fail, and of which no event waits to be handed on.
 */
export const closeEntitlementFaults = (
  sql: Sql,
  orders: readonly OrderId[],
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_exception x
        SET state = 'closed', closed_at = ?, actor = 'kobbopay', resolution = 'cleared',
            updated_at = now()
      WHERE x.class = 'entitlement_failed' AND x.order_id = ANY(?::text[]) AND x.state = 'open'
        AND x.deleted_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM kobbopay_entitled_order o
              WHERE o.id = x.order_id AND o.failures > 0)
        AND NOT EXISTS (SELECT 1 FROM kobbopay_entitlement_change c
              WHERE c.order_id = x.order_id AND c.emitted_at IS NULL AND c.kind <> 'decided'
                AND c.deleted_at IS NULL)`,
    [now, [...orders]],
  )
