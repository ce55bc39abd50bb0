import type { OrderPayment, WayOut } from "../../../types/order-payments"
import { AcceptPrompt } from "./accept-prompt"
import { DismissDrawer } from "./dismiss-drawer"
import { PayBackDrawer } from "./pay-back-drawer"

/** What a person is about to decide: over an exception, or over a payment without one. */
export type Asked = { way: WayOut; payment: string; exception: string | null }

type DecisionProps = {
  asked: Asked
  payments: readonly OrderPayment[]
  onClose: () => void
}

/** Asks for what a decision needs, and carries it out. Follows what becomes of the payment meanwhile. */
export function Decision({ asked, payments, onClose }: DecisionProps) {
  const payment = payments.find((one) => one.id === asked.payment)
  const found = payment?.exceptions.find((one) => one.id === asked.exception)
  if (payment === undefined) return null
  if (asked.way === "pay_back") {
    const first = found?.class === "overpaid" ? payment.excess : payment.left_to_pay_back
    return <PayBackDrawer payment={payment} firstAmount={first} onClose={onClose} />
  }
  if (found === undefined) return null
  if (asked.way === "dismiss") {
    return <DismissDrawer payment={payment} found={found} onClose={onClose} />
  }
  return <AcceptPrompt how={asked.way} payment={payment} found={found} onClose={onClose} />
}
