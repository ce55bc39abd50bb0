import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type CollectionId, type OrderId } from "../../../../../kobbopay/ids"
import { runtime } from "../../../../../runtime"
import { historyOfOrder } from "../../../../../store/history"
import { idColumn } from "../../../../../store/payment"
import type { OrderPayments } from "../../../../../types/order-payments"
import { kobbopay } from "../../../../../work/worker-of"
import { merchantView } from "./view"

const links = z.array(z.object({ payment_collection_id: idColumn<CollectionId>() }))

/** The Kobbopay payments of an order, with all that happened to them, for its merchant. */
export async function GET(req: MedusaRequest, res: MedusaResponse<OrderPayments>): Promise<void> {
  const order = brandAs<OrderId>(req.params["id"] ?? "")
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "order_payment_collection",
    fields: ["payment_collection_id"],
    filters: { order_id: order },
  })
  const collections = links.parse(data).map((link) => link.payment_collection_id)
  const histories = await historyOfOrder(kobbopay().sql, order, collections)
  const now = runtime.now()
  res.setHeader("cache-control", "no-store")
  res.json({ payments: histories.map((history) => merchantView(history, now)) })
}
