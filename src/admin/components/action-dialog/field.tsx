import { Hint, Label } from "@medusajs/ui"
import { useId, type ReactNode } from "react"
import { useWords } from "../../lib/words"

/** What ties a control to its label and to the text below it. */
type Ties = { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }

type FieldProps = {
  label: string
  optional?: boolean
  hint?: string
  /** What is wrong with it; null: nothing. */
  error?: string | null
  children: (ties: Ties) => ReactNode
}

/** A control of a form with its label, a hint, and what is wrong with it. */
export function Field({ label, optional = false, hint, error = null, children }: FieldProps) {
  const { t } = useWords()
  const id = useId()
  const message = error ?? hint
  return (
    <div className="flex flex-col gap-y-2">
      <div className="flex items-center gap-x-1">
        <Label htmlFor={id} size="small" weight="plus">
          {label}
        </Label>
        {optional && <span className="txt-small text-ui-fg-muted">({t("action.optional")})</span>}
      </div>
      {children({
        id,
        "aria-describedby": message === undefined ? undefined : `${id}-message`,
        "aria-invalid": error !== null,
      })}
      {message !== undefined && (
        <Hint
          id={`${id}-message`}
          variant={error === null ? "info" : "error"}
          {...(error !== null && { role: "alert" })}
          className="break-words"
        >
          {message}
        </Hint>
      )}
    </div>
  )
}
