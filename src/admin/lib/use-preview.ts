import { useEffect, useState } from "react"
import type { OrderPayment } from "../../types/order-payments"
import { askRefundPreview } from "./api"
import { errorOf } from "./use-action"

const CALM_MS = 300

/** What a refund would book in the order: decimal, store currency; null: nothing. */
export type Preview =
  | { state: "asking" }
  | { state: "refused"; reason: string }
  | { state: "known"; booked: string | null }

/** What recording a refund of that amount would book; asked once typing has paused. */
export function usePreview(payment: OrderPayment, amount: string): Preview {
  const calm = useCalm(amount.trim())
  const { id, left_to_refund, refunded, target, converged } = payment
  const isAsked = left_to_refund !== "0"
  // What was refunded meanwhile, and whether it was captured, changes the answer.
  const question = [id, calm, refunded, target, converged].join("\n")
  const [answered, setAnswered] = useState<{ question: string; preview: Preview } | null>(null)
  useEffect(() => {
    if (!isAsked) return
    let isCurrent = true
    const say = (preview: Preview) => {
      if (isCurrent) setAnswered({ question, preview })
    }
    askRefundPreview(id, calm).then(
      ({ booked_amount: booked }) => say({ state: "known", booked }),
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
