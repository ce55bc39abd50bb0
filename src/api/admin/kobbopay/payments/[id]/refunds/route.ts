import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { recordRefundWorkflow } from "../../../../../../workflows"
import { parseInput, refundInput } from "../../../../../../workflows/input"
import { answer } from "../../../decision-answer"

const body = refundInput.pick({ amount: true, hash: true, note: true })

/** Records that money of a payment was sent back, in the name of the logged-in user. */
export async function POST(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  await answer(res, async () => {
    const { result } = await recordRefundWorkflow(req.scope).run({
      input: {
        payment_id: req.params["id"] ?? "",
        actor: req.auth_context.actor_id,
        ...parseInput(body, req.body),
      },
    })
    return { refund: result }
  })
}
