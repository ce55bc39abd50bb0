import type { SessionId } from "../../../src/domain/ids"
import { orderFacts } from "../../../src/store/order-facts"
import type { Provider, Steps } from "./medusa"
import type { Row } from "./rows"
import type { Shop } from "./shop"

const FRESH_MS = 3_000

/** The plugin's payment provider over the model: Medusa's calls answered from the ledger and a read. */
export function providerOf(shop: () => Shop): Provider {
  const shownOn = (session: SessionId): Row => {
    const row = shop().ledger.rows.find((one) => one.sessions.includes(session))
    if (row === undefined) throw new Error(`no payment is shown on ${session}`)
    return row
  }
  return {
    *authorize(session) {
      const target = yield* refresh(shop(), shownOn(session))
      const settles = target === "authorized" || target === "captured"
      yield
      if (settles && shop().ledger.claimSession(shownOn(session), session)) return "authorized"
      return shop().placed === "after" ? "pending" : "pending_authorization"
    },
    *capture(session) {
      const target = yield* refresh(shop(), shownOn(session))
      yield
      return target === "captured" && shop().ledger.claimSession(shownOn(session), session)
    },
    cancel: (session) => shownOn(session).money_seen_at === null,
    initiate: (session) => {
      const { ledger } = shop()
      const row = ledger.rows.find(
        (one) =>
          (one.target === "authorized" || one.target === "captured") &&
          one.converged_at === null &&
          one.sessions.length === 0,
      )
      if (row !== undefined) ledger.attachSession(session, row)
    },
  }
}

/** The provider's own read, as `refresh` makes it: the target afterwards. */
export function* refresh(shop: Shop, row: Row): Steps<Row["target"]> {
  const { ledger, medusa, now } = shop
  const facts = orderFacts(row, ledger.shown(), medusa.view())
  yield
  const { cancellingAt, orderCancelledAt } = ledger.collection
  const isOver = cancellingAt !== null || orderCancelledAt !== null || facts.order === "cancelled"
  const known = isOver ? "nothing" : row.target
  const isFresh = row.last_read_at !== null && now() - row.last_read_at.getTime() < FRESH_MS
  if (isFresh && known !== "nothing" && !facts.orderChanged && !facts.covered) return known
  const readAt = now()
  yield
  const reading = shop.kobbopay.read(row.number, shop.dice)
  yield
  if (reading === null) return known
  ledger.observe({
    number: row.number,
    lease: null,
    reading,
    readAt,
    reports: [],
    facts: { ...facts, superseded: false },
  })
  return row.target
}
