import { MedusaError } from "@medusajs/framework/utils"
import {
  createStep,
  createWorkflow,
  StepResponse,
  WorkflowResponse,
  type WorkflowData,
} from "@medusajs/framework/workflows-sdk"
import type { z } from "@medusajs/framework/zod"
import { appOf } from "../work/app"
import { beginRun, runReconciliation } from "../work/reconcile"
import { parseInput, reconcileInput } from "./input"
import { reconciliationView } from "./reconciliation-view"

export type ReconcileInput = z.input<typeof reconcileInput>

export const reconcileStep = createStep(
  "kobbopay-reconcile",
  async (input: ReconcileInput, { container }) => {
    const { since, trigger, actor } = parseInput(reconcileInput, input)
    const { deps } = appOf(container)
    const begun = await beginRun(deps, {
      trigger: trigger ?? (since === null ? "manual" : "backfill"),
      actor,
      since,
      notWithinMs: 0,
    })
    if (begun.is === "busy" || begun.is === "too_soon") {
      const which = begun.is === "busy" ? ` (${begun.run.id})` : ""
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        `A reconciliation is under way already${which}. Wait until it is done.`,
      )
    }
    return new StepResponse(reconciliationView(await runReconciliation(deps, begun.run)))
  },
)

/**
 * Reads every payment that is open or ended lately (with `since`: since then), does what follows from it,
 * and compares ledger, Kobbopay and orders; ends with the run's report. A run whose process died is taken
 * up instead of a new one. Fails while another is under way.
 */
export const reconcileWorkflow = createWorkflow(
  "kobbopay-reconcile",
  (input: WorkflowData<ReconcileInput>) => new WorkflowResponse(reconcileStep(input)),
)
