import { InlineTip, StatusBadge, Text } from "@medusajs/ui"
import type { OrderPayment, ExceptionAction } from "../../types/order-payments"
import type { Situation } from "../lib/situation"
import { useWords } from "../lib/words"
import { Fold } from "./fold"
import { History } from "./history"
import { PaymentFacts, PaymentIds } from "./payment-facts"
import { Problem } from "./problem"
import { ActionButtons } from "./action-buttons"

export function SituationBadge({ situation }: { situation: Situation }) {
  const { t } = useWords()
  return (
    <StatusBadge color={situation.tone} className="shrink-0 text-nowrap">
      {t(`situation.${situation.key}.badge`)}
    </StatusBadge>
  )
}

type PaymentSectionProps = {
  payment: OrderPayment
  situation: Situation
  /** Asks a person to decide, over an exception (its id) or over the payment as such. */
  onChoose: (action: ExceptionAction, exception: string | null) => void
}

/** One payment: where it stands, what is wrong and can be done, what was asked for and came, and what happened. */
export function PaymentSection({ payment, situation, onChoose }: PaymentSectionProps) {
  const { t } = useWords()
  const open = payment.exceptions.filter((found) => found.state === "open")
  // Money is sent back for other reasons, too: the shopper returns what was bought.
  const isOffered = open.some((found) => found.actions.includes("refund"))
  const others: ExceptionAction[] = payment.left_to_refund === "0" || isOffered ? [] : ["refund"]
  return (
    <div className="divide-y">
      <div className="flex flex-col gap-y-3 px-6 py-4">
        <SituationLines payment={payment} situation={situation} />
        {open.map((found) => (
          <Problem
            key={found.id}
            found={found}
            payment={payment}
            onChoose={(action) => onChoose(action, found.id)}
          />
        ))}
        <WorkNote payment={payment} />
        <ActionButtons
          actions={others}
          about={`${payment.amount} ${payment.rail_label}`}
          onChoose={(action) => onChoose(action, null)}
        />
      </div>
      <div className="py-1">
        <PaymentFacts payment={payment} />
      </div>
      <Fold title={t("details")}>
        <PaymentIds payment={payment} />
        <History payment={payment} />
      </Fold>
    </div>
  )
}

/** Said aloud by a screen reader whenever it changes. */
function SituationLines({ payment, situation }: { payment: OrderPayment; situation: Situation }) {
  const { t, time } = useWords()
  const values = {
    until: time(payment.window_ends_at),
    by: payment.accepted_by?.name ?? t("somebody"),
  }
  return (
    <div role="status" className="flex flex-col gap-y-1">
      <Text size="small" weight="plus">
        {t(`situation.${situation.key}.now`, values)}
      </Text>
      <Text size="small" className="text-ui-fg-subtle text-pretty">
        <span className="sr-only">{t("next")}: </span>
        {t(`situation.${situation.key}.next`, values)}
      </Text>
    </div>
  )
}

/** Why what should have happened has not happened yet. */
function WorkNote({ payment }: { payment: OrderPayment }) {
  const { t, time } = useWords()
  const { collection } = payment
  const again = (at: string | null) => (at === null ? "" : ` ${t("work.again", { at: time(at) })}`)
  if (payment.last_error !== null) {
    return (
      <InlineTip label={t("work.unread")} variant="warning" className="break-words">
        {payment.last_error}
        {again(payment.next_check_at)}
      </InlineTip>
    )
  }
  if (collection.failures === 0 || collection.last_error === null) return null
  return (
    <InlineTip label={t("work.failing")} variant="warning" className="break-words">
      {collection.last_error}
      {again(collection.due_at)}
    </InlineTip>
  )
}
