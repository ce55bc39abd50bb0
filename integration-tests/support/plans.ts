import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { z } from "@medusajs/framework/zod"
import {
  brandAs,
  type AccountId,
  type CollectionId,
  type EventRowId,
  type KobbopayId,
  type OrderId,
  type PaymentId,
  type ProviderId,
  type PublicToken,
  type RailId,
  type Reference,
  type SessionId,
} from "../../src/domain/ids"
import { booksOf } from "../../src/store/books"
import { firstPayment, type Offer } from "../../src/store/creation"
import { wakeForgotten } from "../../src/store/entitled-orders"
import { exceptionsOf, listExceptions } from "../../src/store/exceptions"
import { recordOrderCancelled } from "../../src/store/cancelling"
import { claimCollections, nextDue, nextWork } from "../../src/store/collections"
import { historyOfOrder } from "../../src/store/history"
import { emptyDoneEvents, checkAgain, openEvents, unmetEvents } from "../../src/store/inbox/queue"
import { isRepeated, reviving, unroutedEvents, wakeWaiting } from "../../src/store/inbox/routing"
import {
  linkOrder,
  paymentsNamed,
  paymentsOf,
  paymentsOfOrder,
  sessionsOf,
} from "../../src/store/ledger"
import { EVERY_PAYMENT, keptPayments } from "../../src/store/payment-export"
import { paymentsToReconcile } from "../../src/store/reconciliation"
import { recordEvents, type InboxConnection, type NewEvent } from "../../src/store/inbox/insert"
import { unbookedRefunds } from "../../src/store/refunds"
import { bookedUnder, isShownLive, viewSession } from "../../src/store/sessions"
import { execute, type Sql } from "../../src/store/sql"
import { transitionsOf } from "../../src/store/transitions"
import { watchedPayments } from "../../src/store/watched-payments"
import { claimTransfers } from "../../src/store/transfers"

const ACCOUNT = brandAs<AccountId>("kobbopay")
const COLLECTION = brandAs<CollectionId>("open7")
const PAYMENT = brandAs<PaymentId>("open7")
const KOBBOPAY_ID = brandAs<KobbopayId>("open7")
const EVENT = brandAs<EventRowId>("kpevt_7")
const ORDER = brandAs<OrderId>("order_7")
const SESSION = brandAs<SessionId>("open7")
const DAY_MS = 86_400_000
const later = () => new Date(Date.now() + 2 * DAY_MS)
const longAgo = () => new Date(Date.now() - 90 * DAY_MS)

const NEW_EVENT: NewEvent = {
  accountId: ACCOUNT,
  bodyHash: "00",
  eventId: "event-7",
  deliveryId: "delivery-7",
  type: "payment.paid",
  reportedState: "paid",
  reportedAmount: null,
  kobbopayIds: [KOBBOPAY_ID],
  reference: null,
  rawBody: "{}",
  secretIndex: 0,
  isTest: false,
  receivedAt: new Date(),
}

const OFFER: Offer = {
  accountId: ACCOUNT,
  environment: brandAs<Offer["environment"]>("plans"),
  reference: brandAs<Reference>("new7"),
  publicToken: brandAs<PublicToken>("new7"),
  railId: brandAs<RailId>("usdt-tron"),
  token: "USDTTRC",
  asset: "USDT",
  network: "TRC20",
  decimals: 6,
  expectedMinor: 10_500_000n,
  storeAmount: "10.5",
  currencyCode: "usd",
  price: "1",
  windowEndsAt: later(),
}

/** What runs for checkouts, webhooks, checks, sweeps, reconciliation and the admin's pages, with what it is called with. */
const STATEMENTS: Record<string, (sql: Sql) => Promise<unknown>> = {
  viewSession: (sql) => viewSession(sql, SESSION),
  firstPayment: (sql) =>
    firstPayment(
      sql,
      { id: SESSION, providerId: brandAs<ProviderId>("pp_kobbopay_kobbopay") },
      OFFER,
      later(),
    ),
  unroutedEvents: (sql) => unroutedEvents(sql, later(), 200),
  openEvents: (sql) => openEvents(sql, COLLECTION),
  unmetEvents: (sql) => unmetEvents(sql, PAYMENT),
  checkAgain: (sql) => checkAgain(sql, EVENT, new Date(), 30 * DAY_MS),
  isRepeated: (sql) => isRepeated(sql, EVENT, PAYMENT),
  reviving: (sql) => {
    const { text, bindings } = reviving(ACCOUNT, KOBBOPAY_ID, new Date())
    return execute(sql, text, bindings)
  },
  wakeWaiting: (sql) => wakeWaiting(sql, ACCOUNT, KOBBOPAY_ID, new Date()),
  emptyDoneEvents: (sql) => emptyDoneEvents(sql, longAgo(), 1_000),
  claimCollections: (sql) =>
    claimCollections(sql, { owner: "plans", leaseMs: DAY_MS, now: later() }, { most: 4, calm: 2 }),
  nextDue: (sql) => nextDue(sql),
  nextWork: (sql) => nextWork(sql, COLLECTION, [ACCOUNT]),
  recordOrderCancelled: (sql) => recordOrderCancelled(sql, ORDER, new Date()),
  paymentsOf: (sql) => paymentsOf(sql, COLLECTION),
  paymentsNamed: (sql) => paymentsNamed(sql, ACCOUNT, [KOBBOPAY_ID], brandAs<Reference>("open7")),
  paymentsOfOrder: (sql) => paymentsOfOrder(sql, ORDER),
  sessionsOf: (sql) => sessionsOf(sql, { collection: COLLECTION, order: ORDER }),
  sessionsOfCart: (sql) => sessionsOf(sql, { collection: COLLECTION, order: null }),
  booksOf: (sql) => booksOf(sql, COLLECTION, ORDER),
  isShownLive: (sql) => isShownLive(sql, PAYMENT),
  bookedUnder: (sql) => bookedUnder(sql, SESSION),
  claimTransfers: (sql) => {
    const transfer = { hash: "aa", amountMinor: 1n, trackerId: KOBBOPAY_ID, final: false }
    return claimTransfers(sql, { id: PAYMENT, account_id: ACCOUNT, network: "TRC20" }, [
      { ...transfer, lost: false },
      { ...transfer, hash: "bb", trackerId: undefined, lost: true },
    ])
  },
  linkOrder: (sql) => linkOrder(sql, COLLECTION, { cart: null, order: ORDER }, new Date()),
  unbookedRefunds: (sql) => unbookedRefunds(sql, COLLECTION),
  exceptionsOf: (sql) => exceptionsOf(sql, [PAYMENT]),
  listExceptions: (sql) =>
    listExceptions(
      sql,
      { state: "open", class: null, orderId: null, paymentId: null },
      { limit: 20, offset: 0 },
    ),
  transitionsOf: (sql) => transitionsOf(sql, [PAYMENT]),
  historyOfOrder: (sql) => historyOfOrder(sql, ORDER, [COLLECTION]),
  watchedPayments: (sql) => watchedPayments(sql),
  paymentsToReconcile: (sql) =>
    paymentsToReconcile(sql, { since: longAgo(), started_at: new Date() }, "", 200),
  keptPayments: (sql) => keptPayments(sql, EVERY_PAYMENT).next(),
  wakeForgotten: (sql) => wakeForgotten(sql, 100),
  recordEvents: async (sql) => {
    const query: InboxConnection["query"] = async ({ text, values }) => {
      await execute(sql, text.replace("$1", "?"), z.array(z.string()).parse(values))
      return { rows: [] }
    }
    // Nothing is recorded, and so there is no answer for the event.
    await recordEvents({ query }, [NEW_EVENT]).catch(() => undefined)
  },
}

type Node = { "Node Type": string; "Relation Name"?: string; "Index Name"?: string; Plans?: Node[] }
const node: z.ZodType<Node> = z.lazy(() =>
  z.looseObject({
    "Node Type": z.string(),
    "Relation Name": z.string().optional(),
    "Index Name": z.string().optional(),
    Plans: z.array(node).optional(),
  }),
)
const answer = z.object({
  rows: z.tuple([z.object({ "QUERY PLAN": z.tuple([z.object({ Plan: node })]) })]),
})

/** How each table of ours is reached, such as "Index Scan kobbopay_event by IDX_…". */
const reached = ({ Plans, ...own }: Node): string[] => [
  ...(own["Relation Name"]?.startsWith("kobbopay_") === true && own["Node Type"].includes("Scan")
    ? [
        `${own["Node Type"]} ${own["Relation Name"]}${own["Index Name"] === undefined ? "" : ` by ${own["Index Name"]}`}`,
      ]
    : []),
  ...(own["Node Type"] === "Bitmap Index Scan"
    ? [`${own["Node Type"]} by ${own["Index Name"]}`]
    : []),
  ...(Plans ?? []).flatMap(reached),
]

/** Plans every one of these statements, and recording a webhook, over the tables as they are. Runs none. */
export async function plansOf(sql: Sql): Promise<Record<string, string[]>> {
  const plans: Record<string, string[]> = {}
  for (const [name, call] of Object.entries(STATEMENTS)) {
    const found: string[] = []
    const explained = async (statement: string, bindings: readonly Knex.RawBinding[]) => {
      const planned: unknown = await sql.raw(`EXPLAIN (FORMAT JSON) ${statement}`, bindings)
      found.push(...reached(answer.parse(planned).rows[0]["QUERY PLAN"][0].Plan))
      return { rows: [], rowCount: 0 }
    }
    const explain = (statement: string, bindings: readonly Knex.RawBinding[] = []) => {
      const plan = explained(statement, bindings)
      // A statement that is prepared under a name is planned like any other.
      return Object.assign(plan, { options: () => plan })
    }
    await call(
      new Proxy(sql, {
        get: (target, key): unknown => (key === "raw" ? explain : Reflect.get(target, key)),
      }),
    )
    plans[name] = found
  }
  return plans
}
