import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { ordersOfCustomer } from "../../../customer-orders"
import type { AdminEntitlementsParams } from "./validators"

/** Entitlements of all orders, by choice of one state, order, variant or customer. */
export async function GET(
  req: AuthenticatedMedusaRequest<unknown, AdminEntitlementsParams>,
  res: MedusaResponse,
): Promise<void> {
  const { customer_id: customer, q, state, order_id, variant_id } = req.validatedQuery
  const theirs = customer === undefined ? null : await ordersOfCustomer(req.scope, customer)
  const named = order_id === undefined ? null : [order_id].flat()
  const orders =
    theirs === null ? named : theirs.filter((id) => named === null || named.includes(id))
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY)
  const { data, metadata } = await query.graph({
    entity: "kobbopay_entitlement",
    fields: req.queryConfig.fields,
    filters: {
      ...(q === undefined ? {} : { q }),
      ...(state === undefined ? {} : { state }),
      ...(variant_id === undefined ? {} : { variant_id }),
      ...(orders === null ? {} : { order_id: orders }),
    },
    pagination: req.queryConfig.pagination,
  })
  res.setHeader("cache-control", "no-store")
  res.json({
    entitlements: data,
    count: metadata?.count ?? 0,
    offset: metadata?.skip ?? 0,
    limit: metadata?.take ?? 0,
  })
}
