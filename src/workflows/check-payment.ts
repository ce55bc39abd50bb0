import { MedusaError } from "@medusajs/framework/utils"
import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import { brandAs, type PaymentId } from "../domain/ids"
import { paymentById } from "../store/ledger"
import { checkNow } from "../store/next-checks"
import { runtime } from "../runtime"
import { appOf, DRAIN_WITHIN_MS } from "../work/app"

export type CheckPaymentInput = {
  /** Row id of the payment in the ledger: "kpay_…". */
  payment_id: string
}

export const checkPaymentStep = createStep(
  "kobbopay-check-payment",
  async ({ payment_id }: CheckPaymentInput, { container }) => {
    const { sql, worker } = appOf(container)
    const id = brandAs<PaymentId>(payment_id)
    const payment = await paymentById(sql, id)
    if (payment === null) {
      throw new MedusaError(
        MedusaError.Types.NOT_FOUND,
        `There is no Kobbopay payment ${payment_id}`,
      )
    }
    await checkNow(sql, id, runtime.now())
    await worker.drain({ withinMs: DRAIN_WITHIN_MS })
    const seen = await paymentById(sql, id)
    return new StepResponse({ payment_id, state: seen?.state ?? payment.state })
  },
)

/**
 * Reads a payment at Kobbopay now and does what follows from it (authorize, capture, exceptions), as the
 * next scheduled check would. Doing it twice does no harm.
 */
export const checkPaymentWorkflow = createWorkflow(
  "kobbopay-check-payment",
  (input: WorkflowData<CheckPaymentInput>) => new WorkflowResponse(checkPaymentStep(input)),
)
