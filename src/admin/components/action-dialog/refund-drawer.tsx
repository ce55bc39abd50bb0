import { Input, Text, Textarea, toast } from "@medusajs/ui"
import { useState } from "react"
import type { OrderPayment } from "../../../types/order-payments"
import { postRefund } from "../../lib/api"
import { useAction } from "../../lib/use-action"
import { usePreview, type Preview } from "../../lib/use-preview"
import { useWords } from "../../lib/words"
import { Field } from "./field"
import { FormDrawer } from "./form-drawer"
import { Refusal } from "./refusal"

type RefundDrawerProps = {
  payment: OrderPayment
  /** What the amount starts with: decimal, units of the asset. */
  firstAmount: string
  onClose: () => void
}

/** Records that money was sent back, and says beforehand what of it is refunded in the order. */
export function RefundDrawer({ payment, firstAmount, onClose }: RefundDrawerProps) {
  const { t } = useWords()
  const [amount, setAmount] = useState(firstAmount)
  const [hash, setHash] = useState("")
  const [note, setNote] = useState("")
  const preview = usePreview(payment, amount)
  const recording = useAction(postRefund, () => {
    toast.success(t("action.refund.done"))
    onClose()
  })
  const isOver = payment.left_to_refund === "0" && !recording.isSuccess && !recording.isPending
  const units = (one: string) => `${one} ${payment.asset}`
  const left = t(payment.excess === "0" ? "action.refund.left" : "action.refund.leftExcess", {
    left: units(payment.left_to_refund),
    excess: units(payment.excess),
  })
  return (
    <FormDrawer
      title={t("action.refund.title")}
      text={t("action.refund.text")}
      submit={t("action.refund.submit")}
      isPending={recording.isPending}
      isReady={preview.state === "known" && hash.trim() !== ""}
      isOver={isOver}
      onSubmit={() => recording.mutate({ payment: payment.id, amount, hash, note })}
      onClose={onClose}
    >
      <Field
        label={t("action.refund.amount", { asset: payment.asset })}
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
      <BookedText preview={preview} payment={payment} />
      <Field label={t("action.refund.hash")} hint={t("action.refund.hashHint")}>
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
      <Field label={t("action.note")} optional>
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

/** What the refund books in the order; read aloud whenever it changes. */
function BookedText({ preview, payment }: { preview: Preview; payment: OrderPayment }) {
  const { t, money } = useWords()
  const text = (): string => {
    if (preview.state === "refused") return ""
    if (preview.state === "asking") return t("action.refund.asking")
    if (preview.booked === null) return t(`action.refund.notBooked.${whyNotBooked(payment)}`)
    return t("action.refund.booked", { amount: money(preview.booked, payment.currency_code) })
  }
  return (
    <Text role="status" size="small" className="text-pretty empty:hidden">
      {text()}
    </Text>
  )
}

function whyNotBooked(payment: OrderPayment): "uncaptured" | "canceled" | "excess" {
  if (payment.captured_at === null) return "uncaptured"
  return payment.exceptions.some((found) => found.class === "refund_owed") ? "canceled" : "excess"
}
