import { adoptPaymentWorkflow } from "../../../../../../workflows"
import { settleBy } from "../../settle-by"

/** Adopts the superseded payment of an exception. */
export const POST = settleBy(adoptPaymentWorkflow)
