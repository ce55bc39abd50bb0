import type { OrderPayment, ExceptionAction } from "../../../types/order-payments"
import { AcceptPrompt } from "./accept-prompt"
import { DismissDrawer } from "./dismiss-drawer"
import { RefundDrawer } from "./refund-drawer"

/** What a person is about to decide: over an exception, or over a payment without one. */
export type ChosenAction = { action: ExceptionAction; payment: string; exception: string | null }

type ActionDialogProps = {
  chosen: ChosenAction
  payments: readonly OrderPayment[]
  onClose: () => void
}

/** Asks for what a decision needs, and carries it out. Follows what becomes of the payment meanwhile. */
export function ActionDialog({ chosen, payments, onClose }: ActionDialogProps) {
  const payment = payments.find((one) => one.id === chosen.payment)
  const found = payment?.exceptions.find((one) => one.id === chosen.exception)
  if (payment === undefined) return null
  if (chosen.action === "refund") {
    const first = found?.class === "overpaid" ? payment.excess : payment.left_to_refund
    return <RefundDrawer payment={payment} firstAmount={first} onClose={onClose} />
  }
  if (found === undefined) return null
  if (chosen.action === "dismiss") {
    return <DismissDrawer payment={payment} found={found} onClose={onClose} />
  }
  return <AcceptPrompt how={chosen.action} payment={payment} found={found} onClose={onClose} />
}
