import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { recordRefundWorkflow } from "../../../../../../workflows"
import { answer } from "../../../decision-answer"
import type { AdminRefund } from "../../validators"

/** Records that money of a payment was sent back, in the name of the logged-in user. */
export async function POST(
  req: AuthenticatedMedusaRequest<AdminRefund>,
  res: MedusaResponse,
): Promise<void> {
  await answer(res, async () => {
    const { result } = await recordRefundWorkflow(req.scope).run({
      input: {
        payment_id: req.params["id"] ?? "",
        actor: req.auth_context.actor_id,
        ...req.validatedBody,
      },
    })
    return { refund: result }
  })
}
