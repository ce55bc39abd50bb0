import { ModulesSdkUtils } from "@medusajs/framework/utils"
import type { CollectionId } from "../../src/domain/ids"
import { claimCollections, releaseLease } from "../../src/store/collections"
import { openEvents } from "../../src/store/inbox/queue"
import { unroutedEvents } from "../../src/store/inbox/routing"
import { paymentsOf } from "../../src/store/ledger"
import type { Sql } from "../../src/store/sql"
import { FILL_EVENTS, FILL_COLLECTIONS, FILL_PAYMENTS, FUTURE } from "../support/fill"
import { plansOf } from "../support/plans"
import { acknowledge } from "./ack"
import { compared, type Result } from "./figures"
import type { Bench } from "./measure"
import type { BenchStore } from "./store"

const DAY_MS = 86_400_000
const CLAIMS = 1_000
const OPEN = 10_000
const CLOSED = 100_000
const ACK_SECONDS = 3
const later = () => new Date(Date.now() + 2 * DAY_MS)

/** Whether what was long ago slows down what happens now: the same rounds beside small and large tables. */
export async function measureGrowth(bench: Bench): Promise<Result[]> {
  const { store, quick, tell } = bench
  const sql = ModulesSdkUtils.createPgConnection({ clientUrl: store.databaseUrl })
  try {
    const ledger = await filledLedger(bench)
    const inbox = await filledInbox(bench, quick ? 250_000 : 1_000_000)
    for (const [name, plan] of Object.entries(await plansOf(sql))) {
      tell(`${name}: ${plan.join(", ")}`)
    }
    const results = [
      ...(await measureInbox(bench, sql, inbox)),
      await measureReconcile(bench, sql, ledger),
    ]
    await ledger.empty()
    return results
  } finally {
    await sql.destroy()
  }
}

async function filledInbox({ store, tell }: Bench, events: number): Promise<Twins> {
  const twins = await Twins.of(store, ["kobbopay_event"])
  tell(`Filling the inbox with ${events} events`)
  await store.sql.query(FILL_EVENTS, [events])
  await store.sql.query("VACUUM ANALYZE kobbopay_event")
  return twins
}

async function filledLedger({ store, tell }: Bench): Promise<Twins> {
  tell(`Filling the ledger with ${OPEN} open and ${CLOSED} closed payments`)
  const twins = await Twins.of(store, ["kobbopay_payment", "kobbopay_collection"])
  for (const side of ["none", "full"] as const) {
    await twins.show(side)
    for (const statement of [FILL_PAYMENTS, FILL_COLLECTIONS]) {
      await store.sql.query(statement, [OPEN, "pending", "open"])
      if (side === "full") await store.sql.query(statement, [CLOSED, "confirmed", "closed"])
    }
    await store.sql.query("VACUUM ANALYZE kobbopay_payment, kobbopay_collection")
  }
  return twins
}

async function measureInbox(bench: Bench, sql: Sql, twins: Twins): Promise<Result[]> {
  const { store, quick } = bench
  const { rows } = await store.sql.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM kobbopay_event",
  )
  const acks = await twins.sideBySide(quick ? 4 : 10, async (side, round) => {
    const name = `growth-${side}-${round}`
    const { perSecond } = await acknowledge(bench, "kobbopay", name, ACK_SECONDS)
    // The worker may still be putting some of them off.
    await store.sql.query(
      "BEGIN; LOCK kobbopay_event; DELETE FROM kobbopay_event WHERE state = 'received'; COMMIT",
    )
    await store.sql.query("VACUUM kobbopay_event")
    return perSecond
  })
  const claim = async () => {
    await unroutedEvents(sql, later(), 1)
    await worked(sql, openEvents)
  }
  const claims = await twins.sideBySide(quick ? 8 : 20, () => perSecond(store, claim))
  await twins.empty()
  const shown = rows[0]?.n.toLocaleString("en")
  return [
    compared(
      {
        name: "growth_inbox_ack",
        unit: "webhooks/s",
        what: `webhooks answered with ${shown} events stored ÷ with none`,
        to_reach: "≥ 0.95",
      },
      acks.full,
      acks.none,
    ),
    compared(
      {
        name: "growth_inbox_claim",
        unit: "claims/s",
        what: `work looked for and claimed with ${shown} events stored ÷ with none`,
        to_reach: "≥ 0.95",
      },
      claims.full,
      claims.none,
    ),
  ]
}

async function measureReconcile({ store, quick }: Bench, sql: Sql, twins: Twins): Promise<Result> {
  const read = () => worked(sql, paymentsOf)
  const reads = await twins.sideBySide(quick ? 8 : 20, () => perSecond(store, read))
  return compared(
    {
      name: "growth_reconcile",
      unit: "reads/s",
      what: "due payments claimed and loaded among 10,000 open ones with 100,000 closed ones ÷ without",
      to_reach: "≥ 0.95",
    },
    reads.full,
    reads.none,
  )
}

/** A due collection as the worker takes it: claimed, loaded, and given back until much later. */
async function worked(
  sql: Sql,
  load: (sql: Sql, collection: CollectionId) => Promise<unknown>,
): Promise<void> {
  const [lease] = await claimCollections(
    sql,
    { owner: "bench", leaseMs: DAY_MS, now: later() },
    { most: 1, calm: 1 },
  )
  if (lease === undefined) throw new Error("nothing was due")
  await load(sql, lease.collectionId)
  await releaseLease(sql, lease, {
    next: new Date(later().getTime() + DAY_MS),
    failure: null,
    now: later(),
  })
}

/** How often per second; what was worked is due again afterwards. */
async function perSecond(store: BenchStore, once: () => Promise<void>): Promise<number> {
  for (let count = 0; count < CLAIMS / 10; count++) await once()
  const begun = performance.now()
  for (let count = 0; count < CLAIMS / 2; count++) await once()
  const rate = (CLAIMS * 500) / (performance.now() - begun)
  await store.sql.query(
    `UPDATE kobbopay_collection SET due_at = ${FUTURE} WHERE due_at > ${FUTURE}`,
  )
  await store.sql.query("VACUUM kobbopay_collection")
  return rate
}

type Side = "full" | "none"

/** Tables that there are twice, with the same indexes; the store sees one of each. At first the full ones. */
class Twins {
  #shown: Side = "full"

  private constructor(
    readonly store: BenchStore,
    readonly tables: readonly string[],
  ) {}

  static async of(store: BenchStore, tables: readonly string[]): Promise<Twins> {
    for (const table of tables) {
      await store.sql.query(
        `CREATE TABLE IF NOT EXISTS ${table}_twin (LIKE ${table} INCLUDING ALL)`,
      )
      for (const one of [table, `${table}_twin`]) {
        // It would come to one of the two, in the middle of a round.
        await store.sql.query(`ALTER TABLE ${one} SET (autovacuum_enabled = false)`)
      }
    }
    return new Twins(store, tables)
  }

  async show(side: Side): Promise<void> {
    if (side === this.#shown) return
    this.#shown = side
    const exchange = this.tables.flatMap((table) => [
      `ALTER TABLE ${table} RENAME TO ${table}_aside`,
      `ALTER TABLE ${table}_twin RENAME TO ${table}`,
      `ALTER TABLE ${table}_aside RENAME TO ${table}_twin`,
    ])
    await this.store.sql.query(["BEGIN", ...exchange, "COMMIT"].join("; "))
  }

  /** Measures both sides in each round; neither is always first. */
  async sideBySide(
    rounds: number,
    measure: (side: Side, round: number) => Promise<number>,
  ): Promise<Record<Side, number[]>> {
    const figures: Record<Side, number[]> = { full: [], none: [] }
    for (let round = 0; round < rounds; round++) {
      const turns: Side[] = round % 2 === 0 ? ["full", "none"] : ["none", "full"]
      for (const side of turns) {
        await this.show(side)
        figures[side].push(await measure(side, round))
      }
    }
    return figures
  }

  async empty(): Promise<void> {
    await this.show("full")
    await this.store.sql.query(
      `TRUNCATE ${this.tables.flatMap((table) => [table, `${table}_twin`]).join(", ")}`,
    )
  }
}
