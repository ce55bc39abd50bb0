import {
  brandAs,
  type CartId,
  type OrderId,
  type ProviderId,
  type SessionId,
} from "../../../src/domain/ids"
import type { MedusaView } from "../../../src/store/medusa-view"

/** What is yielded between: a worker may be overtaken there, or die. */
export type Steps<T> = Generator<undefined, T, undefined>

/** What the order costs, decimal string of the store currency. */
export const TOTAL = "10"
export const PROVIDER = brandAs<ProviderId>("pp_kobbopay_kobbopay")

type Capture = { id: string; amount: string; at: number; provisional: boolean }
type Payment = {
  id: string
  session: SessionId
  capturedAt: number | null
  canceledAt: number | null
  captures: Capture[]
}

/** Medusa's calls to the payment provider. */
export type Provider = {
  /** "pending": there is nothing to place an order for yet. */
  authorize(session: SessionId): Steps<"authorized" | "pending_authorization" | "pending">
  /** False: it throws. */
  capture(session: SessionId): Steps<boolean>
  cancel(session: SessionId): boolean
  initiate(session: SessionId): void
}

/**
 * Medusa 2.21.2 as the plugin meets it: cart, order, stock, sessions, payments and their captures, each
 * of its workflows in the steps between which a process may die.
 */
export class Medusa {
  order: "none" | "open" | "cancelled" = "none"
  /** Pieces of the article that the order holds back. */
  reserved = 0
  sessions: { id: SessionId; status: string }[] = []
  payments: Payment[] = []
  /** Ids of the captures that the order's transactions name. */
  transactions: string[] = []
  /** Told of a cancelled order, unless the process dies before. */
  onCancelled: () => void = () => undefined
  #ids = 0
  #placedAt: Date | null = null
  readonly #began: Date

  constructor(
    private readonly provider: Provider,
    private readonly now: () => number,
    private readonly onCaptured: (session: SessionId) => void,
  ) {
    this.#began = new Date(now())
  }

  addSession(id: SessionId): void {
    this.sessions.push({ id, status: "pending" })
  }

  view(): MedusaView {
    return {
      cartId: brandAs<CartId>("cart"),
      orderId: this.order === "none" ? null : brandAs<OrderId>("order"),
      order: this.order,
      amount: TOTAL,
      currencyCode: "usd",
      total: TOTAL,
      pending: null,
      elsewhere: [],
      isClosed: false,
      placedAt: this.#placedAt,
      collections: 1,
      sessions: this.sessions.map(({ id, status }) => ({
        id,
        status,
        provider_id: PROVIDER,
        amount: TOTAL,
        currency_code: "usd",
        created_at: this.#began,
      })),
      payments: this.payments.map((one) => ({
        id: one.id,
        payment_session_id: one.session,
        provider_id: PROVIDER,
        amount: TOTAL,
        captured_at: one.capturedAt === null ? null : new Date(one.capturedAt),
        canceled_at: one.canceledAt === null ? null : new Date(one.canceledAt),
        captures: one.captures.map(({ id, amount, at }) => ({
          id,
          amount,
          created_at: new Date(at),
        })),
        refunds: [],
      })),
      creditLines: [],
      transactions: this.transactions.map((id) => ({ reference: "capture", reference_id: id })),
    }
  }

  /** A session of the plugin's provider, made by the worker. */
  *createSession(): Steps<void> {
    const id = brandAs<SessionId>(this.#id("session-made"))
    this.addSession(id)
    yield
    this.provider.initiate(id)
  }

  /** Places the order with its stock, then asks for the first session's authorization. Why not, or null. */
  *completeCart(): Steps<string | null> {
    const [first] = this.sessions
    if (this.order !== "none" || first === undefined) return null
    this.order = "open"
    this.#placedAt = new Date(this.now())
    this.reserved += 1
    yield
    if (yield* this.authorize(first.id)) return null
    this.order = "none"
    this.#placedAt = null
    this.reserved -= 1
    return "the payment is not authorized"
  }

  /** False when the session is not ready for an order. */
  *authorize(id: SessionId): Steps<boolean> {
    const session = this.sessions.find((one) => one.id === id)
    if (session === undefined) return false
    if (this.#paymentOn(id) !== undefined) return true
    const status = yield* this.provider.authorize(id)
    yield
    if (status === "pending") return false
    session.status = status
    // Of two at once Medusa keeps one Payment.
    if (status !== "authorized" || this.#paymentOn(id) !== undefined) return true
    this.payments.push({
      id: this.#id("pay"),
      session: id,
      capturedAt: null,
      canceledAt: null,
      captures: [],
    })
    return true
  }

  /** Books a capture, asks the provider (taking it back when that refuses), marks it, then the order. */
  *capture(id: string, rest: string | null): Steps<string | null> {
    const payment = this.#payment(id)
    if (payment.canceledAt !== null) return "the payment was cancelled"
    if (payment.capturedAt === null) {
      const amount = rest ?? TOTAL
      const booked = payment.captures.reduce((sum, one) => sum + Number(one.amount), 0)
      if (booked + Number(amount) > Number(TOTAL)) return "more than what is left to capture"
      const capture: Capture = { id: this.#id("cap"), amount, at: this.now(), provisional: true }
      payment.captures.push(capture)
      yield
      if (!(yield* this.provider.capture(payment.session))) {
        payment.captures = payment.captures.filter((one) => one !== capture)
        return "the provider refuses"
      }
      yield
      this.#mark(payment)
    }
    yield
    for (const { id: booked } of payment.captures) {
      if (!this.transactions.includes(booked)) this.transactions.push(booked)
    }
    return null
  }

  *finishCapture(id: string): Steps<void> {
    this.#mark(this.#payment(id))
    yield
  }

  #mark(payment: Payment): void {
    payment.capturedAt = this.now()
    for (const capture of payment.captures) capture.provisional = false
    this.onCaptured(payment.session)
  }

  /** Releases the stock, and cancels what was not captured, unless the provider refuses. */
  *cancelOrder(): Steps<void> {
    if (this.order !== "open") return
    for (const payment of this.payments) {
      if (payment.captures.length === 0 && this.provider.cancel(payment.session)) {
        payment.canceledAt = this.now()
      }
    }
    this.order = "cancelled"
    this.reserved -= 1
    yield
    this.onCancelled()
  }

  #paymentOn(session: SessionId): Payment | undefined {
    return this.payments.find((one) => one.session === session && one.canceledAt === null)
  }

  #payment(id: string): Payment {
    const payment = this.payments.find((one) => one.id === id)
    if (payment === undefined) throw new Error(`there is no payment ${id}`)
    return payment
  }

  #id(prefix: string): string {
    this.#ids += 1
    return `${prefix}-${this.#ids}`
  }
}
