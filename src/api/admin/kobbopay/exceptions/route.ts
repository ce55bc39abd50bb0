import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { listExceptions } from "../../../../store/exceptions"
import { appOf } from "../../../../work/app"
import type { AdminExceptionsParams } from "./validators"

/** What a person has to look at, or had to: the newest first. */
export async function GET(
  req: AuthenticatedMedusaRequest<unknown, AdminExceptionsParams>,
  res: MedusaResponse,
): Promise<void> {
  const asked = req.validatedQuery
  const { limit, offset } = asked
  const { exceptions, count } = await listExceptions(
    appOf(req.scope).sql,
    {
      state: asked.state ?? null,
      class: asked.class ?? null,
      orderId: asked.order_id ?? null,
      paymentId: asked.payment_id ?? null,
    },
    { limit, offset },
  )
  res.setHeader("cache-control", "no-store")
  res.json({ exceptions, count, offset, limit })
}
