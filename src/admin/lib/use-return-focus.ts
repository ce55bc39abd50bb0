import { useRef } from "react"

/** For a dialog that no trigger of its own opened: when it closes, the keyboard is back where it was. */
export function useReturnFocus(): (event: Event) => void {
  const opener = useRef(document.activeElement)
  return (event) => {
    event.preventDefault()
    if (opener.current instanceof HTMLElement) opener.current.focus()
  }
}
