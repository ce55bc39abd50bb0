import { Button } from "@medusajs/ui"
import type { ExceptionAction } from "../../types/order-payments"
import { useWords } from "../lib/words"

type ActionButtonsProps = {
  actions: readonly ExceptionAction[]
  /** What they are about, for a screen reader. */
  about: string
  onChoose: (action: ExceptionAction) => void
}

/** What a person can do about something, as buttons. */
export function ActionButtons({ actions, about, onChoose }: ActionButtonsProps) {
  const { t } = useWords()
  if (actions.length === 0) return null
  return (
    <div
      role="group"
      aria-label={`${t("action.actions")}: ${about}`}
      className="flex flex-wrap gap-2"
    >
      {actions.map((action) => (
        <Button
          key={action}
          size="small"
          variant={action === "dismiss" ? "transparent" : "secondary"}
          aria-haspopup="dialog"
          onClick={() => onChoose(action)}
        >
          {t(`action.button.${action}`)}
        </Button>
      ))}
    </div>
  )
}
