import { Select, Textarea, toast } from "@medusajs/ui"
import { useState } from "react"
import type { Dismissal, OrderPayment, PaymentException } from "../../../types/order-payments"
import { dismiss } from "../../lib/api"
import { useAction } from "../../lib/use-action"
import { useWords } from "../../lib/words"
import { Field } from "./field"
import { FormDrawer } from "./form-drawer"
import { Refusal } from "./refusal"

const codes: { [One in Dismissal]: One } = {
  written_off: "written_off",
  settled_elsewhere: "settled_elsewhere",
  not_ours: "not_ours",
  no_action: "no_action",
}
const choices = Object.values(codes)

type DismissDrawerProps = {
  payment: OrderPayment
  found: PaymentException
  onClose: () => void
}

/** Sets an exception aside: a reason, and what was agreed in words. */
export function DismissDrawer({ payment, found, onClose }: DismissDrawerProps) {
  const { t } = useWords()
  const [code, setCode] = useState<Dismissal | "">("")
  const [note, setNote] = useState("")
  const dismissing = useAction(dismiss, () => {
    toast.success(t("action.dismiss.done"))
    onClose()
  })
  const isOver = found.state === "closed" && !dismissing.isSuccess && !dismissing.isPending
  return (
    <FormDrawer
      title={t("action.dismiss.title", {
        title: t([`problem.${found.class}.title`, "problem.other.title"]),
      })}
      text={t("action.dismiss.text") + (found.waited_for ? ` ${t("action.dismiss.waits")}` : "")}
      submit={t("action.dismiss.submit")}
      isPending={dismissing.isPending}
      isReady={code !== "" && note.trim() !== ""}
      isOver={isOver}
      onSubmit={() => code !== "" && dismissing.mutate({ exception: found.id, code, note })}
      onClose={onClose}
    >
      <Field label={t("action.dismiss.reason")}>
        {(ties) => (
          <Select
            value={code}
            onValueChange={(chosen) => setCode(choices.find((one) => one === chosen) ?? "")}
          >
            <Select.Trigger {...ties} autoFocus>
              <Select.Value placeholder={t("action.dismiss.choose")} />
            </Select.Trigger>
            <Select.Content>
              {choices.map((one) => (
                <Select.Item key={one} value={one}>
                  {t(`action.dismissal.${one}`)}
                </Select.Item>
              ))}
            </Select.Content>
          </Select>
        )}
      </Field>
      <Field label={t("action.note")}>
        {(ties) => (
          <Textarea
            {...ties}
            aria-required
            maxLength={2_000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </Field>
      <Refusal error={dismissing.error} isOver={isOver} payment={payment} />
    </FormDrawer>
  )
}
