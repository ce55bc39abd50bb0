import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { dismissExceptionWorkflow } from "../../../../../../workflows"
import { dismissInput, parseInput } from "../../../../../../workflows/input"
import { answer } from "../../../decision-answer"

const body = dismissInput.pick({ code: true, note: true })

/** Sets an exception aside with a code and a note, in the name of the logged-in user. */
export async function POST(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  await answer(res, async () => {
    const { result } = await dismissExceptionWorkflow(req.scope).run({
      input: {
        exception_id: req.params["id"] ?? "",
        actor: req.auth_context.actor_id,
        ...parseInput(body, req.body),
      },
    })
    return { exception: result }
  })
}
