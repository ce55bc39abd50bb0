import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { dismissExceptionWorkflow } from "../../../../../../workflows"
import { answer } from "../../../decision-answer"
import type { AdminDismissal } from "../../validators"

/** Sets an exception aside with a code and a note, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminDismissal>,
  res: MedusaResponse,
): Promise<void> {
  await answer(res, async () => {
    const { result } = await dismissExceptionWorkflow(req.scope).run({
      input: {
        exception_id: req.params["id"] ?? "",
        actor: req.auth_context.actor_id,
        ...req.validatedBody,
      },
    })
    return { exception: result }
  })
}
