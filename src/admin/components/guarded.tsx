import { Component, type ComponentType, type ErrorInfo, type ReactNode } from "react"
import { en } from "../i18n/en"

/** Keeps a fault of what is inside from reaching the page around it, which is Medusa's. */
class Guard extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false }

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true }
  }

  override componentDidCatch(fault: Error, { componentStack }: ErrorInfo): void {
    console.error("medusa-payment-kobbopay: a section could not be shown", fault, componentStack)
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children
    // Said without any component, since any of them may be what is broken.
    return (
      <p
        role="alert"
        className="txt-small text-ui-fg-subtle shadow-elevation-card-rest bg-ui-bg-base rounded-lg px-6 py-4"
      >
        {en.broken}
      </p>
    )
  }
}

/** A component whose faults show one line in its place, and stand on the console. Every widget and page is one. */
export function guarded<Props extends object>(Section: ComponentType<Props>): ComponentType<Props> {
  const Guarded = (props: Props) => (
    <Guard>
      <Section {...props} />
    </Guard>
  )
  Guarded.displayName = "Guarded"
  return Guarded
}
