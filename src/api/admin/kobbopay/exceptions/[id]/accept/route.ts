import { acceptExceptionWorkflow } from "../../../../../../workflows"
import { settleBy } from "../../settle-by"

/** Accepts the money of an exception. */
export const POST = settleBy(acceptExceptionWorkflow)
