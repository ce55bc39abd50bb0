import { Copy, Text, Tooltip } from "@medusajs/ui"
import type { ReactNode } from "react"
import { useWords } from "../lib/words"

/** One line of a section, as Medusa's own sections have them: name on the left, value on the right. */
export const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="text-ui-fg-subtle grid grid-cols-[minmax(0,1fr)_minmax(0,2fr)] items-start gap-x-3 px-6 py-3">
    <Text as="div" size="small" leading="compact" weight="plus">
      {name}
    </Text>
    <div className="min-w-0">{children}</div>
  </div>
)

export const Value = ({ children }: { children: ReactNode }) => (
  <Text as="div" size="small" leading="compact" className="text-pretty break-words">
    {children}
  </Text>
)

const MOST_SHOWN = 20

/** A hash is compared by its ends; all of it is in the tooltip and in what is copied. */
const middleCut = (text: string): string =>
  text.length > MOST_SHOWN ? `${text.slice(0, 10)}…${text.slice(-8)}` : text

type CodeProps = {
  /** What it is, for a screen reader. */
  name: string
  value: string
  /** Shows both ends only. */
  cut?: boolean
  note?: string
}

/** An address, hash or id, with a button that copies it. */
export function Code({ name, value, cut = false, note }: CodeProps) {
  const { t } = useWords()
  const shown = cut ? middleCut(value) : value
  const code = (
    <Text as="div" size="small" leading="compact" family="mono" className="w-fit break-all">
      {shown}
    </Text>
  )
  return (
    <div className="grid grid-cols-[1fr_20px] items-start gap-x-2">
      <div>
        {shown === value ? (
          code
        ) : (
          <Tooltip content={<span className="break-all">{value}</span>}>{code}</Tooltip>
        )}
        {note !== undefined && <Value>{note}</Value>}
      </div>
      <Copy content={value} aria-label={t("copy", { what: name })} className="text-ui-fg-muted" />
    </div>
  )
}
