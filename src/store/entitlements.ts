import { z } from "@medusajs/framework/zod"
import {
  DECISIONS,
  ENTITLEMENT_STATES,
  GATES,
  stateOf,
  type EntitlementDecision,
  type Move,
  type Standing,
} from "../domain/entitlements"
import type { ChangeId, EntitlementId, LineItemId, OrderId } from "../domain/ids"
import { hasEnded } from "./lease"
import { idColumn } from "./payment"
import { execute, newId, row, rows, type Sql } from "./sql"

export const entitlementRow = z.object({
  id: idColumn<EntitlementId>(),
  order_id: idColumn<OrderId>(),
  line_item_id: idColumn<LineItemId>(),
  product_id: z.string().nullable(),
  variant_id: z.string().nullable(),
  title: z.string(),
  variant_title: z.string().nullable(),
  state: z.enum(ENTITLEMENT_STATES),
  quantity: z.number(),
  released_quantity: z.number(),
  revoked_quantity: z.number(),
  release_on: z.enum(GATES),
  decision: z.enum(DECISIONS).nullable(),
  decided_by: z.string().nullable(),
  decided_at: z.date().nullable(),
  decision_reason: z.string().nullable(),
  forgiven_quantity: z.number(),
  version: z.number(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type EntitlementRow = z.output<typeof entitlementRow>

const CHANGE_KINDS = [...ENTITLEMENT_STATES, "decided"] as const
const changeRow = z.object({
  id: idColumn<ChangeId>(),
  entitlement_id: idColumn<EntitlementId>(),
  order_id: idColumn<OrderId>(),
  line_item_id: idColumn<LineItemId>(),
  version: z.number(),
  kind: z.enum(CHANGE_KINDS),
  quantity: z.number(),
  actor: z.string(),
  reason: z.string(),
  at: z.date(),
  emitted_at: z.date().nullable(),
})
export type ChangeRow = z.output<typeof changeRow>

/** Who decided what about an entitlement, and why. */
export type Decided = { decision: EntitlementDecision | null; actor: string; reason: string }

export const standingOf = (found: EntitlementRow): Standing => ({
  quantity: found.quantity,
  released: found.released_quantity,
  revoked: found.revoked_quantity,
  gate: found.release_on,
  decision: found.decision,
  forgiven: found.forgiven_quantity,
})

/** The entitlements of an order, the oldest first. */
export const entitlementsOf = (sql: Sql, order: OrderId): Promise<EntitlementRow[]> =>
  rows(
    sql,
    entitlementRow,
    `SELECT * FROM kobbopay_entitlement WHERE order_id = ? AND deleted_at IS NULL
      ORDER BY created_at, id`,
    [order],
  )

export const entitlementById = (sql: Sql, id: EntitlementId): Promise<EntitlementRow | null> =>
  row(
    sql,
    entitlementRow,
    `SELECT * FROM kobbopay_entitlement WHERE id = ? AND deleted_at IS NULL`,
    [id],
  )

/** All that happened to an entitlement, the oldest first. */
export const changesOf = (sql: Sql, id: EntitlementId): Promise<ChangeRow[]> =>
  rows(
    sql,
    changeRow,
    `SELECT * FROM kobbopay_entitlement_change WHERE entitlement_id = ? AND deleted_at IS NULL
      ORDER BY version`,
    [id],
  )

type NewEntitlement = Pick<
  EntitlementRow,
  | "order_id"
  | "line_item_id"
  | "product_id"
  | "variant_id"
  | "title"
  | "variant_title"
  | "release_on"
>

/** Makes the entitlement of a line, without units yet; returns the one there is. */
export async function ensureEntitlement(trx: Sql, made: NewEntitlement): Promise<EntitlementRow> {
  await execute(
    trx,
    `INSERT INTO kobbopay_entitlement
       (id, order_id, line_item_id, product_id, variant_id, title, variant_title, release_on, quantity)
     VALUES (:id, :order_id, :line_item_id, :product_id, :variant_id, :title, :variant_title, :release_on, 0)
     ON CONFLICT (order_id, line_item_id) WHERE deleted_at IS NULL DO NOTHING`,
    { ...made, id: newId("kpent") },
  )
  const found = await row(
    trx,
    entitlementRow,
    `SELECT * FROM kobbopay_entitlement
      WHERE order_id = ? AND line_item_id = ? AND deleted_at IS NULL`,
    [made.order_id, made.line_item_id],
  )
  if (found === null) throw new Error(`the entitlement of line ${made.line_item_id} vanished`)
  return found
}

/** Records what a person decided; the rule then moves what follows from it. */
export async function recordDecision(
  trx: Sql,
  found: EntitlementRow,
  { decision, actor, reason, forgiven, now }: Decided & { forgiven: number; now: Date },
): Promise<EntitlementRow> {
  const isHandedBack = decision === null
  const changed = await row(
    trx,
    entitlementRow,
    `UPDATE kobbopay_entitlement
        SET decision = :decision, decided_by = :decided_by, decided_at = :decided_at,
            decision_reason = :reason, forgiven_quantity = :forgiven,
            version = version + 1, updated_at = now()
      WHERE id = :id AND version = :version RETURNING *`,
    {
      decision,
      decided_by: isHandedBack ? null : actor,
      decided_at: isHandedBack ? null : now,
      reason: isHandedBack ? null : reason,
      forgiven,
      id: found.id,
      version: found.version,
    },
  )
  if (changed === null) throw new Error(`entitlement ${found.id} changed inside its transaction`)
  const why = `${decision ?? "the rule decides again"}: ${reason}`
  await insertChange(trx, changed, { kind: "decided", quantity: 0, why, actor, now })
  return changed
}

/** Moves an entitlement's units, a row of the history for each move, in the transaction that holds its order. */
export async function moveUnits(
  trx: Sql,
  found: EntitlementRow,
  { after, moves }: { after: Standing; moves: readonly Move[] },
  { actor, reason, now }: { actor: string; reason: string | null; now: Date },
): Promise<void> {
  const moved = await execute(
    trx,
    `UPDATE kobbopay_entitlement
        SET state = :state, quantity = :quantity, released_quantity = :released,
            revoked_quantity = :revoked, version = version + :moves, updated_at = now()
      WHERE id = :id AND version = :version`,
    {
      state: stateOf(after),
      quantity: after.quantity,
      released: after.released,
      revoked: after.revoked,
      moves: moves.length,
      id: found.id,
      version: found.version,
    },
  )
  if (moved !== 1) throw new Error(`entitlement ${found.id} changed inside its transaction`)
  for (const [index, move] of moves.entries()) {
    const why = reason === null ? move.why : `${move.why}: ${reason}`
    const numbered = { ...found, version: found.version + index + 1 }
    await insertChange(trx, numbered, { ...move, why, actor, now })
  }
}

const insertChange = (
  trx: Sql,
  found: Pick<EntitlementRow, "id" | "order_id" | "line_item_id" | "version">,
  change: { kind: ChangeRow["kind"]; quantity: number; why: string; actor: string; now: Date },
): Promise<number> =>
  execute(
    trx,
    `INSERT INTO kobbopay_entitlement_change
       (id, entitlement_id, order_id, line_item_id, version, kind, quantity, actor, reason, at)
     VALUES (:id, :entitlement_id, :order_id, :line_item_id, :version, :kind, :quantity, :actor, :why, :now)`,
    {
      id: newId("kpench"),
      entitlement_id: found.id,
      order_id: found.order_id,
      line_item_id: found.line_item_id,
      version: found.version,
      kind: change.kind,
      quantity: change.quantity,
      actor: change.actor,
      why: change.why,
      now: change.now,
    },
  )

/**
 * Takes up to `most` changes whose event was not handed on, under a timed lease of `leaseMs`; in the order they
 * were made.
 */
export const claimChanges = async (
  sql: Sql,
  now: Date,
  leaseMs: number,
  most: number,
): Promise<ChangeRow[]> =>
  (
    await rows(
      sql,
      changeRow,
      `UPDATE kobbopay_entitlement_change SET emitting_until = :until, updated_at = now()
        WHERE id IN (SELECT id FROM kobbopay_entitlement_change
                      WHERE emitted_at IS NULL AND kind <> 'decided' AND deleted_at IS NULL
                        AND ${hasEnded("emitting_until")}
                      ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED)
        RETURNING *`,
      { until: new Date(now.getTime() + leaseMs), now, most },
    )
  ).sort((a, b) => a.at.getTime() - b.at.getTime() || a.version - b.version)

export const markEmitted = (sql: Sql, ids: readonly ChangeId[], now: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_entitlement_change SET emitted_at = ?, emitting_until = NULL
      WHERE id = ANY(?::text[]) AND emitted_at IS NULL`,
    [now, [...ids]],
  )

/** Heartbeat of changes whose events are on their way. */
export const renewChanges = (sql: Sql, ids: readonly ChangeId[], until: Date): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_entitlement_change SET emitting_until = ?
      WHERE id = ANY(?::text[]) AND emitted_at IS NULL`,
    [until, [...ids]],
  )

/** Releases changes whose event could not be handed on. */
export const releaseChanges = (sql: Sql, ids: readonly ChangeId[]): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_entitlement_change SET emitting_until = NULL WHERE id = ANY(?::text[])`,
    [[...ids]],
  )
