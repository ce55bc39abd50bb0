import { useEffect, useState } from "react"
import type { OrderPayment } from "../../types/order-payments"
import { previewPayBack } from "./api"
import { errorOf } from "./use-decision"

const CALM_MS = 300

/** What a pay-back would refund in the order: decimal, store currency; null: nothing. */
export type Preview =
  | { state: "asking" }
  | { state: "refused"; reason: string }
  | { state: "known"; refund: string | null }

/** What recording a pay-back of that amount would refund; asked once typing has paused. */
export function usePreview(payment: OrderPayment, amount: string): Preview {
  const calm = useCalm(amount.trim())
  const { id, left_to_pay_back, paid_back, target, converged } = payment
  const isAsked = left_to_pay_back !== "0"
  // What was paid back meanwhile, and whether it was captured, changes the answer.
  const question = [id, calm, paid_back, target, converged].join("\n")
  const [answered, setAnswered] = useState<{ question: string; preview: Preview } | null>(null)
  useEffect(() => {
    if (!isAsked) return
    let isCurrent = true
    const say = (preview: Preview) => {
      if (isCurrent) setAnswered({ question, preview })
    }
    previewPayBack(id, calm).then(
      ({ refund_amount }) => say({ state: "known", refund: refund_amount }),
      (thrown: unknown) => say({ state: "refused", reason: errorOf(thrown).message }),
    )
    return () => {
      isCurrent = false
    }
  }, [isAsked, id, calm, question])
  if (calm !== amount.trim() || answered?.question !== question) return { state: "asking" }
  return answered.preview
}

/** A value once it has stopped changing. */
function useCalm(value: string): string {
  const [calm, setCalm] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), CALM_MS)
    return () => clearTimeout(timer)
  }, [value])
  return calm
}
