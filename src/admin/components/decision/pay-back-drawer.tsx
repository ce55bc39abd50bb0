import { Input, Text, Textarea, toast } from "@medusajs/ui"
import { useState } from "react"
import type { OrderPayment } from "../../../types/order-payments"
import { recordPayBack } from "../../lib/api"
import { useDecision } from "../../lib/use-decision"
import { usePreview, type Preview } from "../../lib/use-preview"
import { useWords } from "../../lib/words"
import { Field } from "./field"
import { FormDrawer } from "./form-drawer"
import { Refusal } from "./refusal"

type PayBackDrawerProps = {
  payment: OrderPayment
  /** What the amount starts with: decimal, units of the asset. */
  firstAmount: string
  onClose: () => void
}

/** Records that money was sent back, and says beforehand what of it is refunded in the order. */
export function PayBackDrawer({ payment, firstAmount, onClose }: PayBackDrawerProps) {
  const { t } = useWords()
  const [amount, setAmount] = useState(firstAmount)
  const [hash, setHash] = useState("")
  const [note, setNote] = useState("")
  const preview = usePreview(payment, amount)
  const recording = useDecision(recordPayBack, () => {
    toast.success(t("decide.payBack.done"))
    onClose()
  })
  const isOver = payment.left_to_pay_back === "0" && !recording.isSuccess && !recording.isPending
  const units = (one: string) => `${one} ${payment.asset}`
  const left = t(payment.excess === "0" ? "decide.payBack.left" : "decide.payBack.leftExcess", {
    left: units(payment.left_to_pay_back),
    excess: units(payment.excess),
  })
  return (
    <FormDrawer
      title={t("decide.payBack.title")}
      text={t("decide.payBack.text")}
      submit={t("decide.payBack.submit")}
      isPending={recording.isPending}
      isReady={preview.state === "known" && hash.trim() !== ""}
      isOver={isOver}
      onSubmit={() => recording.mutate({ payment: payment.id, amount, hash, note })}
      onClose={onClose}
    >
      <Field
        label={t("decide.payBack.amount", { asset: payment.asset })}
        hint={left}
        error={preview.state === "refused" ? preview.reason : null}
      >
        {(ties) => (
          <Input
            {...ties}
            autoFocus
            aria-required
            inputMode="decimal"
            autoComplete="off"
            maxLength={80}
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
          />
        )}
      </Field>
      <RefundText preview={preview} payment={payment} />
      <Field label={t("decide.payBack.hash")} hint={t("decide.payBack.hashHint")}>
        {(ties) => (
          <Input
            {...ties}
            aria-required
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            value={hash}
            onChange={(event) => setHash(event.target.value)}
          />
        )}
      </Field>
      <Field label={t("decide.note")} optional>
        {(ties) => (
          <Textarea
            {...ties}
            maxLength={2_000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </Field>
      <Refusal error={recording.error} isOver={isOver} payment={payment} />
    </FormDrawer>
  )
}

/** What the pay-back refunds in the order, said aloud whenever it changes. */
function RefundText({ preview, payment }: { preview: Preview; payment: OrderPayment }) {
  const { t, money } = useWords()
  const text = (): string => {
    if (preview.state === "refused") return ""
    if (preview.state === "asking") return t("decide.payBack.asking")
    if (preview.refund === null) return t(`decide.payBack.noRefund.${whyNoRefund(payment)}`)
    return t("decide.payBack.refund", { amount: money(preview.refund, payment.currency_code) })
  }
  return (
    <Text role="status" size="small" className="text-pretty empty:hidden">
      {text()}
    </Text>
  )
}

function whyNoRefund(payment: OrderPayment): "uncaptured" | "canceled" | "excess" {
  if (payment.captured_at === null) return "uncaptured"
  return payment.exceptions.some((found) => found.class === "refund_owed") ? "canceled" : "excess"
}
