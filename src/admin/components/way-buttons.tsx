import { Button } from "@medusajs/ui"
import type { WayOut } from "../../types/order-payments"
import { useWords } from "../lib/words"

type WayButtonsProps = {
  ways: readonly WayOut[]
  /** What they are about, for a screen reader. */
  about: string
  onChoose: (way: WayOut) => void
}

/** What a person can do about something, as buttons. */
export function WayButtons({ ways, about, onChoose }: WayButtonsProps) {
  const { t } = useWords()
  if (ways.length === 0) return null
  return (
    <div
      role="group"
      aria-label={`${t("decide.actions")}: ${about}`}
      className="flex flex-wrap gap-2"
    >
      {ways.map((way) => (
        <Button
          key={way}
          size="small"
          variant={way === "dismiss" ? "transparent" : "secondary"}
          aria-haspopup="dialog"
          onClick={() => onChoose(way)}
        >
          {t(`decide.button.${way}`)}
        </Button>
      ))}
    </div>
  )
}
