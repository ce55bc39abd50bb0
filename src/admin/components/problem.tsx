import { InlineTip, Text } from "@medusajs/ui"
import type { OrderPayment, PaymentException, ExceptionAction } from "../../types/order-payments"
import { useWords } from "../lib/words"
import { comparisonOf, type ComparisonLine } from "../lib/comparison"
import { ActionButtons } from "./action-buttons"

type ProblemProps = {
  found: PaymentException
  payment: OrderPayment
  onChoose: (action: ExceptionAction) => void
}

/** An open exception in plain words, with what was expected and what was seen, and what can be done. */
export function Problem({ found, payment, onChoose }: ProblemProps) {
  const { t } = useWords()
  const text = (part: "title" | "text") =>
    t([`problem.${found.class}.${part}`, `problem.other.${part}`])
  const value = (key: string, raw: string) => {
    if (key === "amount") return `${raw} ${payment.asset}`
    if (key === "kind") return t(`drift.${raw}`, raw)
    return key === "state" || key === "reported_state" ? t(`state.${raw}`, raw) : raw
  }
  const sides = ({ key, expected, observed }: ComparisonLine): string =>
    [
      expected != null && `${t("compare.expected")} ${value(key, expected)}`,
      observed != null && `${t("compare.observed")} ${value(key, observed)}`,
      observed === null && t("compare.unreported"),
    ]
      .filter((side) => side !== false)
      .join(" · ")
  const lines = comparisonOf(found)
  return (
    <InlineTip label={text("title")} variant={found.class === "overpaid" ? "warning" : "error"}>
      {text("text")}
      {lines.length > 0 && (
        <dl className="mt-2 flex flex-col gap-y-1">
          {lines.map((line) => (
            <div key={line.key} className="flex flex-wrap gap-x-2">
              <dt>
                <Text as="span" size="small" weight="plus">
                  {t(`compare.${line.key}`, line.key)}
                </Text>
              </dt>
              <dd className="min-w-0 break-words">{sides(line)}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className="mt-3">
        <ActionButtons actions={found.actions} about={text("title")} onChoose={onChoose} />
      </div>
    </InlineTip>
  )
}
