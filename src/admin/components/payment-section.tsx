import { InlineTip, StatusBadge, Text } from "@medusajs/ui"
import type { OrderPayment } from "../../types/order-payments"
import type { Story } from "../lib/story"
import { useWords } from "../lib/words"
import { Fold } from "./fold"
import { History } from "./history"
import { PaymentFacts, PaymentIds } from "./payment-facts"
import { Problem } from "./problem"

export function StoryBadge({ story }: { story: Story }) {
  const { t } = useWords()
  return (
    <StatusBadge color={story.tone} className="shrink-0 text-nowrap">
      {t(`story.${story.key}.badge`)}
    </StatusBadge>
  )
}

/** One payment: where it stands, what is wrong, what was asked for and came, and what happened. */
export function PaymentSection({ payment, story }: { payment: OrderPayment; story: Story }) {
  const { t } = useWords()
  const open = payment.exceptions.filter((found) => found.state === "open")
  return (
    <div className="divide-y">
      <div className="flex flex-col gap-y-3 px-6 py-4">
        <Standing payment={payment} story={story} />
        {open.map((found) => (
          <Problem key={found.class} found={found} payment={payment} />
        ))}
        <WorkNote payment={payment} />
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
function Standing({ payment, story }: { payment: OrderPayment; story: Story }) {
  const { t, time } = useWords()
  const until = time(payment.window_ends_at)
  return (
    <div role="status" className="flex flex-col gap-y-1">
      <Text size="small" weight="plus">
        {t(`story.${story.key}.now`, { until })}
      </Text>
      <Text size="small" className="text-ui-fg-subtle text-pretty">
        <span className="sr-only">{t("next")}: </span>
        {t(`story.${story.key}.next`, { until })}
      </Text>
    </div>
  )
}

/** Why what should have happened has not happened yet. */
function WorkNote({ payment }: { payment: OrderPayment }) {
  const { t, time } = useWords()
  const { group } = payment
  const again = (at: string | null) => (at === null ? "" : ` ${t("work.again", { at: time(at) })}`)
  if (payment.last_error !== null) {
    return (
      <InlineTip label={t("work.unread")} variant="warning" className="break-words">
        {payment.last_error}
        {again(payment.next_look_at)}
      </InlineTip>
    )
  }
  if (group.failures === 0 || group.last_error === null) return null
  return (
    <InlineTip label={t("work.failing")} variant="warning" className="break-words">
      {group.last_error}
      {again(group.due_at)}
    </InlineTip>
  )
}
