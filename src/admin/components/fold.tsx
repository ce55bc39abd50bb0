import { Text } from "@medusajs/ui"
import type { ReactNode } from "react"

type FoldProps = { title: string; aside?: ReactNode; open?: boolean; children: ReactNode }

/** A part that is closed until somebody wants it; a browser's own, so that keyboards and readers know it. */
export const Fold = ({ title, aside, open = false, children }: FoldProps) => (
  <details open={open} className="group/fold">
    <summary className="focus-visible:shadow-borders-focus flex cursor-pointer list-none items-center justify-between gap-x-2 rounded-md px-6 py-3 outline-none [&::-webkit-details-marker]:hidden">
      <span className="flex min-w-0 items-center gap-x-1">
        <svg
          aria-hidden
          width="15"
          height="15"
          viewBox="0 0 15 15"
          fill="currentColor"
          className="text-ui-fg-muted shrink-0 transition-transform group-open/fold:rotate-90"
        >
          <path d="M5.5 4.2v6.6c0 .5.6.8 1 .5l4.2-3.3c.3-.2.3-.7 0-1L6.5 3.7c-.4-.3-1 0-1 .5Z" />
        </svg>
        <Text as="span" size="small" leading="compact" weight="plus" className="truncate">
          {title}
        </Text>
      </span>
      {aside}
    </summary>
    {children}
  </details>
)
