import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect, useRef } from "react"
import { paymentsOfOrder } from "./api"
import { isMoving, markOf } from "./story"

const LOOK_EVERY_MS = 4_000

/**
 * The payments of an order, looked at again every few seconds while something may still change. When
 * something did, the dashboard's own view of the order is called out of date too.
 */
export function useOrderPayments(order: string) {
  const client = useQueryClient()
  const query = useQuery({
    queryKey: ["kobbopay", "order", order],
    queryFn: () => paymentsOfOrder(order),
    staleTime: 0,
    refetchOnWindowFocus: true,
    refetchInterval: ({ state }) =>
      state.data !== undefined && isMoving(state.data) ? LOOK_EVERY_MS : false,
  })
  const mark = query.data === undefined ? null : markOf(query.data)
  const known = useRef(mark)
  useEffect(() => {
    if (known.current !== null && mark !== known.current) {
      void client.invalidateQueries({ queryKey: ["orders"] })
    }
    known.current = mark
  }, [client, mark])
  return query
}
