import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { acceptExceptionWorkflow } from "../../../../../../workflows"
import { parsed } from "../../../../../../workflows/input"
import { answer } from "../../../answer"

const body = z.strictObject({
  note: z.string().max(2_000).optional(),
  final: z.boolean().optional(),
})

/** Accepts the money of an exception, in the name of the logged-in user. */
export async function POST(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const decision = parsed(body, req.body ?? {})
  await answer(res, async () => {
    const { result } = await acceptExceptionWorkflow(req.scope).run({
      input: {
        exception_id: req.params["id"] ?? "",
        actor: req.auth_context.actor_id,
        ...decision,
      },
    })
    return { payment: result }
  })
}
