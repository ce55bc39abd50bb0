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
import { createClient } from "../../kobbopay/client"
import { brandAs, type AccountId, type SessionId } from "../../domain/ids"
import {
  OptionsError,
  parseAccountOptions,
  type Account,
  type AccountOptions,
} from "../../kobbopay/options"
import { rulesOf } from "../../kobbopay/account-rules"
import { Seldom } from "../../kobbopay/seldom"
import { SeldomLog } from "../../kobbopay/seldom-log"
import { RecentReads } from "./recent-reads"
import { plainLine } from "../../domain/text"
import { runtime } from "../../runtime"
import { errorText } from "../../store/error-text"
import { payerView } from "../../store/payer-view"
import { holdsMoney, settlesOrder, type PaymentRow } from "../../store/payment"
import { claimRefund } from "../../store/refunds"
import {
  claimSession,
  mustStay,
  viewSession,
  type MedusaSession,
  type SessionView,
} from "../../store/sessions"
import { bookedOn, bookedPayment, requestIn, sessionInData, sessionOf } from "./calls"
import { showFirstPayment, showPayment } from "./checkout"
import type { Checkout } from "./checkout-deps"
import { refresh, type Refreshed } from "./own-read"
import { inMedusaErrors, notAllowed, unavailable } from "./refusals"
import { authorizationStatus, mustBeCapturable } from "./status"

type Container = { logger: Logger; __pg_connection__: Knex; configModule: ConfigModule }

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
      const asked = requestIn(input)
      const first =
        this.#known === null ? null : await showFirstPayment(this.#known, asked.session, asked)
      const payment = first ?? (await this.#show(asked))
      return { id: payment.id, status: "pending", data: this.#data(asked.session, payment) }
    })
  }

  /** Gives the same session the payment that fits the new amount, or a fresh one after its window. */
  async updatePayment(input: UpdatePaymentInput): Promise<UpdatePaymentOutput> {
    return this.#guarded("update", async () => {
      const asked = requestIn(input)
      return { data: this.#data(asked.session, await this.#show(asked)) }
    })
  }

  async #show(asked: ReturnType<typeof requestIn>): Promise<PaymentRow> {
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
      const booked = await bookedOn(this.#sql, input)
      const { session, payment } = await this.#refreshed(booked.session)
      mustBeCapturable(payment, booked.captured)
      if (!(await claimSession(this.#sql, payment.id, session.session_id))) {
        throw notAllowed(
          `Nothing was captured: Kobbopay payment ${payment.id} is booked on another payment session of this order.`,
        )
      }
      return { data: this.#data(session.session_id, payment) }
    })
  }

  /** Refuses once money was seen: a payment that Medusa cancels can never be captured. */
  async cancelPayment(input: CancelPaymentInput): Promise<CancelPaymentOutput> {
    return this.#guarded("cancel", async () => {
      const payment = await bookedPayment(this.#sql, input)
      if (payment !== null && holdsMoney(payment)) {
        throw notAllowed(
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
      const named = sessionInData(input)
      // Medusa's clean-up after a failed initiate sends no session id: nothing was attached then.
      if (named !== null && (await mustStay(this.#sql, named))) {
        throw notAllowed("Money has arrived for this order: its payment session must stay.")
      }
      return { data: input.data ?? {} }
    })
  }

  /** Lets Medusa book only a refund that was recorded: Kobbopay itself sends nothing back. */
  async refundPayment(input: RefundPaymentInput): Promise<RefundPaymentOutput> {
    return this.#guarded("refund", async () => {
      const payment = await bookedPayment(this.#sql, input)
      const id = input.context?.idempotency_key
      const amount = MathBN.convert(input.amount).toFixed()
      if (
        payment === null ||
        id === undefined ||
        !(await claimRefund(this.#sql, payment, { id, amount }))
      ) {
        throw notAllowed(
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
    const deps = { ...checkout, rules: rulesOf(checkout.account), unread: faults, recent }
    return { session: view.session, ...(await refresh(deps, view, payment)) }
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

  /** Everything that a call throws is a MedusaError; a cause that it cannot say goes to the log. */
  #guarded<T>(action: string, work: () => Promise<T>): Promise<T> {
    return inMedusaErrors(work, (cause) => {
      faults.note(
        (line) => this.#logger.error(line),
        action,
        `kobbopay: ${action} failed: ${errorText(cause)}`,
      )
    })
  }
}
