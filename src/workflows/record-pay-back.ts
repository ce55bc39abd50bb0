import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import type { z } from "@medusajs/framework/zod"
import { payBackById } from "../store/refunds"
import { recordPayBack } from "../work/refund"
import { depsOf, DRAIN_WITHIN_MS, kobbopay, workerOf } from "../work/worker-of"
import { parsed, payBackInput } from "./input"

export type RecordPayBackInput = z.input<typeof payBackInput>

export const recordPayBackStep = createStep(
  "kobbopay-record-pay-back",
  async (input: RecordPayBackInput) => {
    const { payment_id, amount, hash, actor, note } = parsed(payBackInput, input)
    const service = kobbopay()
    const made = await recordPayBack(depsOf(service), {
      paymentId: payment_id,
      amount,
      hash,
      actor,
      note,
    })
    await workerOf(service).drain({ withinMs: DRAIN_WITHIN_MS })
    const booked = await payBackById(service.sql, made.id)
    return new StepResponse({
      id: made.id,
      payment_id,
      state: booked?.state ?? made.state,
      /** Decimal string, store currency; null: nothing of it is, so far, a refund of the order. */
      refund_amount: booked?.store_amount ?? null,
    })
  },
)

/**
 * Records that money of a payment was sent back (Kobbopay itself has no call for it), and books what of
 * it is a refund of the order through Medusa. Fails for more than arrived, and for a hash recorded before.
 */
export const recordPayBackWorkflow = createWorkflow(
  "kobbopay-record-pay-back",
  (input: WorkflowData<RecordPayBackInput>) => new WorkflowResponse(recordPayBackStep(input)),
)
