import { amountSchema, decimalsOf, same } from "./amounts"
import { addressFor, chainOf, hashFor, memoFor } from "./chains"
import { SandboxError } from "./errors"
import {
  isCovered,
  isSettled,
  type KnownPayments,
  type Payment,
  type ProfileName,
  withConfirmed,
  withTransfer,
} from "./payments"

/** What a shop's create asks for. */
export type NewPayment = {
  profile: ProfileName
  reference: string
  token: string
  asset: string
  network: string
  /** Decimal string; null in the invoice profile. */
  asked: string | null
}

/** One transfer to make. `amount` is exactly what is sent; `asked`, when told, what is owed. */
type NewTransfer = {
  amount: string
  asked?: string | undefined
  token?: string | undefined
  hash?: string | undefined
}

/** How far reads stay behind the truth. */
type Lag = { ms: number; reads: number }

type BookOptions = {
  now: () => number
  /** Makes an id that never comes back, with the given beginning. */
  newId: (prefix: string) => string
  /** Told of every event, after the change it speaks of. */
  announce: (payment: Payment, event: string) => void
  expireAfterMs: number | null
  memoTokens: readonly string[]
  /** What an earlier stand-in knew. */
  known?: KnownPayments | undefined
  /** Keeps what is known, before anybody is told of a change. */
  keep?: ((known: KnownPayments) => void) | undefined
}

type Entry = {
  versions: { payment: Payment; since: number }[]
  /** Index of the version that lagging reads show, and how often they showed it since it was old. */
  shown: number
  oldReads: number
  expiry: NodeJS.Timeout | null
}

/** Every payment the stand-in knows, and the only place where one changes. */
export class PaymentBook {
  readonly #entries = new Map<string, Entry>()
  readonly #byReference = new Map<string, { payments: string[]; creates: number }>()
  readonly #earlierTrackers = new Map<string, string>()

  constructor(private readonly options: BookOptions) {
    for (const payment of options.known?.payments ?? []) {
      this.#enter(payment)
      for (const { trackerId } of payment.transfers)
        this.#earlierTrackers.set(trackerId, payment.id)
      this.#earlierTrackers.set(payment.failureTrackerId, payment.id)
    }
    for (const [reference, row] of Object.entries(options.known?.references ?? {})) {
      this.#byReference.set(reference, structuredClone(row))
    }
  }

  /** The payment of a transaction that an earlier stand-in already handed out; null: none. */
  earlierOwnerOf(trackerId: string): string | null {
    return this.#earlierTrackers.get(trackerId) ?? null
  }

  /**
   * Carries out a create. The same reference and token answer the same payment, unless `forgetful`.
   * Throws a SandboxError (409) when the amount differs from the first create's.
   */
  create(requested: NewPayment, forgetful: boolean): Payment {
    const reference = this.#byReference.get(requested.reference) ?? { payments: [], creates: 0 }
    this.#byReference.set(requested.reference, reference)
    const known = forgetful ? undefined : this.#repeated(requested, reference.payments)
    reference.creates += 1
    if (known) return known

    const { now, newId, expireAfterMs, memoTokens } = this.options
    const id = newId(requested.profile === "docs" ? "pay_" : "trk_")
    const createdAt = now()
    const payment: Payment = {
      ...requested,
      id,
      address: addressFor(requested.token, id),
      memo: memoTokens.includes(requested.token) ? memoFor(id) : null,
      createdAt,
      expiresAt: expireAfterMs === null ? null : createdAt + expireAfterMs,
      transfers: [],
      ended: null,
      failureTrackerId: newId("ttk_"),
    }
    this.#enter(payment)
    reference.payments.push(id)
    this.#keep()
    this.options.announce(payment, "payment.created")
    return payment
  }

  /** The truth about a payment, by its id or by the newest one of a reference; null: none. */
  find(idOrReference: string): Payment | null {
    const id = this.#entries.has(idOrReference)
      ? idOrReference
      : this.#byReference.get(idOrReference)?.payments.at(-1)
    const entry = id === undefined ? undefined : this.#entries.get(id)
    return entry ? latest(entry) : null
  }

  /** As `find`, but throws a SandboxError (404). */
  get(idOrReference: string): Payment {
    const payment = this.find(idOrReference)
    if (!payment) throw new SandboxError(404, `there is no payment "${idOrReference}"`)
    return payment
  }

  list(): Payment[] {
    return [...this.#entries.values()].map(latest)
  }

  /** How often each reference was created, and which payments came of it. */
  references(): Record<string, { creates: number; payments: string[] }> {
    const rows = [...this.#byReference]
    return Object.fromEntries(rows.map(([reference, row]) => [reference, structuredClone(row)]))
  }

  /** What a read of the API may see of a payment; each call counts as one read. */
  read(id: string, lag: Lag): Payment | null {
    const entry = this.#entries.get(id)
    if (!entry) return null
    const newest = entry.versions.length - 1
    if (entry.shown < newest) {
      const old = entry.oldReads < lag.reads
      entry.oldReads = old ? entry.oldReads + 1 : 0
      if (!old) entry.shown = newest
    }
    return this.glance(id, lag)
  }

  /** As `read`, but does not count as one: for the second call of a read in two calls. */
  glance(id: string, lag: Lag): Payment | null {
    const entry = this.#entries.get(id)
    if (!entry) return null
    const counted = lag.reads === 0 ? entry.versions.length - 1 : entry.shown
    const ripe = entry.versions.findLastIndex(({ since }) => since <= this.options.now() - lag.ms)
    return entry.versions[Math.max(0, Math.min(counted, ripe))]?.payment ?? null
  }

  /** Sends money to a payment's address. Throws a SandboxError on an impossible transfer. */
  transfer(id: string, { amount, asked, token, hash }: NewTransfer): Payment {
    const before = this.get(id)
    const paidIn = token ?? before.token
    checkAmount(amount, paidIn)
    if (asked !== undefined) checkAmount(asked, before.token)
    const number = before.transfers.length + 1
    const transfer = {
      hash: hash ?? hashFor(paidIn, `${before.id} ${number}`),
      trackerId: this.options.newId("ttk_"),
      token: paidIn,
      amount,
      confirmed: false,
      at: this.options.now(),
    }
    if (before.transfers.some((earlier) => earlier.hash === transfer.hash)) {
      throw new SandboxError(409, `this payment already has a transfer with hash ${transfer.hash}`)
    }
    const owed = { ...before, asked: asked ?? before.asked }
    return this.#change(withTransfer(owed, transfer), (after) =>
      isCovered(after) ? "payment.paid" : "payment.partial",
    )
  }

  /** Makes one transfer final, or all. Throws a SandboxError (409) when there is none. */
  confirm(id: string, hash: string | null): Payment {
    const before = this.get(id)
    if (!before.transfers.some((transfer) => hash === null || transfer.hash === hash)) {
      throw new SandboxError(409, "there is no transfer to confirm: pay first")
    }
    return this.#change(withConfirmed(before, hash), (after) =>
      isSettled(after) ? "payment.confirmed" : "payment.partial_settled",
    )
  }

  expire(id: string): Payment {
    return this.#change({ ...this.get(id), ended: "Expired" }, () => "payment.expired")
  }

  fail(id: string): Payment {
    return this.#change({ ...this.get(id), ended: "Failed" }, () => "payment.failed")
  }

  /** Stops the expiry clocks. */
  close(): void {
    for (const { expiry } of this.#entries.values()) if (expiry) clearTimeout(expiry)
  }

  #repeated(requested: NewPayment, ids: readonly string[]): Payment | undefined {
    const known = ids
      .map((id) => this.get(id))
      .find(({ profile, token }) => profile === requested.profile && token === requested.token)
    const differs = known?.asked && requested.asked && !same(known.asked, requested.asked)
    if (differs && known.profile === "docs") {
      throw new SandboxError(409, "this reference was used before with another amount")
    }
    return known
  }

  #enter(payment: Payment): void {
    const { now } = this.options
    const versions = [{ payment, since: payment.createdAt }]
    const entry: Entry = { versions, shown: 0, oldReads: 0, expiry: null }
    if (payment.expiresAt !== null && payment.ended === null) {
      const left = Math.max(0, payment.expiresAt - now())
      entry.expiry = setTimeout(() => this.#runOut(payment.id), left).unref()
    }
    this.#entries.set(payment.id, entry)
  }

  #keep(): void {
    this.options.keep?.({ payments: this.list(), references: this.references() })
  }

  #runOut(id: string): void {
    const payment = this.get(id)
    if (payment.ended === null && !isCovered(payment)) this.expire(id)
  }

  #change(after: Payment, event: (after: Payment) => string): Payment {
    this.#entries.get(after.id)?.versions.push({ payment: after, since: this.options.now() })
    this.#keep()
    this.options.announce(after, event(after))
    return after
  }
}

function latest(entry: Entry): Payment {
  const version = entry.versions.at(-1)
  if (!version) throw new Error("a payment without a version")
  return version.payment
}

function checkAmount(amount: string, token: string): void {
  const parsed = amountSchema.safeParse(amount)
  if (!parsed.success) {
    throw new SandboxError(400, `amount: ${parsed.error.issues[0]?.message ?? "not an amount"}`)
  }
  const { decimals } = chainOf(token)
  if (decimalsOf(amount) > decimals) {
    throw new SandboxError(400, `amount: ${token} has only ${decimals} decimals`)
  }
}
