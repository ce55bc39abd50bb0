import fc from "fast-check"
import { z } from "@medusajs/framework/zod"
import { verdictOf, movesFor } from "../../src/domain/entitlements"
import { brandAs, type OrderId } from "../../src/domain/ids"
import { entitlementsOf, standingOf } from "../../src/store/entitlements"
import { convergeEntitlements, emitChanges } from "../../src/work/entitlements"
import type { Deps } from "../../src/work/deps"
import type { EntitledOrderView, EntitlementEvent } from "../../src/work/entitlement-side"

const HISTORIES = 25
const STEPS = [
  "paid",
  "confirmed",
  "refunded",
  "returned",
  "cancelled",
  "converge",
  "twice",
  "crash before commit",
  "crash before emit",
  "crash after emit",
] as const

class Crash extends Error {}

/** An order of 100 in two payments of 50, whose facts only grow. */
class Life {
  paid = 0
  confirmed = 0
  refunded = 0
  returned = 0
  cancelled = false

  constructor(
    private readonly like: EntitledOrderView,
    private readonly quantity: number,
  ) {}

  happen(fact: string): void {
    if (fact === "paid") this.paid = Math.min(2, this.paid + 1)
    if (fact === "confirmed") this.confirmed = Math.min(this.paid, this.confirmed + 1)
    if (fact === "refunded") this.refunded = Math.min(this.confirmed, this.refunded + 1)
    if (fact === "returned") this.returned = Math.min(this.quantity, this.returned + 1)
    if (fact === "cancelled") this.cancelled = true
  }

  view(): EntitledOrderView {
    const refunded = Array.from({ length: this.refunded }, () => "30")
    return {
      ...this.like,
      cancelled: this.cancelled,
      total: String(100 - 30 * this.refunded),
      credited: refunded,
      lines: this.like.lines.map((line) => ({
        ...line,
        quantity: this.quantity,
        returned: this.returned,
      })),
      payments: [0, 1].map((index) => ({
        session: null,
        provider: brandAs("pp_system_default"),
        authorized: this.paid > index ? "50" : "0",
        captured: this.confirmed > index ? ["50"] : [],
        refunded: index === 0 ? refunded : [],
      })),
    }
  }
}

/**
 * Lives through random histories of orders like the given one, on the real tables: after each, the
 * entitlement must be what the rule says of the end alone, and every change emitted: once, or again under
 * the same key where a process died after it had emitted it.
 */
export async function convergesLikeTheRule(deps: Deps, like: OrderId): Promise<void> {
  const template = await deps.entitlements.order(like)
  if (template === null) throw new Error(`there is no order ${like}`)
  let orders = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...STEPS), { maxLength: 14 }),
      fc.integer({ min: 1, max: 4 }),
      async (history, quantity) => {
        const order = brandAs<OrderId>(`order_history_${(orders += 1)}`)
        await copyPayment(deps, like, order)
        const life = new Life(template, quantity)
        await liveThrough(deps, order, life, history)

        const [found, ...others] = await entitlementsOf(deps.sql, order)
        expect(others).toEqual([])
        if (found === undefined) throw new Error(`order ${order} has no entitlement`)
        const view = life.view()
        const verdict = verdictOf(
          { ...view, payments: view.payments.map((one) => ({ ...one, final: true })) },
          { cancelled: view.cancelled, revokeOnRefund: "proportional" },
        )
        const nothing = { ...standingOf(found), quantity: 0, released: 0, revoked: 0 }
        const sold = { quantity, returned: life.returned }
        expect(standingOf(found)).toEqual(movesFor(nothing, sold, verdict).after)
      },
    ),
    { numRuns: HISTORIES },
  )
}

async function liveThrough(
  deps: Deps,
  order: OrderId,
  life: Life,
  history: readonly (typeof STEPS)[number][],
): Promise<void> {
  const emitted: EntitlementEvent[] = []
  let repeated = 0
  const tell = (events: readonly EntitlementEvent[]) => {
    emitted.push(...events.filter((event) => event.data.order_id === order))
    return Promise.resolve()
  }
  const side = { ...deps.entitlements, order: () => Promise.resolve(life.view()) }
  const quiet = { ...deps.log, info: () => undefined, warn: () => undefined }
  const whole: Deps = { ...deps, log: quiet, entitlements: { ...side, emit: tell } }
  const converge = (with_: Deps) => convergeEntitlements(with_, order).catch(onlyCrashes)
  for (const step of history) {
    switch (step) {
      case "converge":
        await converge(whole)
        break
      case "twice":
        await Promise.all([converge(whole), converge(whole)])
        break
      case "crash before commit":
        await converge({ ...whole, sql: crashingSql(deps) })
        break
      case "crash before emit":
        await converge({ ...whole, entitlements: { ...side, emit: crash } })
        break
      case "crash after emit": {
        const before = emitted.length
        const emit = async (events: readonly EntitlementEvent[]) => {
          await tell(events)
          await crash()
        }
        await converge({ ...whole, entitlements: { ...side, emit } })
        repeated += emitted.length - before
        break
      }
      default:
        life.happen(step)
    }
  }
  await converge(whole)
  await emitChanges(whole)
  const changes = z
    .object({ rows: z.array(z.object({ id: z.string(), kind: z.string(), quantity: z.number() })) })
    .parse(
      await deps.sql.raw(
        `SELECT id, kind, quantity FROM kobbopay_entitlement_change WHERE order_id = ? ORDER BY version`,
        [order],
      ),
    ).rows
  const byKey = new Map(emitted.map((event) => [event.data.key, event]))
  expect(
    changes.map(({ id, kind, quantity }) => [id, `kobbopay.entitlement.${kind}`, quantity]),
  ).toEqual([...byKey].map(([key, { name, data }]) => [key, name, data.quantity]))
  expect(emitted.length - byKey.size).toBeLessThanOrEqual(repeated)
}

const crash = (): Promise<never> => Promise.reject(new Crash("the process died"))

function onlyCrashes(cause: unknown): void {
  if (!(cause instanceof Crash)) throw cause
}

/** A connection whose transactions do all their work and die before they commit. */
function crashingSql({ sql }: Deps): Deps["sql"] {
  const transaction = (work: (trx: Deps["sql"]) => Promise<unknown>) =>
    sql.transaction(async (trx) => {
      await work(trx)
      await crash()
    })
  // Of the overloads, the worker calls but this one.
  return { raw: sql.raw.bind(sql), transaction: transaction as Deps["sql"]["transaction"] }
}

/** A payment of ours for another order, like that of the given one. */
async function copyPayment(deps: Deps, like: OrderId, order: OrderId): Promise<void> {
  const id = `kpay_${order}`
  await deps.sql.raw(
    `INSERT INTO kobbopay_payment SELECT (jsonb_populate_record(p, ?::jsonb)).*
       FROM kobbopay_payment p WHERE order_id = ?`,
    [
      JSON.stringify({
        id,
        order_id: order,
        collection_id: `paycol_${order}`,
        current: false,
        public_token: order,
        kobbopay_id: null,
        reference: order,
      }),
      like,
    ],
  )
  await deps.sql.raw(
    `INSERT INTO kobbopay_payment_session (id, session_id, payment_id) VALUES (?, ?, ?)`,
    [`kpses_${order}`, `payses_${order}`, id],
  )
}
