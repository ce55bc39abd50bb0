import type { Logger } from "@medusajs/framework/types"
import type { KobbopayClient } from "../../kobbopay/client"
import { KobbopayError } from "../../kobbopay/errors"
import { wasEnough } from "../../domain/fit"
import { readProven } from "../../kobbopay/read-proven"
import { deadlineOf, type OrderFacts } from "../../domain/judge"
import type { Account } from "../../kobbopay/options"
import type { Rules } from "../../domain/rules"
import type { SeldomLog } from "../../kobbopay/seldom-log"
import { wakeCollection } from "../../store/collections"
import { sessionsOf } from "../../store/ledger"
import { viewOf } from "../../store/medusa-view"
import { observe, stillWaits } from "../../store/observe"
import type { Check } from "../../store/observed-payment"
import { orderFacts } from "../../store/order-facts"
import { isMoneyGone, type PaymentRow } from "../../store/payment"
import { railOf } from "../../store/rail"
import type { PaymentInView, SessionView } from "../../store/sessions"
import type { Sql } from "../../store/sql"
import type { RecentReads } from "./recent-reads"

/** A read this young is fresh: the worker has just read when it asks Medusa to authorize or capture. */
const FRESH_MS = 3_000

/** A payment as it stands now, and what Medusa says of its order. */
export type Refreshed = { payment: PaymentRow; facts: OrderFacts }

/**
 * Reads a payment at Kobbopay and commits what follows, exactly as the worker does; a payment that still waits
 * for its money needs nothing committed. When Kobbopay cannot
 * be reached the ledger answers: what it holds came from earlier reads, and a failed read moves nothing.
 */
export async function refresh(
  deps: {
    sql: Sql
    client: KobbopayClient
    account: Account
    rules: Rules
    now: () => Date
    log: Pick<Logger, "warn">
    /** Tells of reads that failed. */
    unread: SeldomLog
    recent: RecentReads
  },
  { session, orderEnded }: Pick<SessionView, "session" | "orderEnded">,
  payment: PaymentInView,
): Promise<Refreshed> {
  const view = await viewOf(deps.sql, session.collection_id)
  const shown = await sessionsOf(deps.sql, {
    collection: session.collection_id,
    order: view?.orderId ?? null,
  })
  const facts = orderFacts(payment, shown, view)
  // The ledger's target falls once its order is cancelled, or its money is sent back.
  const isOver =
    orderEnded ||
    facts.order === "cancelled" ||
    (isMoneyGone(payment) && payment.captured_at === null)
  const known: PaymentRow = isOver ? { ...payment, target: "nothing" } : payment
  const asIs = { payment: known, facts }
  if (payment.kobbopay_id === null) return asIs
  const isFresh =
    payment.last_read_at !== null &&
    deps.now().getTime() - payment.last_read_at.getTime() < FRESH_MS
  if (isFresh && known.target !== "nothing" && !facts.orderChanged && !facts.covered) return asIs
  const readAt = deps.now()
  const isWaiting = known.target === "nothing" && payment.money_seen_at === null
  if (isWaiting && !deps.recent.mayRead(payment.id, readAt.getTime())) return asIs
  const reading = await readProven(deps, payment.kobbopay_id, railOf(payment), payment)
  if (reading instanceof KobbopayError) {
    deps.unread.note(
      (line) => deps.log.warn(line),
      "unread",
      `kobbopay: payment ${payment.id} (${payment.kobbopay_id}) could not be read, the ledger answers: ${reading.message}`,
    )
    return asIs
  }
  const check: Check = {
    paymentId: payment.id,
    collectionId: payment.collection_id,
    lease: null,
    reading,
    readAt,
    reports: [],
    rules: deps.rules,
    facts: { ...facts, superseded: false },
    source: "checkout",
    now: deps.now(),
  }
  if (stillWaits(payment, check)) return asIs
  // Whether its money is late depends on what webhooks reported, too, which the worker weighs.
  const isAfter = deps.now() > deadlineOf(payment.window_ends_at, deps.rules)
  if (!wasEnough(payment.amount_fit) && isAfter) {
    await wakeCollection(deps.sql, payment.collection_id, deps.now())
    return asIs
  }
  return { payment: (await observe(deps.sql, check)).payment, facts }
}
