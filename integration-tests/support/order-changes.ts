import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { World } from "./store-suite"

/** Begins a change of an order and leaves it, as a killed process or an admin in the middle of an edit does. */
export async function pendingChange(
  world: World,
  order: string,
  type: "credit_line" | "edit",
): Promise<string> {
  const orders = world.container.resolve(Modules.ORDER)
  const { id, version } = await orders.createOrderChange({ order_id: order, change_type: type })
  if (type === "credit_line") {
    await orders.addOrderAction({
      order_change_id: id,
      order_id: order,
      version,
      action: "CREDIT_LINE_ADD",
      reference: "payment_collection",
      reference_id: "none",
      amount: 0,
    })
  }
  return id
}

/** The changes of an order that are still open. */
export async function changesOf(world: World, order: string): Promise<string[]> {
  const found = await world.rows(
    `SELECT id FROM order_change WHERE order_id = ? AND status = 'pending' AND deleted_at IS NULL`,
    [order],
  )
  return z
    .array(z.object({ id: z.string() }))
    .parse(found)
    .map(({ id }) => id)
}

/** Lets a change have been begun that much earlier. */
export async function passMinutes(world: World, change: string, minutes: number): Promise<void> {
  await world.rows(
    `UPDATE order_change SET created_at = created_at - make_interval(mins => ?) WHERE id = ?`,
    [minutes, change],
  )
}

/** Lets a collection's payments, and every event, be that much older: "2 hours". */
export async function timePasses(world: World, collection: string, time: string): Promise<void> {
  await world.rows(
    `UPDATE kobbopay_payment SET created_at = created_at - ?::interval,
            window_ends_at = window_ends_at - ?::interval, failing_since = failing_since - ?::interval,
            ended_at = ended_at - ?::interval WHERE collection_id = ?`,
    [time, time, time, time, collection],
  )
  await world.rows(`UPDATE kobbopay_event SET received_at = received_at - ?::interval`, [time])
}
