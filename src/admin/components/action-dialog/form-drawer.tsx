import { Button, Drawer } from "@medusajs/ui"
import type { FormEvent, ReactNode } from "react"
import { useReturnFocus } from "../../lib/use-return-focus"
import { useWords } from "../../lib/words"

type FormDrawerProps = {
  title: string
  text: string
  submit: string
  isPending: boolean
  /** All that is needed was given. */
  isReady: boolean
  /** Nothing is left to decide. */
  isOver: boolean
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** A form at the side, as the dashboard has its own. Stays while its answer is awaited. */
export function FormDrawer(props: FormDrawerProps) {
  const { t } = useWords()
  const { isPending, isReady, isOver, onSubmit, onClose } = props
  const returnFocus = useReturnFocus()
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (isReady && !isPending && !isOver) onSubmit()
  }
  return (
    <Drawer open onOpenChange={(open) => !open && !isPending && onClose()}>
      <Drawer.Content onCloseAutoFocus={returnFocus}>
        <Drawer.Header>
          <Drawer.Title>{props.title}</Drawer.Title>
          <Drawer.Description className="text-ui-fg-subtle txt-small text-pretty">
            {props.text}
          </Drawer.Description>
        </Drawer.Header>
        <form onSubmit={send} className="flex min-h-0 flex-1 flex-col">
          <Drawer.Body className="flex flex-col gap-y-4 overflow-y-auto">
            {props.children}
          </Drawer.Body>
          <Drawer.Footer>
            <Button
              type="button"
              size="small"
              variant="secondary"
              disabled={isPending}
              onClick={onClose}
            >
              {t(isOver ? "action.close" : "action.cancel")}
            </Button>
            {!isOver && (
              <Button type="submit" size="small" isLoading={isPending} disabled={!isReady}>
                {props.submit}
              </Button>
            )}
          </Drawer.Footer>
        </form>
      </Drawer.Content>
    </Drawer>
  )
}
