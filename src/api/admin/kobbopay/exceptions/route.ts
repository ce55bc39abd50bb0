import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { listExceptions } from "../../../../store/exceptions"
import { appOf } from "../../../../work/app"
import { parseInput } from "../../../../workflows/input"
import { idFilter, oneOf, pageOf } from "../../../filters"

const query = z.object({
  ...pageOf(200),
  state: oneOf(["open", "closed"]).optional(),
  class: idFilter,
  order_id: idFilter,
  payment_id: idFilter,
})

/** What a person has to look at, or had to: the newest first. */
export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const asked = parseInput(query, req.query)
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
