import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import type { z } from "@medusajs/framework/zod"
import { refundById } from "../store/refunds"
import { appOf, DRAIN_WITHIN_MS } from "../work/app"
import { recordRefund } from "../work/refund"
import { parseInput, refundInput } from "./input"

export type RecordRefundInput = z.input<typeof refundInput>

export const recordRefundStep = createStep(
  "kobbopay-record-refund",
  async (input: RecordRefundInput, { container }) => {
    const { payment_id, amount, hash, actor, note } = parseInput(refundInput, input)
    const { sql, deps, worker } = appOf(container)
    const made = await recordRefund(deps, {
      paymentId: payment_id,
      amount,
      hash,
      actor,
      note,
    })
    await worker.drain({ withinMs: DRAIN_WITHIN_MS })
    const booked = await refundById(sql, made.id)
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
