import { Text } from "@medusajs/ui"
import type { OrderPayment } from "../../types/order-payments"
import { useWords } from "../lib/words"

type Entry = { at: string; what: string; how: string | null }

/** All that happened to a payment, the newest first. */
export function History({ payment }: { payment: OrderPayment }) {
  const { t, time } = useWords()
  const titleOf = (name: string) => t([`problem.${name}.title`, "problem.other.title"])
  const entries: Entry[] = [
    { at: payment.created_at, what: t("history.created"), how: null },
    ...payment.transitions
      .filter((change) => change.from !== "creating" || change.to !== "pending")
      .map((change) => ({
        at: change.at,
        what: t(change.amount_received === null ? "history.changed" : "history.changedWith", {
          state: t(`state.${change.to}`, change.to),
          amount: `${change.amount_received ?? ""} ${payment.asset}`,
        }),
        how: t(`source.${change.source}`, change.source),
      })),
    ...payment.exceptions.flatMap((found) => [
      {
        at: found.opened_at,
        what: t("history.opened", { title: titleOf(found.class) }),
        how: null,
      },
      ...(found.closed_at === null
        ? []
        : [
            {
              at: found.closed_at,
              what: t("history.closed", { title: titleOf(found.class) }),
              how: found.resolution === "cleared" ? null : found.resolution,
            },
          ]),
    ]),
  ].sort((one, other) => Date.parse(other.at) - Date.parse(one.at))
  return (
    <ol className="flex flex-col gap-y-3 px-6 py-4">
      {entries.map((entry, place) => (
        <li key={`${entry.at} ${place}`}>
          <Text size="small" leading="compact" weight="plus">
            {entry.what}
          </Text>
          <Text size="small" leading="compact" className="text-ui-fg-subtle">
            <time dateTime={entry.at}>{time(entry.at)}</time>
            {entry.how !== null && ` · ${entry.how}`}
          </Text>
        </li>
      ))}
    </ol>
  )
}
