import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import type {
  AuthorizePaymentInput,
  AuthorizePaymentOutput,
  CancelPaymentInput,
  CancelPaymentOutput,
  CapturePaymentInput,
  CapturePaymentOutput,
  ConfigModule,
  DeletePaymentInput,
  DeletePaymentOutput,
  GetPaymentStatusInput,
  GetPaymentStatusOutput,
  InitiatePaymentInput,
  InitiatePaymentOutput,
  Logger,
  ProviderWebhookPayload,
  RefundPaymentInput,
  RefundPaymentOutput,
  RetrievePaymentInput,
  RetrievePaymentOutput,
  UpdatePaymentInput,
  UpdatePaymentOutput,
  WebhookActionResult,
} from "@medusajs/framework/types"
import { AbstractPaymentProvider, MathBN, MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { createClient } from "../../kobbopay/client"
import { KobbopayError } from "../../kobbopay/errors"
import { brandAs, type AccountId, type SessionId } from "../../domain/ids"
import {
  OptionsError,
  parseAccountOptions,
  type Account,
  type AccountOptions,
} from "../../kobbopay/options"
import { rulesOf } from "../../kobbopay/account-rules"
import { isMore } from "../../domain/store-amount"
import { Seldom } from "../../kobbopay/seldom"
import { SeldomLog } from "../../kobbopay/seldom-log"
import { RecentReads } from "./recent-reads"
import { plainLine } from "../../domain/text"
import { runtime } from "../../runtime"
import { errorText } from "../../store/error-text"
import { payerView } from "../../store/payer-view"
import { holdsMoney, settledAmount, settlesOrder, type PaymentRow } from "../../store/payment"
import { claimRefund } from "../../store/refunds"
import {
  bookedUnder,
  claimSession,
  mustStay,
  paymentOfSession,
  viewSession,
  type MedusaSession,
  type SessionView,
} from "../../store/sessions"
import {
  showFirstPayment,
  showPayment,
  unavailable,
  type SessionRequest,
  type Checkout,
} from "./checkout"
import { refresh, type Refreshed } from "./own-read"
import { authorizationStatus, whyNotCaptured } from "./status"

type Container = { logger: Logger; __pg_connection__: Knex; configModule: ConfigModule }

const sessionData = z.looseObject({
  session_id: z.string().transform((id) => brandAs<SessionId>(id)),
})
const checkoutData = z.looseObject({ rail: z.string().optional() })

type RequestOf = SessionRequest & { session: SessionId }
type Call = { data?: unknown; context?: { idempotency_key?: string | undefined } | undefined }

/**
 * The session that a call of Medusa is about, by Medusa's own word: it names it, or something booked on it,
 * by the call's key. The session's data is what a shopper posted until `initiatePayment` has returned, so it
 * never names a session where Medusa does.
 */
function sessionOf({ data, context }: Call): SessionId {
  const key = context?.idempotency_key
  return key === undefined ? sessionData.parse(data).session_id : brandAs<SessionId>(key)
}

function askedIn(
  input: Pick<InitiatePaymentInput, "amount" | "currency_code" | "data" | "context">,
): RequestOf {
  const { rail } = checkoutData.parse(input.data ?? {})
  return {
    session: sessionOf(input),
    amount: MathBN.convert(input.amount).toFixed(),
    currencyCode: input.currency_code.toLowerCase(),
    rail,
  }
}

const IDENTIFIER = "kobbopay"

/** Anybody can render a checkout, and let it fail, at any rate. */
const faults = new SeldomLog(() => runtime.now().getTime())
const recent = new RecentReads()

/** Anybody can send one to Medusa's generic route: it is logged once a minute. */
const generic = new Seldom(1)

/**
 * Medusa's side of a Kobbopay payment. Thin: what a payment is, and what may happen to it, is decided
 * by the ledger and the lifecycle; here Medusa's calls are answered from them. Everything it throws is
 * a MedusaError: a plain one is swallowed on an order that awaits its payment.
 */
export class KobbopayProviderService extends AbstractPaymentProvider<Record<string, unknown>> {
  static override identifier = IDENTIFIER

  readonly #logger: Logger
  readonly #sql: Knex
  readonly #options: AccountOptions
  /** Null until a session showed under which id Medusa knows this provider; all of them show the same. */
  #known: Checkout | null = null

  constructor(container: Container, options: Record<string, unknown>) {
    super(container, options)
    this.#logger = container.logger
    this.#sql = container.__pg_connection__
    this.#options = parseAccountOptions(options)
  }

  /** @throws MedusaError naming every faulty key and its fix */
  static override validateOptions(options: Record<string, unknown>): void {
    try {
      parseAccountOptions(options)
    } catch (cause) {
      if (!(cause instanceof OptionsError)) throw cause
      throw new MedusaError(MedusaError.Types.INVALID_DATA, cause.message)
    }
  }

  /** Creates or reuses the payment that the session shows; several calls show one payment. */
  async initiatePayment(input: InitiatePaymentInput): Promise<InitiatePaymentOutput> {
    return this.#guarded("initiate", async () => {
      const asked = askedIn(input)
      const first =
        this.#known === null ? null : await showFirstPayment(this.#known, asked.session, asked)
      const payment = first ?? (await this.#show(asked))
      return { id: payment.id, status: "pending", data: this.#data(asked.session, payment) }
    })
  }

  /** Gives the same session the payment that fits the new amount, or a fresh one after its window. */
  async updatePayment(input: UpdatePaymentInput): Promise<UpdatePaymentOutput> {
    return this.#guarded("update", async () => {
      const asked = askedIn(input)
      return { data: this.#data(asked.session, await this.#show(asked)) }
    })
  }

  async #show(asked: RequestOf): Promise<PaymentRow> {
    const view = await this.#view(asked.session)
    return showPayment(this.#checkout(view.session), view, asked)
  }

  /**
   * What a fresh read makes of the payment: `authorized` when it settles, else the order waits
   * (`pending_authorization`), or is not placed yet (`pending`, by `placeOrder: "after-payment"`).
   * Never `captured`: captures go one way, through the worker.
   */
  async authorizePayment(input: AuthorizePaymentInput): Promise<AuthorizePaymentOutput> {
    return this.#guarded("authorize", async () => {
      const { session, ...seen } = await this.#refreshed(sessionOf(input))
      const { payment } = seen
      const settles = authorizationStatus(seen, session, this.#options, runtime.now())
      // Several sessions may show one payment, and Medusa would book its money on each.
      const status =
        settles !== "authorized" || (await claimSession(this.#sql, payment.id, session.session_id))
          ? settles
          : "pending_authorization"
      return { status, data: this.#data(session.session_id, payment) }
    })
  }

  /** Lets Medusa book a capture only when the lifecycle asks for it: Confirmed (or by option) and fitting. */
  async capturePayment(input: CapturePaymentInput): Promise<CapturePaymentOutput> {
    return this.#guarded("capture", async () => {
      const booked = await this.#booked(input)
      const { session, payment } = await this.#refreshed(booked.session)
      if (payment.target !== "captured") {
        throw new MedusaError(MedusaError.Types.NOT_ALLOWED, whyNotCaptured(payment))
      }
      const settles = settledAmount(payment)
      if (isMore(booked.captured, settles, payment.currency_code)) {
        throw new MedusaError(
          MedusaError.Types.NOT_ALLOWED,
          `Nothing was captured: Kobbopay payment ${payment.id} settles ${settles} ${payment.currency_code} of this order, not ${booked.captured}. It is captured by itself.`,
        )
      }
      if (!(await claimSession(this.#sql, payment.id, session.session_id))) {
        throw new MedusaError(
          MedusaError.Types.NOT_ALLOWED,
          `Nothing was captured: Kobbopay payment ${payment.id} is booked on another payment session of this order.`,
        )
      }
      return { data: this.#data(session.session_id, payment) }
    })
  }

  /** Refuses once money was seen: a payment that Medusa cancels can never be captured. */
  async cancelPayment(input: CancelPaymentInput): Promise<CancelPaymentOutput> {
    return this.#guarded("cancel", async () => {
      const payment = await this.#payment(input)
      if (payment !== null && holdsMoney(payment)) {
        throw new MedusaError(
          MedusaError.Types.NOT_ALLOWED,
          // A shopper reads this too, whose order could not be placed after all.
          `Money has arrived on Kobbopay payment ${payment.id}, so it is kept and not cancelled. There is no need to pay again. If the order is not placed after all, the store sends it back from its Kobbopay balance and records the refund.`,
        )
      }
      return { data: input.data ?? {} }
    })
  }

  /**
   * Refuses once money was seen. That the session is gone, Medusa's own row says afterwards: a call that
   * names it only by its data, which may be a shopper's, changes nothing here.
   */
  async deletePayment(input: DeletePaymentInput): Promise<DeletePaymentOutput> {
    return this.#guarded("delete", async () => {
      const parsed = sessionData.safeParse(input.data)
      // Medusa's clean-up after a failed initiate sends no session id: nothing was attached then.
      if (parsed.success && (await mustStay(this.#sql, parsed.data.session_id))) {
        throw new MedusaError(
          MedusaError.Types.NOT_ALLOWED,
          "Money has arrived for this order: its payment session must stay.",
        )
      }
      return { data: input.data ?? {} }
    })
  }

  /** Lets Medusa book only a refund that was recorded: Kobbopay itself sends nothing back. */
  async refundPayment(input: RefundPaymentInput): Promise<RefundPaymentOutput> {
    return this.#guarded("refund", async () => {
      const payment = await this.#payment(input)
      const id = input.context?.idempotency_key
      const amount = MathBN.convert(input.amount).toFixed()
      if (
        payment === null ||
        id === undefined ||
        !(await claimRefund(this.#sql, payment, { id, amount }))
      ) {
        throw new MedusaError(
          MedusaError.Types.NOT_ALLOWED,
          "Kobbopay has no refund call, so nothing was refunded. Send the money back from your Kobbopay balance or wallet to an address the customer confirms, keep the transaction hash, and record the refund.",
        )
      }
      return { data: input.data ?? {} }
    })
  }

  async getPaymentStatus(input: GetPaymentStatusInput): Promise<GetPaymentStatusOutput> {
    return this.#guarded("status", async () => {
      const { session, payment } = await this.#refreshed(sessionOf(input))
      const over = payment.state === "expired" || payment.state === "failed"
      const placed = session.status === "pending_authorization"
      const settles = settlesOrder(payment)
      const waiting = placed ? "pending_authorization" : over ? "canceled" : "pending"
      return {
        status: settles ? "authorized" : waiting,
        data: this.#data(session.session_id, payment),
      }
    })
  }

  async retrievePayment(input: RetrievePaymentInput): Promise<RetrievePaymentOutput> {
    return this.#guarded("retrieve", async () => {
      const { session, payment } = await this.#refreshed(sessionOf(input))
      return { data: this.#data(session.session_id, payment) }
    })
  }

  /**
   * Medusa's own webhook route answers before anything is stored and may complete another shopper's
   * cart, so it is given nothing to do.
   */
  async getWebhookActionAndData(
    _payload: ProviderWebhookPayload["payload"],
  ): Promise<WebhookActionResult> {
    if (!generic.maySay("generic", "", runtime.now().getTime())) return { action: "not_supported" }
    this.#logger.warn(
      "kobbopay: a webhook came to Medusa's generic route and was ignored. Set the webhook URL at Kobbopay to <your backend>/hooks/kobbopay",
    )
    return { action: "not_supported" }
  }

  async #refreshed(id: SessionId): Promise<Refreshed & { session: MedusaSession }> {
    const view = await this.#view(id)
    const payment = view.payments.find((one) => one.is_shown)
    if (payment === undefined) throw unavailable()
    const checkout = this.#checkout(view.session)
    const { client, account } = checkout
    const rules = rulesOf(account)
    const deps = {
      sql: this.#sql,
      client,
      account,
      rules,
      now: runtime.now,
      log: this.#logger,
      unread: faults,
      recent,
    }
    return { session: view.session, ...(await refresh(deps, view, payment)) }
  }

  /**
   * The session on which Medusa books, and what its captures come to, the one under way included. Named by
   * the Payment, capture or refund that the call is about; by the Payment's own data, which this provider
   * wrote, where Medusa has not made one yet.
   */
  async #booked(call: Call): Promise<{ session: SessionId; captured: string }> {
    const key = call.context?.idempotency_key
    const booked = key === undefined ? null : await bookedUnder(this.#sql, key)
    return booked === null
      ? { session: sessionData.parse(call.data).session_id, captured: "0" }
      : { session: booked.session_id, captured: booked.captured }
  }

  /** The payment on which Medusa books, as the ledger has it; null when nothing names its session. */
  async #payment(call: Call): Promise<PaymentRow | null> {
    const isNamed = sessionData.safeParse(call.data).success
    if (!isNamed && call.context?.idempotency_key === undefined) return null
    return paymentOfSession(this.#sql, (await this.#booked(call)).session)
  }

  async #view(id: SessionId): Promise<SessionView> {
    const view = await viewSession(this.#sql, id)
    if (view !== null) return view
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      `There is no payment session ${plainLine(id)}`,
    )
  }

  /** The account of a session: Medusa's provider id alone tells its id. */
  #checkout(session: MedusaSession): Checkout {
    if (this.#known?.account.providerId === session.provider_id) return this.#known
    const account: Account = {
      id: brandAs<AccountId>(session.provider_id.replace(`pp_${IDENTIFIER}_`, "")),
      providerId: session.provider_id,
      options: this.#options,
    }
    this.#known = {
      sql: this.#sql,
      account,
      client: createClient(account, runtime.client),
      log: this.#logger,
      now: runtime.now,
      sleep: runtime.client.sleep,
    }
    return this.#known
  }

  #data(session: SessionId, payment: PaymentRow): Record<string, unknown> {
    return { session_id: session, ...payerView(payment, runtime.now(), this.#options.rails) }
  }

  /** Turns whatever went wrong into a MedusaError: what to do next for the shopper, the cause in the log. */
  async #guarded<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof MedusaError) throw cause
      if (cause instanceof z.ZodError) {
        throw new MedusaError(
          MedusaError.Types.INVALID_DATA,
          `The payment session's data does not fit: ${z.prettifyError(cause)}`,
        )
      }
      faults.note(
        (line) => this.#logger.error(line),
        action,
        `kobbopay: ${action} failed: ${errorText(cause)}`,
      )
      if (cause instanceof KobbopayError) throw unavailable()
      throw new MedusaError(
        MedusaError.Types.UNEXPECTED_STATE,
        "The payment could not be processed. Nothing was charged by this; try again.",
      )
    }
  }
}
