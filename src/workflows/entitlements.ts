import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type StepExecutionContext,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import type { z } from "@medusajs/framework/zod"
import type { EntitlementDecision } from "../domain/entitlements"
import { appOf } from "../work/app"
import { convergeEntitlements, decideEntitlement } from "../work/entitlements"
import { convergeInput, decideInput, parseInput } from "./input"

export type ConvergeEntitlementsInput = z.input<typeof convergeInput>
export type DecideEntitlementInput = z.input<typeof decideInput>

const deciding =
  (decision: EntitlementDecision | null) =>
  async (input: DecideEntitlementInput, { container }: StepExecutionContext) => {
    const { entitlement_id, actor, reason } = parseInput(decideInput, input)
    const after = await decideEntitlement(appOf(container).deps, {
      id: entitlement_id,
      decision,
      actor,
      reason,
    })
    return new StepResponse({ entitlement_id, state: after.state, order_id: after.order_id })
  }

export const convergeEntitlementsStep = createStep(
  "kobbopay-converge-entitlements",
  async (input: ConvergeEntitlementsInput, { container }) => {
    const { order_id } = parseInput(convergeInput, input)
    return new StepResponse(await convergeEntitlements(appOf(container).deps, order_id))
  },
)
export const holdEntitlementStep = createStep("kobbopay-hold-entitlement", deciding("hold"))
export const releaseEntitlementStep = createStep(
  "kobbopay-release-entitlement",
  deciding("release"),
)
export const revokeEntitlementStep = createStep("kobbopay-revoke-entitlement", deciding("revoke"))
export const resumeEntitlementStep = createStep("kobbopay-resume-entitlement", deciding(null))

/** Makes an order's entitlements what they should be, as every event does. Doing it twice does no harm. */
export const convergeEntitlementsWorkflow = createWorkflow(
  "kobbopay-converge-entitlements",
  (input: WorkflowData<ConvergeEntitlementsInput>) =>
    new WorkflowResponse(convergeEntitlementsStep(input)),
)

/** Holds an entitlement, also one that was released, until a person decides otherwise. */
export const holdEntitlementWorkflow = createWorkflow(
  "kobbopay-hold-entitlement",
  (input: WorkflowData<DecideEntitlementInput>) => new WorkflowResponse(holdEntitlementStep(input)),
)

/**
 * Releases an entitlement, whatever is paid and whatever was taken back. What is refunded, returned or
 * cancelled afterwards takes it back again.
 */
export const releaseEntitlementWorkflow = createWorkflow(
  "kobbopay-release-entitlement",
  (input: WorkflowData<DecideEntitlementInput>) =>
    new WorkflowResponse(releaseEntitlementStep(input)),
)

/** Takes an entitlement back, until a person decides otherwise. */
export const revokeEntitlementWorkflow = createWorkflow(
  "kobbopay-revoke-entitlement",
  (input: WorkflowData<DecideEntitlementInput>) =>
    new WorkflowResponse(revokeEntitlementStep(input)),
)

/** Ends what a person decided: the rule decides again. */
export const resumeEntitlementWorkflow = createWorkflow(
  "kobbopay-resume-entitlement",
  (input: WorkflowData<DecideEntitlementInput>) =>
    new WorkflowResponse(resumeEntitlementStep(input)),
)
