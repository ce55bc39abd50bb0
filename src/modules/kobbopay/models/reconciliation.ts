import { model } from "@medusajs/framework/utils"

/**
 * One row per run that compared the ledger with Kobbopay and Medusa: its report, the cursor by which it
 * is taken up again, and the lease under which one process carries it out.
 */
export const KobbopayReconciliation = model
  .define(
    { name: "KobbopayReconciliation", tableName: "kobbopay_reconciliation" },
    {
      id: model.id({ prefix: "kprec" }).primaryKey(),
      /** The run before this one, "" for the first: of two processes that would start it, one does. */
      follows: model.text(),
      trigger: model.enum(["scheduled", "manual", "backfill"]),
      /** Who asked for it; null for the schedule. */
      actor: model.text().nullable(),
      /** Payments that ended before this time are not looked at, unless something about them is open. */
      since: model.dateTime(),
      state: model.enum(["running", "done"]).default("running"),
      started_at: model.dateTime(),
      finished_at: model.dateTime().nullable(),
      /** Row id of the last payment of the last batch that was committed. */
      cursor: model.text().default(""),
      lease_owner: model.text().nullable(),
      lease_until: model.dateTime().nullable(),
      /** Rises with every lease; a write under an older one is refused. */
      fence: model.number().default(0),
      /** Payments looked at: each was read, or its read failed, or it was put off. */
      payments: model.number().default(0),
      read: model.number().default(0),
      /** Payments whose state changed by the run's own check. */
      moved: model.number().default(0),
      failed_reads: model.number().default(0),
      /** Payments that were not asked for, because their account asked for a pause or was away. */
      put_off: model.number().default(0),
      /** What stood apart before the check and no longer after it, and what still did: { kind: payments }. */
      mended: model.json(),
      drift: model.json(),
      /** Until when an account takes no requests: { account: time }. */
      pauses: model.json(),
      last_error: model.text().nullable(),
    },
  )
  .indexes([
    { name: "IDX_kobbopay_reconciliation_follows", on: ["follows"], unique: true },
    {
      name: "IDX_kobbopay_reconciliation_running",
      on: ["state"],
      unique: true,
      where: "state = 'running' AND deleted_at IS NULL",
    },
    { name: "IDX_kobbopay_reconciliation_started", on: ["started_at"] },
  ])
