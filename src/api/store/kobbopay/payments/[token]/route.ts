import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { OrderId } from "../../../../../domain/ids"
import { runtime } from "../../../../../runtime"
import { isStillOwed } from "../../../../../store/offer"
import { payerView } from "../../../../../store/payer-view"
import type { PayerOrder, PaymentAnswer } from "../../../../../types/storefront"
import { appOf } from "../../../../../work/app"
import { paymentOf } from "./payment-by-token"

const ordersShape = z.array(
  z.object({ display_id: z.number(), customer_id: z.string().nullable() }),
)

/** The live status of one payment, for whoever holds its token: what its payer may see, and no more. */
export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const payment = await paymentOf(req)
  const { sql, accounts } = appOf(req.scope)
  res.setHeader("cache-control", "no-store")
  const account = accounts.find(({ id }) => id === payment.account_id)
  const view = payerView(payment, runtime.now(), account?.options.rails ?? [])
  const isOver =
    view.ended || (payment.money_seen_at === null && !(await isStillOwed(sql, payment)))
  // An address is shown only for money that would settle.
  const to = isOver ? { address: null, memo: null } : {}
  const order = payment.order_id === null ? null : await orderView(req, payment.order_id)
  const answer: PaymentAnswer = { payment: { ...view, ...to, ended: isOver, order } }
  res.json(answer)
}

/** How an order is named to whoever holds a token: by the number that the shopper was given. */
async function orderView(req: AuthenticatedMedusaRequest, id: OrderId): Promise<PayerOrder | null> {
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "order",
    fields: ["display_id", "customer_id"],
    filters: { id },
  })
  const [order] = ordersShape.parse(data)
  if (order === undefined) return null
  const asker = customerOf(req)
  const isOwn = asker !== null && asker === order.customer_id
  return isOwn ? { display_id: order.display_id, id } : { display_id: order.display_id }
}

const loggedIn = z.object({ actor_type: z.literal("customer"), actor_id: z.string().min(1) })

/** Who asks, when it is a customer who logged in; the route asks nobody to. */
function customerOf(req: AuthenticatedMedusaRequest): string | null {
  const found = loggedIn.safeParse(req.auth_context)
  return found.success ? found.data.actor_id : null
}
