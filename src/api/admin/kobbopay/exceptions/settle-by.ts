import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import type { acceptExceptionWorkflow } from "../../../../workflows"
import { answer } from "../decision-answer"
import type { AdminAcceptance } from "./validators"

/** A route that lets the money of an exception settle by a workflow, in the name of the logged-in user. */
export const settleBy =
  (workflow: typeof acceptExceptionWorkflow) =>
  async (req: AuthenticatedMedusaRequest<AdminAcceptance>, res: MedusaResponse): Promise<void> => {
    await answer(res, async () => {
      const { result } = await workflow(req.scope).run({
        input: {
          exception_id: req.params["id"] ?? "",
          actor: req.auth_context.actor_id,
          ...req.validatedBody,
        },
      })
      return { payment: result }
    })
  }
