import { Text } from "@medusajs/ui"
import type { OrderPayment } from "../../types/order-payments"
import { historyOf, type Entry } from "../lib/history-entries"
import { useWords } from "../lib/words"

/** All that happened to a payment, the newest first. */
export function History({ payment }: { payment: OrderPayment }) {
  const { time } = useWords()
  const { whatOf, howOf } = useEntryWords(payment)
  return (
    <ol className="flex flex-col gap-y-3 px-6 py-4">
      {historyOf(payment).map((entry, place) => (
        <li key={`${entry.at} ${place}`} className="break-words">
          <Text size="small" leading="compact" weight="plus">
            {whatOf(entry)}
          </Text>
          <Text size="small" leading="compact" className="text-ui-fg-subtle">
            <time dateTime={entry.at}>{time(entry.at)}</time>
            {howOf(entry).map((how) => ` · ${how}`)}
          </Text>
          {entry.note !== null && (
            <Text size="small" leading="compact" className="text-ui-fg-subtle text-pretty">
              “{entry.note}”
            </Text>
          )}
        </li>
      ))}
    </ol>
  )
}

function useEntryWords(payment: OrderPayment) {
  const { t, money } = useWords()
  const units = (amount: string) => `${amount} ${payment.asset}`
  const title = (name: string) => t([`problem.${name}.title`, "problem.other.title"])
  const whatOf = (entry: Entry): string => {
    switch (entry.kind) {
      case "created":
      case "captured":
        return t(`history.${entry.kind}`)
      case "changed":
        return t(entry.received === null ? "history.changed" : "history.changedWith", {
          state: t(`state.${entry.state}`, entry.state),
          amount: units(entry.received ?? ""),
        })
      case "opened":
        return t("history.opened", { title: title(entry.class) })
      case "closed":
        return t([`history.closed.${entry.how}`, "history.closed.other"], {
          title: title(entry.class),
        })
      case "refunded":
        return t(entry.booked === null ? "history.refunded" : "history.refundedBooked", {
          amount: units(entry.amount),
          booked: money(entry.booked ?? "", payment.currency_code),
        })
    }
  }
  const howOf = (entry: Entry): string[] => [
    ...(entry.kind === "changed" ? [t(`source.${entry.source}`, entry.source)] : []),
    ...(entry.by === null ? [] : [t("history.by", { name: entry.by.name })]),
  ]
  return { whatOf, howOf }
}
