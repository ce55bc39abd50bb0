import { Alert } from "@medusajs/ui"
import type { OrderPayment } from "../../../types/order-payments"
import { withNames } from "../../lib/people"
import { useWords } from "../../lib/words"

type RefusalProps = {
  /** Why the store refused; null: it did not. */
  error: Error | null
  /** Nothing is left to decide, because it was decided meanwhile. */
  isOver: boolean
  payment: OrderPayment
}

/** Why a decision was not carried out, in the store's words. */
export function Refusal({ error, isOver, payment }: RefusalProps) {
  const { t } = useWords()
  if (error === null && !isOver) return null
  return (
    <Alert role="alert" variant={error === null ? "warning" : "error"} className="break-words">
      {error === null ? t("action.over") : withNames(error.message, payment)}
    </Alert>
  )
}
