import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type StepExecutionContext,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import type { z } from "@medusajs/framework/zod"
import { acceptException } from "../work/accept-exception"
import { appOf, DRAIN_WITHIN_MS } from "../work/app"
import { dismissException } from "../work/dismiss-exception"
import { acceptInput, dismissInput, parseInput } from "./input"

export type AcceptExceptionInput = z.input<typeof acceptInput>
export type DismissExceptionInput = z.input<typeof dismissInput>

const accepting =
  (how: "accept" | "apply") =>
  async (input: AcceptExceptionInput, { container }: StepExecutionContext) => {
    const { exception_id, actor, note, final } = parseInput(acceptInput, input)
    const { deps, worker } = appOf(container)
    return new StepResponse(
      await acceptException(deps, () => worker.drain({ withinMs: DRAIN_WITHIN_MS }), {
        exceptionId: exception_id,
        how,
        final,
        actor,
        note,
      }),
    )
  }

export const acceptExceptionStep = createStep("kobbopay-accept-exception", accepting("accept"))
export const applyPaymentStep = createStep("kobbopay-apply-payment", accepting("apply"))
export const dismissExceptionStep = createStep(
  "kobbopay-dismiss-exception",
  async (input: DismissExceptionInput, { container }) => {
    const { exception_id, code, actor, note } = parseInput(dismissInput, input)
    await dismissException(appOf(container).deps, { exceptionId: exception_id, code, actor, note })
    return new StepResponse({ exception_id, resolution: code })
  },
)

/**
 * Accepts the money an exception is about: it authorizes and captures what the order asks for, if that
 * is still open. Fails when somebody else was faster.
 */
export const acceptExceptionWorkflow = createWorkflow(
  "kobbopay-accept-exception",
  (input: WorkflowData<AcceptExceptionInput>) => new WorkflowResponse(acceptExceptionStep(input)),
)

/** Applies a superseded payment for its cart or order as it is now; else like accepting. */
export const applyPaymentWorkflow = createWorkflow(
  "kobbopay-apply-payment",
  (input: WorkflowData<AcceptExceptionInput>) => new WorkflowResponse(applyPaymentStep(input)),
)

/** Sets an exception aside with a code and a note, without moving money. */
export const dismissExceptionWorkflow = createWorkflow(
  "kobbopay-dismiss-exception",
  (input: WorkflowData<DismissExceptionInput>) => new WorkflowResponse(dismissExceptionStep(input)),
)
