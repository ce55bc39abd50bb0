import { useQuery } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import type { OrderPayment } from "../../types/order-payments"
import { previewPayBack } from "./api"

const CALM_MS = 300

/** What a pay-back would refund in the order: decimal, store currency; null: nothing. */
export type Preview =
  | { state: "asking" }
  | { state: "refused"; reason: string }
  | { state: "known"; refund: string | null }

/** What recording a pay-back of that amount would refund; asked once typing has paused. */
export function usePreview(payment: OrderPayment, amount: string): Preview {
  const calm = useCalm(amount.trim())
  const { data, error } = useQuery({
    // What was paid back meanwhile, and whether it was captured, changes the answer.
    queryKey: [
      ...["kobbopay-pay-back", payment.id, calm],
      ...[payment.paid_back, payment.want, payment.converged],
    ],
    queryFn: () => previewPayBack(payment.id, calm),
    retry: false,
    gcTime: 0,
    enabled: payment.left_to_pay_back !== "0",
  })
  if (calm !== amount.trim()) return { state: "asking" }
  if (error !== null) return { state: "refused", reason: error.message }
  return data === undefined ? { state: "asking" } : { state: "known", refund: data.refund_amount }
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
