import { MedusaError } from "@medusajs/framework/utils"
import { gateOf, qualifies, takenBack, movesFor, type Verdict } from "../domain/entitlements"
import type { EntitlementId, OrderId } from "../domain/ids"
import type { AccountOptions } from "../kobbopay/options"
import {
  type EntitledOrder,
  type LedgerPayment,
  claimOrder,
  ledgerOf,
  lockOrder,
  orderRowOf,
  releaseOrder,
  wakeForgotten,
} from "../store/entitled-orders"
import {
  type Decided,
  type EntitlementRow,
  ensureEntitlement,
  entitlementById,
  entitlementsOf,
  moveUnits,
  recordDecision,
  standingOf,
} from "../store/entitlements"
import { errorText } from "../store/error-text"
import type { Sql } from "../store/sql"
import type { Deps } from "./deps"
import { emitChanges } from "./entitlement-events"
import { failed, mended } from "./entitlement-faults"
import type { EntitledOrderView, SoldLine } from "./entitlement-side"
import { optionsOf, verdictFor } from "./entitlement-verdict"
import { fulfilReleased } from "./fulfil"
import { waitFor } from "./patience"

export { emitChanges } from "./entitlement-events"

/** How long a process has for one order, or one batch of events, before another takes it. */
const LEASE_MS = 60_000
/** An order that others keep working on is left to them, and to the next pass. */
const MOST_READS = 20
const READ_AGAIN_MS = 100
/** Orders worked before money is looked after again. */
const ORDERS_AT_ONCE = 4

const HOUR = 3_600_000
const LEAST_PAUSE_MS = HOUR
const MOST_PAUSE_MS = 30 * 24 * HOUR

/** What a person asks of one entitlement; without it, only the rule moves something. */
type Request = Decided & { id: EntitlementId }

type EntitlementsConverged = { entitlements: number; changed: number }

/**
 * Makes the entitlements of an order what they should be, by what Medusa shows of it and what people
 * decided. The one way by which they move: every trigger calls this, as often as it likes and from any
 * process. What is read is applied only if nobody applied something since it was read.
 *
 * @throws MedusaError NOT_ALLOWED for a request that has nothing to act on
 */
export async function convergeEntitlements(
  deps: Deps,
  order: OrderId,
  request: Request | null = null,
): Promise<EntitlementsConverged> {
  for (let reads = 0; reads < MOST_READS; reads++) {
    const seen = await orderRowOf(deps.sql, order)
    const view = await waitFor("order", deps.patience, deps.entitlements.order(order))
    const ledger = await ledgerOf(deps.sql, order, view?.collections ?? [])
    const converged = await deps.sql.transaction(async (trx) => {
      if (!(await lockOrder(trx, seen))) return null
      return apply(deps, trx, { seen, order, view, ledger, request })
    })
    if (converged === null) {
      await deps.sleep(deps.random() * READ_AGAIN_MS * (reads + 1))
      continue
    }
    await emitChanges(deps)
    if (optionsOf(deps, ledger)?.entitlements.fulfil === true) {
      try {
        await fulfilReleased(deps, order)
      } catch (cause) {
        await failed(deps, seen, cause)
        return converged
      }
    }
    if (seen.failures > 0) await mended(deps, [order])
    return converged
  }
  throw new Error(`the entitlements of order ${order} are being worked by others`)
}

type Pass = {
  seen: EntitledOrder
  order: OrderId
  view: EntitledOrderView | null
  ledger: readonly LedgerPayment[]
  request: Request | null
}

async function apply(deps: Deps, trx: Sql, pass: Pass): Promise<EntitlementsConverged> {
  const { seen, order, view, ledger, request } = pass
  const now = deps.now()
  if (view === null) {
    await releaseOrder(trx, seen, null, now)
    return { entitlements: 0, changed: 0 }
  }
  const options = optionsOf(deps, ledger)
  const verdict = verdictFor(deps, view, ledger, options)
  const faults = await makeMissing(trx, { order, view, ledger, options })
  let changed = 0
  const found = await entitlementsOf(trx, order)
  for (const before of found) {
    const line = view.lines.find((one) => one.id === before.line_item_id) ?? GONE
    const asked = request?.id === before.id ? request : null
    const entitlement =
      asked === null ? before : await applyDecision(trx, before, asked, { line, verdict, now })
    const { after, moves } = movesFor(standingOf(entitlement), line, verdict)
    if (moves.length === 0) continue
    const by =
      asked === null
        ? { actor: "kobbopay", reason: faults.get(before.line_item_id) ?? null }
        : { actor: asked.actor, reason: asked.reason }
    await moveUnits(trx, entitlement, { after, moves }, { ...by, now })
    changed += 1
  }
  const isOver = found.length === 0 || verdict.cancelled
  await releaseOrder(trx, seen, isOver ? null : nextPass(view.placedAt, now), now)
  if (changed > 0) deps.log.info(`kobbopay: ${changed} entitlements of order ${order} changed`)
  return { entitlements: found.length, changed }
}

/** A line that left the order. */
const GONE = { quantity: 0, returned: 0 }

/** Makes what lines of an order that we are paid for lack. Returns which gates could not be read. */
async function makeMissing(
  trx: Sql,
  {
    order,
    view,
    ledger,
    options,
  }: Pick<Pass, "order" | "ledger"> & { view: EntitledOrderView; options: AccountOptions | null },
): Promise<Map<string, string>> {
  const faults = new Map<string, string>()
  if (options === null || !ledger.some((payment) => payment.attached)) return faults
  const { appliesTo, releaseOn } = options.entitlements
  for (const line of view.lines) {
    if (line.quantity === 0 || !qualifies(line, appliesTo)) continue
    const { gate, fault } = gateOf(line, releaseOn)
    const made = await ensureEntitlement(trx, rowOf(order, line, gate))
    if (fault !== null && made.quantity === 0) faults.set(line.id, fault)
  }
  return faults
}

const rowOf = (order: OrderId, line: SoldLine, gate: EntitlementRow["release_on"]) => ({
  order_id: order,
  line_item_id: line.id,
  product_id: line.productId,
  variant_id: line.variantId,
  title: line.title,
  variant_title: line.variantTitle,
  release_on: gate,
})

/** Writes a person's decision down; what follows from it, the rule then moves. */
async function applyDecision(
  trx: Sql,
  before: EntitlementRow,
  asked: Request,
  seen: { line: Pick<SoldLine, "quantity" | "returned">; verdict: Verdict; now: Date },
): Promise<EntitlementRow> {
  if (asked.decision === "hold" && before.state === "revoked") {
    throw new MedusaError(
      MedusaError.Types.NOT_ALLOWED,
      `Entitlement ${before.id} is revoked, so there is nothing to hold; release it first`,
    )
  }
  const { decision } = asked
  const { line, verdict, now } = seen
  const forgiven =
    decision === "release" ? takenBack({ ...standingOf(before), decision }, line, verdict).units : 0
  return recordDecision(trx, before, { ...asked, forgiven, now })
}

/** Seldom, and ever more so: only for what no event reported. */
function nextPass(placedAt: Date, now: Date): Date {
  const age = Math.max(0, now.getTime() - placedAt.getTime())
  return new Date(now.getTime() + Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, age / 4)))
}

/**
 * Records what a person decided about an entitlement, and moves what follows from it.
 *
 * @throws MedusaError NOT_FOUND, or NOT_ALLOWED when there is nothing to act on
 */
export async function decideEntitlement(deps: Deps, request: Request): Promise<EntitlementRow> {
  const found = await entitlementById(deps.sql, request.id)
  if (found === null) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      `There is no Kobbopay entitlement ${request.id}`,
    )
  }
  await convergeEntitlements(deps, found.order_id, request)
  const after = await entitlementById(deps.sql, request.id)
  return after ?? found
}

/**
 * Works a few of the orders that are due, and hands on the events that nobody did. Failures are logged
 * and tried again: the work on money goes on. Returns whether more may be due.
 */
export async function workEntitlements(deps: Deps): Promise<boolean> {
  try {
    for (let count = 0; count < ORDERS_AT_ONCE; count++) {
      const claimed = await claimOrder(deps.sql, deps.now(), LEASE_MS)
      if (claimed === null) {
        await emitChanges(deps)
        return false
      }
      await convergeEntitlements(deps, claimed.id).catch((cause: unknown) =>
        failed(deps, claimed, cause),
      )
    }
    return true
  } catch (cause) {
    deps.log.error(`kobbopay: the entitlement loop was interrupted: ${errorText(cause)}`)
    return false
  }
}

/**
 * Finds orders of the ledger whose entitlements were never looked at, up to `most`, and works them with
 * all others that are due. Returns how many were found; called again, it goes on where it ended.
 */
export async function repairEntitlements(deps: Deps, most: number): Promise<number> {
  const found = await wakeForgotten(deps.sql, most)
  while (await workEntitlements(deps));
  return found
}
