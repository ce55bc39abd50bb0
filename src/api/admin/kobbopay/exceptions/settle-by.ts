import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import type { acceptExceptionWorkflow } from "../../../../workflows"
import { parseInput } from "../../../../workflows/input"
import { answer } from "../decision-answer"

const body = z.strictObject({
  note: z.string().max(2_000).optional(),
  final: z.boolean().optional(),
})

/** A route that lets the money of an exception settle by a workflow, in the name of the logged-in user. */
export const settleBy =
  (workflow: typeof acceptExceptionWorkflow) =>
  async (req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> => {
    const decision = parseInput(body, req.body ?? {})
    await answer(res, async () => {
      const { result } = await workflow(req.scope).run({
        input: {
          exception_id: req.params["id"] ?? "",
          actor: req.auth_context.actor_id,
          ...decision,
        },
      })
      return { payment: result }
    })
  }
