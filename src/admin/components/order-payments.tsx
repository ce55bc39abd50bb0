import { Container, Heading } from "@medusajs/ui"
import { useState, type ReactNode } from "react"
import type { OrderPayment } from "../../types/order-payments"
import { byWeight, situationOf } from "../lib/situation"
import { useWords } from "../lib/words"
import { ActionDialog, type ChosenAction } from "./action-dialog"
import { Fold } from "./fold"
import { PaymentSection, SituationBadge } from "./payment-section"

/** The frame of the widget, alike in all its states. */
export function Frame({ aside, children }: { aside?: ReactNode; children: ReactNode }) {
  const { t } = useWords()
  return (
    <Container className="divide-y p-0">
      <div className="flex flex-wrap items-center justify-between gap-2 px-6 py-4">
        <Heading level="h2">{t("title")}</Heading>
        {aside}
      </div>
      {children}
    </Container>
  )
}

type PaymentSectionsProps = {
  payments: readonly OrderPayment[]
  orderCanceled: boolean
  /** Said above everything else, such as that the page could not be refreshed. */
  notice: ReactNode
}

/** The payment that tells most of the order in full, and the others folded away unless they need a person. */
export function PaymentSections({ payments, orderCanceled, notice }: PaymentSectionsProps) {
  const { t } = useWords()
  const [chosen, setChosen] = useState<ChosenAction | null>(null)
  const [main, ...others] = byWeight(payments)
  if (main === undefined) return null
  const situation = (payment: OrderPayment) => situationOf(payment, payments, orderCanceled)
  const section = (payment: OrderPayment) => (
    <PaymentSection
      payment={payment}
      situation={situation(payment)}
      onChoose={(action, exception) => setChosen({ action, payment: payment.id, exception })}
    />
  )
  return (
    <Frame aside={<SituationBadge situation={situation(main)} />}>
      {notice}
      {section(main)}
      {others.length > 0 && (
        <section aria-label={t("others")} className="divide-y">
          {others.map((payment) => (
            <Fold
              key={payment.id}
              title={`${payment.amount} ${payment.rail_label}`}
              aside={<SituationBadge situation={situation(payment)} />}
              open={payment.exceptions.some((found) => found.state === "open")}
            >
              {section(payment)}
            </Fold>
          ))}
        </section>
      )}
      {chosen !== null && (
        <ActionDialog chosen={chosen} payments={payments} onClose={() => setChosen(null)} />
      )}
    </Frame>
  )
}
