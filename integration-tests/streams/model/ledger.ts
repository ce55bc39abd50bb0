import { brandAs, type EventRowId, type SessionId } from "../../../src/domain/ids"
import type { EventReport, judge, OrderFacts } from "../../../src/domain/judge"
import { CONDITIONS, type ExceptionClass } from "../../../src/domain/exception-classes"
import { reportsMoney } from "../../../src/domain/observation"
import type { PaymentState, Reading } from "../../../src/domain/reading"
import type { Rules } from "../../../src/domain/rules"
import { nextCheck } from "../../../src/domain/schedule"
import { LEASE_MS } from "../../../src/store/collections"
import type { Shown } from "../../../src/store/order-facts"
import { holdsMoney } from "../../../src/store/payment"
import type { Sent } from "./kobbopay"
import { knownOf, newRow, type EventRow, type Lease, type Row } from "./rows"

/** Thrown by a write whose lease was taken over. */
export class LeaseLost extends Error {}

export type Judge = typeof judge

/** The ledger, inbox and exceptions of one collection, in memory: each method is one transaction. */
export class Ledger {
  readonly rows: Row[]
  readonly events: EventRow[] = []
  /** How often a read was judged. */
  changes = 0
  /** Open exceptions, as `payment class`. */
  readonly open = new Set<string>()
  readonly collection = {
    owner: null as string | null,
    leaseUntil: null as number | null,
    fence: 0,
    wakes: 0,
    failures: 0,
    dueAt: null as number | null,
    cancellingAt: null as number | null,
    orderCancelledAt: null as number | null,
  }

  constructor(
    payments: number,
    private readonly judge: Judge,
    private readonly rules: Rules,
    private readonly now: () => number,
  ) {
    const at = new Date(now())
    this.rows = Array.from({ length: payments }, (_, number) => newRow(number, at))
  }

  /** A webhook: recorded and routed; one seen before brings the next check forward. */
  record(event: Sent): void {
    const known = this.events.find((one) => one.id === brandAs<EventRowId>(event.id))
    if (known === undefined) {
      this.events.push({
        id: brandAs<EventRowId>(event.id),
        payment: event.payment,
        reportedState: event.reportedState,
        receivedAt: this.now(),
        nextAttemptAt: this.now(),
        attempts: 0,
        state: "received",
      })
    } else {
      if (known.state === "received") known.nextAttemptAt = this.now()
      const row = this.row(event.payment)
      if (row.state !== "confirmed") row.next_check_at = new Date(this.now())
    }
    this.wake()
  }

  row(number: number): Row {
    const row = this.rows[number]
    if (row === undefined) throw new Error(`there is no payment ${number}`)
    return row
  }

  wake(): void {
    this.collection.dueAt = Math.min(this.collection.dueAt ?? this.now(), this.now())
    this.collection.wakes += 1
  }

  claim(owner: string): Lease | null {
    const { collection } = this
    const isDue = collection.dueAt !== null && collection.dueAt <= this.now()
    if (!isDue || (collection.leaseUntil !== null && collection.leaseUntil >= this.now()))
      return null
    collection.fence += 1
    collection.owner = owner
    collection.leaseUntil = this.now() + LEASE_MS
    return {
      owner,
      fence: collection.fence,
      wakes: collection.wakes,
      failures: collection.failures,
    }
  }

  /** False when the lease was taken over. */
  renew(lease: Lease): boolean {
    const { collection } = this
    if (collection.fence !== lease.fence || collection.owner !== lease.owner) return false
    collection.leaseUntil = this.now() + LEASE_MS
    return true
  }

  release(lease: Lease, next: number | null, failure: string | null): void {
    const { collection } = this
    if (collection.fence !== lease.fence) return
    collection.owner = null
    collection.leaseUntil = null
    collection.dueAt =
      collection.wakes === lease.wakes ? next : Math.min(next ?? this.now(), this.now())
    collection.failures = failure === null ? 0 : collection.failures + 1
  }

  #lock(lease: Lease | null): void {
    if (lease !== null && this.collection.fence !== lease.fence) throw new LeaseLost("taken over")
  }

  /** Judges a read and keeps what is decided: `observe` of the store, over these rows. */
  observe(check: {
    number: number
    lease: Lease | null
    reading: Reading
    readAt: number
    reports: readonly EventReport[]
    facts: OrderFacts
  }): ReadonlySet<EventRowId> {
    this.#lock(check.lease)
    const { collection, rules } = this
    const row = this.row(check.number)
    if (row.last_read_at !== null && row.last_read_at.getTime() > check.readAt) return new Set()
    const now = new Date(this.now())
    const { facts } = check
    const { decision, fit, transfers, receivedMinor, met } = this.judge(knownOf(row), {
      ...check,
      isTransferTaken: false,
      rules,
      now,
      order: {
        ...facts,
        order:
          collection.orderCancelledAt !== null
            ? "cancelled"
            : collection.cancellingAt !== null
              ? "cancelling"
              : facts.order,
        covered: facts.covered || (!facts.settled && this.#hasSettlingSibling(row)),
      },
    })
    const heldBack = (["duplicate_payment", "order_cancelled", "superseded"] as const).some(
      (found) => this.open.has(`${row.number} ${found}`),
    )
    const target = check.lease === null && heldBack ? "nothing" : decision.target
    const { state } = decision
    const before = row.target
    this.changes += 1
    row.state = state
    row.target = target
    row.received_minor = receivedMinor
    row.transfers = transfers.map((one) => ({ ...one, trackerId: one.trackerId }))
    row.amount_fit = fit.amount === "none" ? null : fit.amount
    if (fit.amount !== "none" || state === "paid" || state === "confirmed")
      row.money_seen_at ??= now
    if (state === "confirmed") row.confirmed_at ??= now
    if (state === "expired" || state === "failed") row.ended_at ??= now
    if (target !== before) row.converged_at = null
    row.last_read_at = now
    row.next_check_at = this.#nextCheckOf(row, state, check, now)
    row.failures = 0
    for (const found of decision.exceptions) this.open.add(`${row.number} ${found}`)
    const judged: readonly ExceptionClass[] =
      check.lease === null ? ["underpaid", "amount_unknown"] : CONDITIONS
    for (const found of judged) {
      if (!decision.exceptions.includes(found)) this.open.delete(`${row.number} ${found}`)
    }
    if (check.lease === null && target !== before) this.wake()
    return met
  }

  #hasSettlingSibling(row: Row): boolean {
    return this.rows.some(
      (other) => other !== row && (other.target === "authorized" || other.target === "captured"),
    )
  }

  #nextCheckOf(
    row: Row,
    state: PaymentState,
    { reading, facts }: { reading: Reading; facts: OrderFacts },
    now: Date,
  ): Date | null {
    const next = nextCheck(row.created_at, now, this.rules.watchForMs, facts.placedAt !== null)
    if (state !== "pending" || next === null) return next
    const since = Math.min(row.created_at.getTime(), facts.placedAt?.getTime() ?? Infinity)
    const window = row.window_ends_at.getTime()
    const ends = [
      reading.transferFailed === true ? window : Infinity,
      Math.max(since + this.rules.closePendingAfterMs, window),
    ].filter((at) => at > now.getTime())
    return new Date(Math.min(next.getTime(), ...ends))
  }

  /** `sessionsOf` of the store. */
  shown(): Shown[] {
    return this.rows.flatMap((row) =>
      row.sessions.map((session) => ({
        session,
        payment: row.id,
        settles: row.target === "authorized" || row.target === "captured",
      })),
    )
  }

  /** A session shows one payment; money that came while none showed it can settle now. */
  attachSession(session: SessionId, row: Row): void {
    for (const other of this.rows) other.sessions = other.sessions.filter((one) => one !== session)
    row.sessions = [session, ...row.sessions]
    if (row.money_seen_at !== null) this.wake()
  }

  claimSession(row: Row, session: SessionId): boolean {
    if (row.settled_session_id !== null && row.settled_session_id !== session) return false
    row.settled_session_id = session
    return true
  }

  markConverged(row: Row, target: Row["target"]): void {
    if (row.target !== target) return
    row.converged_at = new Date(this.now())
    if (target === "captured") row.captured_at ??= row.converged_at
  }

  /** The conditional statement of `markCancelling`. */
  markCancelling(lease: Lease): boolean {
    this.#lock(lease)
    const { collection } = this
    const free =
      collection.cancellingAt === null &&
      this.rows.every((row) => row.target === "order_cancelled" && !holdsMoney(row)) &&
      this.events.every(
        ({ state, reportedState: reported }) =>
          state === "done" ||
          (state === "dead" && (reported === null || !reportsMoney({ state: reported }))),
      )
    if (free) collection.cancellingAt = this.now()
    return free
  }

  clearCancelling(lease: Lease): void {
    if (this.collection.fence === lease.fence) this.collection.cancellingAt = null
  }

  recordOrderCancelled(): void {
    this.collection.orderCancelledAt ??= this.now()
    this.collection.cancellingAt = null
    this.wake()
  }

  finishEvent(event: EventRow, state: "done" | "dead"): void {
    event.state = state
    event.nextAttemptAt = null
    event.attempts += 1
  }

  /** Puts an event off, unless somebody woke it since it was seen with `nextAttemptAt`. */
  retryEvent(event: EventRow, seen: number | null, at: number): void {
    if (event.state !== "received" || event.nextAttemptAt !== seen) return
    event.attempts += 1
    event.nextAttemptAt = at
  }
}
