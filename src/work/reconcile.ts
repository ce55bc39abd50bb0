import { environmentOf } from "../kobbopay/environment"
import { checkAccounts } from "../modules/kobbopay/account-check"
import { errorText } from "../store/error-text"
import { stampEnvironment } from "../store/ledger"
import type { PaymentRow } from "../store/payment"
import {
  releaseRun,
  commitBatch,
  finishRun,
  paymentsToReconcile,
  renewRun,
  RUN_LEASE_MS,
  runById,
  RunLost,
  runningRun,
  startRun,
  takeOverRun,
  type ReconciliationRow,
  type Tally,
  type Trigger,
} from "../store/reconciliation"
import type { Deps } from "./deps"
import { Listener } from "./listen"
import { reconcileCollection, unread, type Finding } from "./reconcile-collection"

/** Payments between two commits of the cursor. */
const BATCH = 100
/** Collections of one account worked side by side. */
const SIDE_BY_SIDE = 4
/** A run that is asked for is tried again when the one in its way has just ended. */
const RETRY_MS = 100
const MOST_TRIES = 5
/** How far before the last finished run the next one begins: what ended while that one was under way. */
const OVERLAP_MS = 60 * 60_000

type RunRequest = {
  trigger: Trigger
  actor: string | null
  /** From when on payments that ended are looked at too; null: since the last finished run. */
  since: Date | null
  /** Nothing to do when the last run began less than this ago, milliseconds. */
  notWithinMs: number
}

/** What comes of wanting a run: one that is this process's to carry out, or the reason why there is none. */
type Begun =
  | { is: "started" | "resumed"; run: ReconciliationRow }
  | { is: "busy"; run: ReconciliationRow }
  | { is: "too_soon" }

/**
 * Begins a run, or takes up the one whose process died; of any number of processes at most one gets it.
 * Follow with {@link carryOut}.
 */
export async function beginRun(deps: Deps, request: RunRequest): Promise<Begun> {
  const dead = await takeOverRun(deps.sql, deps.owner)
  if (dead !== null) return { is: "resumed", run: dead }
  const watched = [...deps.accounts.values()].map(
    ({ account }) => account.options.expiry.watchForMs,
  )
  const firstMs = Math.max(0, ...watched)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const run = await startRun(
      deps.sql,
      { ...request, overlapMs: OVERLAP_MS, firstMs },
      deps.owner,
      deps.now(),
    )
    if (run !== null) return { is: "started", run }
    const other = await runningRun(deps.sql)
    if (other !== null) return { is: "busy", run: other }
    if (request.notWithinMs > 0) break
    // The one that was in the way has just ended.
    await deps.sleep(RETRY_MS)
  }
  return { is: "too_soon" }
}

/**
 * Walks the payments of a run and brings each forward by the same work as ever, so that a missed webhook
 * heals; then compares ledger, Kobbopay and Medusa. The cursor is committed with each batch's figures: a
 * run that is taken over goes on from there. Returns the run as it stands at the end.
 *
 * A read that fails is counted and nothing else: nothing is cancelled, closed or called drift over it.
 */
export async function runReconciliation(
  deps: Deps,
  run: ReconciliationRow,
): Promise<ReconciliationRow> {
  const heartbeat = setInterval(() => {
    renewRun(deps.sql, run).catch((cause: unknown) => {
      deps.log.warn(`kobbopay: the lease of ${run.id} was not renewed: ${errorText(cause)}`)
    })
  }, RUN_LEASE_MS / 3)
  try {
    await walk(deps, run)
  } catch (cause) {
    if (!(cause instanceof RunLost)) {
      await releaseRun(deps.sql, run, errorText(cause)).catch(() => 0)
    }
    deps.log.warn(`kobbopay: reconciliation ${run.id} stopped here: ${errorText(cause)}`)
  } finally {
    clearInterval(heartbeat)
  }
  return (await runById(deps.sql, run.id).catch(() => null)) ?? run
}

async function walk(deps: Deps, run: ReconciliationRow): Promise<void> {
  const listener = new Listener(deps, run.pauses)
  for (let after = run.cursor; ;) {
    const batch = await paymentsToReconcile(deps.sql, run, after, BATCH)
    const last = batch.at(-1)
    if (last === undefined) break
    if (!(await renewRun(deps.sql, run))) throw new RunLost(run.id)
    const findings = await workBatch(deps, listener, batch)
    await stamp(deps, findings)
    await commitBatch(deps.sql, run, {
      cursor: last.id,
      tally: tallyOf(findings),
      pauses: listener.pauses(),
      lastError: listener.lastError(),
    })
    after = last.id
  }
  await finishRun(deps.sql, run, deps.now())
  await checkAccounts({ ...deps, accounts: [...deps.accounts.values()].map((one) => one.account) })
  const done = await runById(deps.sql, run.id)
  if (done !== null) deps.log.info(`kobbopay: reconciliation ${run.id} done: ${inWords(done)}`)
}

const inWords = (run: ReconciliationRow): string =>
  `${run.payments} payments, ${run.read} read, ${run.moved} moved, ${run.failed_reads} unread, ` +
  `${run.put_off} put off, drift ${JSON.stringify(run.drift)}`

/** Each account's collections side by side in a few lanes of its own, so that a slow one holds up no other. */
async function workBatch(
  deps: Deps,
  listener: Listener,
  batch: readonly PaymentRow[],
): Promise<Finding[]> {
  const collections = [...groupedBy(batch, (payment) => payment.collection_id).values()]
  const byAccount = groupedBy(collections, (collection) => collection[0]?.account_id)
  const found: Finding[] = []
  const lane = async (left: PaymentRow[][]) => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      found.push(...(await oneCollection(deps, listener, next)))
    }
  }
  await Promise.all(
    [...byAccount.values()].flatMap((ofAccount) =>
      Array.from({ length: SIDE_BY_SIDE }, () => lane(ofAccount)),
    ),
  )
  return found
}

/** One collection that cannot be worked must not keep the run from the others. */
async function oneCollection(
  deps: Deps,
  listener: Listener,
  payments: readonly PaymentRow[],
): Promise<Finding[]> {
  try {
    return await reconcileCollection(deps, listener, payments)
  } catch (cause) {
    const failure = `payment ${payments[0]?.id}: ${errorText(cause)}`
    listener.note(failure)
    deps.log.warn(`kobbopay: ${failure}`)
    return payments.map((payment) => unread(payment, "failed"))
  }
}

/** Payments proven to be readable through their account as it is configured now belong to it. */
async function stamp(deps: Deps, findings: readonly Finding[]): Promise<void> {
  const proven = groupedBy(
    findings.filter((finding) => finding.proven).map((finding) => finding.payment),
    (payment) => payment.account_id,
  )
  for (const [id, payments] of proven) {
    const account = deps.accounts.get(id)?.account
    if (account === undefined) continue
    const ids = payments.map((payment) => payment.id)
    await stampEnvironment(deps.sql, ids, environmentOf(account))
  }
}

function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const byKey = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const some = byKey.get(key)
    if (some === undefined) byKey.set(key, [item])
    else some.push(item)
  }
  return byKey
}

function tallyOf(findings: readonly Finding[]): Tally {
  const count = (how: Finding["outcome"]) => findings.filter((one) => one.outcome === how).length
  const kinds = (which: "mended" | "drift") => {
    const counts: Record<string, number> = {}
    for (const { kind } of findings.flatMap((finding) => finding[which])) {
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    return counts
  }
  return {
    payments: findings.length,
    read: count("read"),
    moved: findings.filter((one) => one.moved).length,
    failedReads: count("failed"),
    putOff: count("put_off"),
    mended: kinds("mended"),
    drift: kinds("drift"),
  }
}
