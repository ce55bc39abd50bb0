import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys, MedusaError } from "@medusajs/framework/utils"
import { ordersOfCustomer } from "../../../customer-orders"
import { plainLine } from "../../../../domain/text"
import type { StoreEntitlementsParams } from "./validators"

/**
 * The logged-in customer's entitlements. Whose they are is whose the order is now: they come with a
 * claimed or transferred order, and go with it.
 */
export async function GET(
  req: AuthenticatedMedusaRequest<unknown, StoreEntitlementsParams>,
  res: MedusaResponse,
): Promise<void> {
  const { order_id: asked } = req.validatedQuery
  const orders = await ordersOfCustomer(req.scope, req.auth_context.actor_id, asked)
  if (asked !== undefined && orders.length === 0) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      `Order with id: ${plainLine(asked)} was not found`,
    )
  }
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY)
  const { data, metadata } = await query.graph({
    entity: "kobbopay_entitlement",
    fields: req.queryConfig.fields,
    filters: { order_id: orders },
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
