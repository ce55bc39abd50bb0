import type { MedusaContainer } from "@medusajs/framework/types"
import { MathBN, Modules, PaymentEvents } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import {
  cancelOrderWorkflow,
  capturePaymentWorkflow,
  completeCartWorkflowId,
} from "@medusajs/medusa/core-flows"
import type { CartId, CollectionId, OrderId, ProviderId, RefundId, SessionId } from "../domain/ids"
import { isMore } from "../domain/store-amount"
import type { Sql } from "../store/sql"
import { dropCutOff } from "./cut-off"
import {
  type MedusaCapture,
  type MedusaRefund,
  type MedusaView,
  viewOf,
} from "../store/medusa-view"

/** Medusa's own, by the id it is registered under: it is not exported. */
const REFUND_CREDIT_LINES = "create-order-refund-credit-lines"

const completionShape = z.object({
  errors: z
    .array(
      z.object({ error: z.object({ message: z.string() }).catch({ message: "no reason given" }) }),
    )
    .default([]),
})

const cartShape = z.object({ raw_total: z.object({ value: z.string() }) })

/** Medusa as the worker sees it: one way to read, and what it may do. */
export type MedusaSide = {
  /** Null when the collection is gone. */
  view(collection: CollectionId): Promise<MedusaView | null>
  /** Places the order (which reserves stock, then authorizes). Returns why not, or null. */
  completeCart(cart: CartId): Promise<string | null>
  authorize(session: SessionId): Promise<void>
  /** Captures a payment: all of it, or the rest (decimal string) where a part was captured before. */
  capture(payment: string, rest: string | null): Promise<void>
  /** Marks a fully booked payment as captured. */
  finishCapture(payment: string): Promise<void>
  cancelOrder(order: OrderId): Promise<void>
  /** Adds a session of the provider to a collection, for that amount, in place of other providers' waiting ones. */
  createSession(collection: CollectionId, session: NewSession): Promise<void>
  /** Makes a collection ask for what its cart or order costs: decimal, store currency. */
  correctCollection(collection: CollectionId, amount: string): Promise<void>
  /** Deletes a waiting session; its provider has to agree. */
  deleteSession(session: SessionId): Promise<void>
  /** Makes a session ask for another amount; its provider has to agree. */
  resizeSession(session: SessionId, to: Omit<NewSession, "provider">): Promise<void>
  /** Refunds a part of a captured payment, in the name of a recorded refund; not yet of the order. */
  refund(payment: string, refund: RefundToBook): Promise<void>
  /**
   * Books the order's side of a refund and tells the store of it, as Medusa's own workflow does; but step
   * by step, so that one that was cut off is finished instead of begun again.
   */
  bookRefund(view: MedusaView, payment: string, refund: MedusaRefund): Promise<void>
  /** Cancels a payment that was never captured; its provider has to agree. */
  cancelPayment(payment: string): Promise<void>
  /** Books the order's side of captures whose process died between the two. */
  bookCaptures(view: MedusaView, captures: readonly MedusaCapture[]): Promise<void>
}

/** `amount`: decimal, store currency. */
type NewSession = { provider: ProviderId; amount: string; currencyCode: string }
type RefundToBook = { id: RefundId; amount: string; actor: string; note: string }

/**
 * Binds the worker to a booted Medusa. Each effect is a separate, awaited run of Medusa's own workflow:
 * composed into one, its compensation would undo the payment it had just made.
 */
export function medusaSide(container: MedusaContainer, sql: Sql, now: () => Date): MedusaSide {
  const engine = container.resolve(Modules.WORKFLOW_ENGINE)
  const payments = container.resolve(Modules.PAYMENT)
  const orders = container.resolve(Modules.ORDER)
  const carts = container.resolve(Modules.CART)

  /** What a cart costs, by Medusa's own sums: they stand in no table. */
  async function totalOf(cart: CartId): Promise<string> {
    const found: unknown = await carts.retrieveCart(cart, { select: ["id", "total"] })
    return cartShape.parse(found).raw_total.value
  }

  /** What an order does not owe anyway, a refund lowers it by: as a credit line that names the refund. */
  async function lowerOrder(view: MedusaView, refund: MedusaRefund): Promise<void> {
    if (view.creditLines.includes(refund.id)) return
    const owed = MathBN.mult(MathBN.min(view.pending ?? 0, 0), -1)
    const credit = MathBN.sub(refund.amount, MathBN.min(refund.amount, owed))
    if (!isMore(credit.toFixed(), "0", view.currencyCode)) return
    await engine.run(REFUND_CREDIT_LINES, {
      input: {
        order_id: view.orderId,
        amount: credit,
        reference: "kobbopay_refund",
        referenceId: refund.id,
      },
    })
  }

  return {
    async view(collection) {
      const view = await viewOf(sql, collection)
      if (view?.order !== "none" || view.cartId === null) return view
      return { ...view, total: await totalOf(view.cartId) }
    },

    async completeCart(cart) {
      const run: unknown = await engine.run(completeCartWorkflowId, {
        input: { id: cart },
        throwOnError: false,
      })
      const [failed] = completionShape.parse(run).errors
      return failed?.error.message ?? null
    },

    async authorize(session) {
      await payments.authorizePaymentSession(session, {})
    },

    async capture(payment, rest) {
      await capturePaymentWorkflow(container).run({
        input: {
          payment_id: payment,
          captured_by: "kobbopay",
          ...(rest === null ? {} : { amount: rest }),
        },
      })
    },

    async finishCapture(payment) {
      const change = { id: payment, captured_at: now() }
      await payments.updatePayment(change)
    },

    async cancelOrder(order) {
      await dropCutOff(container, order, now())
      await cancelOrderWorkflow(container).run({ input: { order_id: order } })
    },

    async createSession(collection, { provider, amount, currencyCode }) {
      const waiting = await payments.listPaymentSessions({ payment_collection_id: collection })
      for (const session of waiting) {
        // A cart is completed by its first session, so those of other providers have to go.
        if (session.provider_id !== provider && session.authorized_at == null) {
          await payments.deletePaymentSession(session.id)
        }
      }
      await payments.createPaymentSession(collection, {
        provider_id: provider,
        amount,
        currency_code: currencyCode,
        data: {},
      })
    },

    async correctCollection(collection, amount) {
      await payments.updatePaymentCollections(collection, { amount: MathBN.convert(amount) })
    },

    async deleteSession(session) {
      await payments.deletePaymentSession(session)
    },

    async resizeSession(session, { amount, currencyCode }) {
      const { data } = await payments.retrievePaymentSession(session)
      await payments.updatePaymentSession({
        id: session,
        amount,
        currency_code: currencyCode,
        data: data ?? {},
        // By which the provider knows the session, as in Medusa's other calls.
        context: { idempotency_key: session },
      })
    },

    async refund(payment, { id, amount, actor, note }) {
      await payments.refundPayment({
        payment_id: payment,
        amount,
        created_by: actor,
        note,
        // By this the refund is found again after a crash, whatever else changed.
        metadata: { kobbopay_refund_id: id },
      })
    },

    async bookRefund(view, payment, refund) {
      if (view.orderId === null) return
      await dropCutOff(container, view.orderId, now())
      const isBooked = view.transactions.some(
        (one) => one.reference === "refund" && one.reference_id === refund.id,
      )
      if (!isBooked) {
        await lowerOrder(view, refund)
        await orders.addOrderTransactions({
          order_id: view.orderId,
          amount: MathBN.mult(refund.amount, -1),
          currency_code: view.currencyCode,
          reference: "refund",
          reference_id: refund.id,
        })
      }
      const bus = container.resolve(Modules.EVENT_BUS)
      await bus.emit({ name: PaymentEvents.REFUNDED, data: { id: payment } })
    },

    async cancelPayment(payment) {
      await payments.cancelPayment(payment)
    },

    async bookCaptures(view, captures) {
      if (view.orderId === null) return
      for (const capture of captures) {
        await orders.addOrderTransactions({
          order_id: view.orderId,
          amount: capture.amount,
          currency_code: view.currencyCode,
          reference: "capture",
          reference_id: capture.id,
        })
      }
    },
  }
}
