import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import type { z } from "@medusajs/framework/zod"
import { refundById } from "../store/refunds"
import { recordRefund } from "../work/refund"
import { depsOf, DRAIN_WITHIN_MS, kobbopay, workerOf } from "../work/worker-of"
import { parseInput, refundInput } from "./input"

export type RecordRefundInput = z.input<typeof refundInput>

export const recordRefundStep = createStep(
  "kobbopay-record-refund",
  async (input: RecordRefundInput) => {
    const { payment_id, amount, hash, actor, note } = parseInput(refundInput, input)
    const service = kobbopay()
    const made = await recordRefund(depsOf(service), {
      paymentId: payment_id,
      amount,
      hash,
      actor,
      note,
    })
    await workerOf(service).drain({ withinMs: DRAIN_WITHIN_MS })
    const booked = await refundById(service.sql, made.id)
    return new StepResponse({
      id: made.id,
      payment_id,
      state: booked?.state ?? made.state,
      /** Decimal string, store currency; null: nothing of it is, so far, a refund of the order. */
      booked_amount: booked?.store_amount ?? null,
    })
  },
)

/**
 * Records that money of a payment was sent back (Kobbopay itself has no call for it), and books what of
 * it is a refund of the order through Medusa. Fails for more than arrived, and for a hash recorded before.
 */
export const recordRefundWorkflow = createWorkflow(
  "kobbopay-record-refund",
  (input: WorkflowData<RecordRefundInput>) => new WorkflowResponse(recordRefundStep(input)),
)
