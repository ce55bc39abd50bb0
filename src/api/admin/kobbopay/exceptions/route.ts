import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { listExceptions } from "../../../../store/exceptions"
import { kobbopay } from "../../../../work/worker-of"
import { parsed } from "../../../../workflows/input"

const text = z.string().min(1).max(100).optional()
const query = z.object({
  state: z.enum(["open", "closed"]).optional(),
  class: text,
  order_id: text,
  payment_id: text,
  limit: z.coerce.number().int().min(1).max(200).default(20),
  offset: z.coerce.number().int().min(0).default(0),
})

/** What a person has to look at, or had to: the newest first. */
export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const asked = parsed(query, req.query)
  const { limit, offset } = asked
  const { exceptions, count } = await listExceptions(
    kobbopay().sql,
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
