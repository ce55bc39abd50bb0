import { useCallback, useEffect, useRef, useState } from "react"
import type { OrderPayment } from "../../types/order-payments"
import { askOrderPayments } from "./api"
import { isMoving, markOf } from "./situation"
import { errorOf } from "./use-action"

const POLL_EVERY_MS = 4_000

type Seen = { payments: readonly OrderPayment[] | null; error: Error | null; isAsking: boolean }

type OrderPaymentsSeen = Seen & {
  /** Asks again, and waits for the answer. Never rejects: what went wrong is `error`. */
  refresh: () => Promise<void>
}

/**
 * The payments of an order: asked for again when the page is looked at again, and every few seconds while something may still
 * change. What was seen stays when a later request fails.
 */
export function useOrderPayments(order: string): OrderPaymentsSeen {
  const [seen, setSeen] = useState<Seen>({ payments: null, error: null, isAsking: true })
  const turns = useRef(0)
  const refresh = useCallback(async () => {
    const turn = ++turns.current
    setSeen((before) => ({ ...before, isAsking: true }))
    const answer = await askOrderPayments(order).catch(errorOf)
    // Only the newest request counts: an older one that comes later would bring the past back.
    if (turn !== turns.current) return
    setSeen((before) =>
      answer instanceof Error
        ? { ...before, error: answer, isAsking: false }
        : { payments: answer, error: null, isAsking: false },
    )
  }, [order])
  useEffect(() => {
    void refresh()
    return () => {
      turns.current += 1
    }
  }, [refresh])
  const moves = seen.payments !== null && isMoving(seen.payments)
  useEffect(() => {
    const refreshIfVisible = () => {
      if (document.visibilityState === "visible") void refresh()
    }
    const timer = moves ? setInterval(refreshIfVisible, POLL_EVERY_MS) : undefined
    document.addEventListener("visibilitychange", refreshIfVisible)
    return () => {
      clearInterval(timer)
      document.removeEventListener("visibilitychange", refreshIfVisible)
    }
  }, [moves, refresh])
  return { ...seen, refresh }
}

/**
 * Whether the payments have changed since Medusa last handed out its own view of the order: then the other parts of the page may
 * still show it as it was.
 */
export function useIsPageBehind(order: object, payments: readonly OrderPayment[] | null): boolean {
  const mark = payments === null ? null : markOf(payments)
  const known = useRef({ order, mark })
  if (known.current.order !== order || known.current.mark === null) known.current = { order, mark }
  return mark !== known.current.mark
}
