import { Button, Prompt, Textarea, toast } from "@medusajs/ui"
import { useState } from "react"
import type { OrderPayment, PaymentException } from "../../../types/order-payments"
import { acceptMoney } from "../../lib/api"
import { useReturnFocus } from "../../lib/use-return-focus"
import { useAction } from "../../lib/use-action"
import { useWords } from "../../lib/words"
import { Field } from "./field"
import { Refusal } from "./refusal"

type AcceptPromptProps = {
  how: "accept" | "apply"
  payment: OrderPayment
  found: PaymentException
  onClose: () => void
}

/** Says what accepting the money does, in figures, and does it. */
export function AcceptPrompt({ how, payment, found, onClose }: AcceptPromptProps) {
  const { t } = useWords()
  const texts = useAcceptTexts(how, payment, found)
  const returnFocus = useReturnFocus()
  const [note, setNote] = useState("")
  const accepting = useAction(
    (asked: { exception: string; note: string }) => acceptMoney(how, asked),
    ({ isCaptured }) => {
      toast.success(t(`action.${how}.${isCaptured ? "done" : "doneLater"}`))
      onClose()
    },
  )
  const isOver = found.state === "closed" && !accepting.isSuccess && !accepting.isPending
  return (
    <Prompt
      open
      variant="confirmation"
      onOpenChange={(open) => !open && !accepting.isPending && onClose()}
    >
      <Prompt.Content
        onCloseAutoFocus={returnFocus}
        className="max-h-[calc(100%-16px)] max-w-[min(400px,calc(100%-16px))] overflow-y-auto"
      >
        <Prompt.Header>
          <Prompt.Title>{t(`action.${how}.title`)}</Prompt.Title>
          <Prompt.Description asChild>
            <div className="flex flex-col gap-y-2 text-pretty">
              {(isOver ? texts.slice(0, 1) : texts).map((text) => (
                <p key={text}>{text}</p>
              ))}
            </div>
          </Prompt.Description>
        </Prompt.Header>
        <div className="flex flex-col gap-y-4 px-6 pt-4">
          {!isOver && (
            <Field label={t("action.note")} optional>
              {(ties) => (
                <Textarea
                  {...ties}
                  rows={2}
                  maxLength={2_000}
                  value={note}
                  onChange={(event) => setNote(event.target.value)}
                />
              )}
            </Field>
          )}
          <Refusal error={accepting.error} isOver={isOver} payment={payment} />
        </div>
        <Prompt.Footer>
          <Prompt.Cancel disabled={accepting.isPending}>
            {t(isOver ? "action.close" : "action.cancel")}
          </Prompt.Cancel>
          {!isOver && (
            <Button
              size="small"
              isLoading={accepting.isPending}
              onClick={() => accepting.mutate({ exception: found.id, note })}
            >
              {t(`action.${how}.submit`)}
            </Button>
          )}
        </Prompt.Footer>
      </Prompt.Content>
    </Prompt>
  )
}

/** What arrived, what was asked for, and what becomes of the order. */
function useAcceptTexts(
  how: "accept" | "apply",
  payment: OrderPayment,
  found: PaymentException,
): string[] {
  const { t, money } = useWords()
  const units = (amount: string) => `${amount} ${payment.asset}`
  const figures = {
    received: units(payment.amount_received ?? ""),
    expected: units(payment.amount),
    excess: units(payment.excess),
    seen: seenOf(payment, found),
    network: payment.network,
    made: money(payment.store_amount, payment.currency_code),
    order: money(payment.order_asks, payment.currency_code),
  }
  return [
    t(`action.${arrivedOf(payment, found)}`, figures),
    ...(how === "apply" ? [t("action.apply.text")] : []),
    t(`action.outcome.${outcomeOf(found)}`, figures),
  ]
}

/** What Kobbopay reported of the money, as far as it did. */
const seenOf = (payment: OrderPayment, { observed }: PaymentException): string =>
  [payment.amount_received, observed["asset"], observed["network"]]
    .filter((text) => text != null)
    .join(" ")

type Arrived = "arrived" | "arrivedUnreported" | "arrivedOther" | "arrivedFor"

function arrivedOf(payment: OrderPayment, found: PaymentException): Arrived {
  if (found.class === "rail_mismatch" && seenOf(payment, found) !== "") return "arrivedOther"
  if (payment.amount_received === null) return "arrivedUnreported"
  return found.class === "order_changed" ? "arrivedFor" : "arrived"
}

function outcomeOf(found: PaymentException): "captured" | "later" | "finality" | "excess" {
  if (found.accepts === "finality") return "finality"
  if (found.class === "overpaid") return "excess"
  return found.observed["reported_state"] === "paid" ? "later" : "captured"
}
