import { applyPaymentWorkflow } from "../../../../../../workflows"
import { settleBy } from "../../settle-by"

/** Applies the superseded payment of an exception. */
export const POST = settleBy(applyPaymentWorkflow)
