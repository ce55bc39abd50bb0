import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { recordPayBackWorkflow } from "../../../../../../workflows"
import { parsed, payBackInput } from "../../../../../../workflows/input"
import { answer } from "../../../answer"

const body = payBackInput.pick({ amount: true, hash: true, note: true })

/** Records that money of a payment was sent back, in the name of the logged-in user. */
export async function POST(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  await answer(res, async () => {
    const { result } = await recordPayBackWorkflow(req.scope).run({
      input: {
        payment_id: req.params["id"] ?? "",
        actor: req.auth_context.actor_id,
        ...parsed(body, req.body),
      },
    })
    return { pay_back: result }
  })
}
