import type { MedusaContainer } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  Modules,
  OrderChangeStatus,
  OrderChangeType,
} from "@medusajs/framework/utils"
import type { OrderId } from "../domain/ids"

/** A credit line that Medusa began but did not confirm within this time has lost its process. */
const ABANDONED_CREDIT_LINE_MS = 2 * 60_000

/**
 * Takes back a credit line of which the process died before it was confirmed, as Medusa's own compensation
 * would have: while it is pending, Medusa refuses every other change of the order, its cancelling, refunds and
 * fulfilments too. What an admin edits on the order is another type of change, and stays.
 */
export async function dropCutOff(
  container: MedusaContainer,
  order: OrderId,
  now: Date,
): Promise<void> {
  const orders = container.resolve(Modules.ORDER)
  const pending = await orders.listOrderChanges({
    order_id: order,
    status: OrderChangeStatus.PENDING,
    created_at: { $lt: new Date(now.getTime() - ABANDONED_CREDIT_LINE_MS).toISOString() },
  })
  // Medusa's type of a change leaves this one out.
  const isCredit = ({ change_type }: { change_type?: string }) =>
    change_type === OrderChangeType.CREDIT_LINE
  const cutOff = pending.filter(isCredit).map((change) => change.id)
  if (cutOff.length === 0) return
  await orders.cancelOrderChange(cutOff)
  container
    .resolve(ContainerRegistrationKeys.LOGGER)
    .warn(
      `kobbopay: order ${order}: took back the credit line of order change ${cutOff.join(", ")}, which a process that died had begun and not confirmed`,
    )
}
