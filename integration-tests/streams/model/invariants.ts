import type { SessionId } from "../../../src/domain/ids"
import type { PaymentState } from "../../../src/domain/reading"
import type { Rules } from "../../../src/domain/rules"
import type { Kobbopay } from "./kobbopay"
import type { Ledger } from "./ledger"
import { TOTAL, type Medusa } from "./medusa"
import type { Row } from "./rows"
import { ASKED, ownSum, wordOf, type Truth } from "./truth"

const RANK: Record<PaymentState, number> = {
  creating: 0,
  pending: 1,
  partial: 2,
  expired: 2,
  failed: 2,
  paid: 3,
  confirmed: 4,
}

/** What broke, in the words of the design. */
export class Broken extends Error {}

type Seen = {
  state: PaymentState
  received: bigint
  moneySeen: boolean
  fit: boolean
  transfers: number
}

/**
 * What must hold after every single step of a stream, judged by the truth and by what was shown of it,
 * not by the rules under test.
 */
export class Invariants {
  readonly #before: Seen[]
  #captured = 0
  #changes = 0
  #ended = false

  constructor(
    private readonly truth: Truth,
    private readonly rules: Rules,
    private readonly of: {
      kobbopay: Kobbopay
      ledger: Ledger
      medusa: Medusa
      entitlement: string
    },
  ) {
    this.#before = of.ledger.rows.map(seenOf)
  }

  /** Called when Medusa marks a payment captured. */
  captured(session: SessionId): void {
    const row = this.of.ledger.rows.find((one) => one.sessions.includes(session))
    if (row === undefined) throw new Broken("a capture for no payment")
    const least = ASKED - this.rules.tolerance(ASKED, 6).underMinor
    const gate = this.truth.policy.captureOn === "paid" ? ["paid", "confirmed"] : ["confirmed"]
    const shown = [...this.of.kobbopay.shown(row.number)]
    const fits = shown.some(
      (version) => gate.includes(wordOf(this.truth.profile, version)) && ownSum(version) >= least,
    )
    if (!fits) throw new Broken("a capture without a read that says so and fits")
  }

  hold(): void {
    const { ledger, medusa } = this.of
    this.#medusaHolds()
    if (ledger.changes !== this.#changes) {
      this.#changes = ledger.changes
      for (const row of ledger.rows) {
        const before = this.#before[row.number]
        const now = seenOf(row)
        if (before !== undefined) this.#isForward(before, now)
        this.#before[row.number] = now
        this.#isVisible(row)
      }
    }
    if (medusa.order === "cancelled" && !this.#ended) {
      this.#ended = true
      if (
        ledger.collection.cancellingAt !== null ||
        !this.truth.moves.some((one) => one.do === "cancel")
      )
        this.#mayEnd()
    }
    if (this.of.entitlement === "released" && !this.isCovered() && medusa.order === "open") {
      throw new Broken("an entitlement released for an order that is not covered")
    }
  }

  /**
   * At rest, after all: an order that nobody paid is over, and one that is plainly paid is captured.
   * Without this, rules that do nothing at all would do no harm.
   */
  end(): void {
    const { truth } = this
    const { medusa, kobbopay } = this.of
    const did = (...moves: string[]) => truth.moves.some((move) => moves.includes(move.do))
    if (!did("transfer") && medusa.order === "open")
      throw new Broken("an unpaid order is never over")
    if (did("cancel", "wait", "expire", "fail")) return
    const paid = kobbopay.payments.flatMap(({ versions }, number) =>
      versions.length > 1 ? [number] : [],
    )
    const [only] = paid
    if (paid.length !== 1 || only === undefined || only < truth.superseded) return
    if (kobbopay.now(only).transfers.some((one) => one.astray)) return
    const least = ASKED - this.rules.tolerance(ASKED, 6).underMinor
    const isFinal = wordOf(truth.profile, kobbopay.now(only)) === "confirmed"
    if (isFinal && kobbopay.finalMoney(only) >= least && !this.isCovered()) {
      throw new Broken("a plainly paid order is not captured")
    }
  }

  /** Whether captures cover the order. */
  isCovered(): boolean {
    return this.#capturedTotal() >= Number(TOTAL)
  }

  #capturedTotal(): number {
    let sum = 0
    for (const payment of this.of.medusa.payments) {
      for (const one of payment.captures) if (!one.provisional) sum += Number(one.amount)
    }
    return sum
  }

  #medusaHolds(): void {
    const { medusa } = this.of
    const captured = this.#capturedTotal()
    if (captured > Number(TOTAL)) throw new Broken("the order is captured twice")
    if (captured < this.#captured) throw new Broken("a capture went away")
    this.#captured = captured
    if (medusa.transactions.length > medusa.payments.length) {
      throw new Broken("a capture is booked twice on the order")
    }
    let covering = 0
    for (const payment of medusa.payments) if (this.#covers(payment)) covering += 1
    if (covering > 1) throw new Broken("the order is covered twice")
    if (medusa.reserved !== (medusa.order === "open" ? 1 : 0)) {
      throw new Broken("stock held back without an order, or the other way round")
    }
  }

  /**
   * Captured, or about to be. What a read took back before it was captured asks nothing of the order,
   * though Medusa still shows it authorized: another payment may settle beside it.
   */
  #covers({ session, canceledAt, captures }: Medusa["payments"][number]): boolean {
    if (canceledAt !== null) return false
    const row = this.of.ledger.rows.find((one) => one.sessions.includes(session))
    const isSettling = row?.target === "authorized" || row?.target === "captured"
    return isSettling || row === undefined || captures.length > 0
  }

  #isForward(before: Seen, now: Seen): void {
    const ended = before.state === "expired" || before.state === "failed"
    const mayChange = ended && this.truth.policy.latePayments === "accept"
    if (ended && !mayChange && now.state !== before.state) throw new Broken("an end was undone")
    if (!ended && RANK[now.state] < RANK[before.state]) throw new Broken("a state moved backwards")
    if (now.transfers < before.transfers) throw new Broken("a transfer that was seen was forgotten")
    if (now.received < before.received) throw new Broken("money that was seen was taken back")
    if ((before.moneySeen && !now.moneySeen) || (before.fit && !now.fit))
      throw new Broken("money that was seen was forgotten")
  }

  /** Money that a read showed is captured, on its way there, or an open exception. */
  #isVisible(row: Row): void {
    const isSettling = row.target === "authorized" || row.target === "captured"
    const waits = row.state === "paid" && this.truth.policy.authorizeOn === "confirmed"
    if (row.money_seen_at === null || isSettling || waits) return
    const isOpen = [...this.of.ledger.open].some((one) => one.startsWith(`${row.number} `))
    if (!isOpen) throw new Broken("money that was seen is nowhere to be seen")
  }

  /** The worker cancelled the order: every payment was read and ended, and no read ever showed money. */
  #mayEnd(): void {
    for (const row of this.of.ledger.rows) {
      const shown = [...this.of.kobbopay.shown(row.number)]
      if (shown.length === 0) throw new Broken("an order cancelled over a payment nobody read")
      if (shown.some((version) => version.transfers.length > 0 && version.ended !== "failed")) {
        throw new Broken("an order cancelled though money was seen")
      }
      const now = this.of.kobbopay.now(row.number)
      if (now.ended === null && now.transfers.length === 0) this.#isClosed(row)
    }
  }

  #isClosed(row: Row): void {
    if (row.last_read_at === null) throw new Broken("an order cancelled over a payment nobody read")
    const age = row.last_read_at.getTime() - row.created_at.getTime()
    if (age < this.rules.closePendingAfterMs)
      throw new Broken("an open payment's order was cancelled")
  }
}

const seenOf = (row: Row): Seen => ({
  state: row.state,
  received: row.received_minor ?? 0n,
  moneySeen: row.money_seen_at !== null,
  fit: row.amount_fit !== null,
  transfers: row.transfers.length,
})
