import type { MedusaContainer } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  defaultCurrencies,
  MathBN,
  Modules,
  PaymentEvents,
  promiseAll,
} from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import {
  cancelOrderWorkflow,
  capturePaymentWorkflow,
  completeCartWorkflowId,
} from "@medusajs/medusa/core-flows"
import type {
  CartId,
  CollectionId,
  OrderId,
  ProviderId,
  RefundId,
  SessionId,
} from "../kobbopay/ids"
import { idColumn } from "../store/payment"

/** Medusa's own, by the id it is registered under: it is not exported. */
const REFUND_CREDIT_LINES = "create-order-refund-credit-lines"

const amount = z.object({ value: z.string() }).transform((raw) => raw.value)
const date = z.coerce.date().nullable()

const captureShape = z.object({ id: z.string(), raw_amount: amount, created_at: z.coerce.date() })
const refundShape = z.object({
  id: z.string(),
  raw_amount: amount,
  /** Ours names the pay-back that it books. */
  metadata: z.looseObject({ kobbopay_refund_id: z.string().optional() }).nullish(),
})
const paymentShape = z.object({
  id: z.string(),
  payment_session_id: idColumn<SessionId>().nullish(),
  provider_id: idColumn<ProviderId>(),
  raw_amount: amount,
  captured_at: date,
  canceled_at: date,
  captures: z.array(captureShape).default([]),
  refunds: z.array(refundShape).default([]),
})
const sessionShape = z.object({
  id: idColumn<SessionId>(),
  status: z.string(),
  provider_id: idColumn<ProviderId>(),
  raw_amount: amount,
  currency_code: z.string(),
})
const collectionShape = z.object({
  id: idColumn<CollectionId>(),
  raw_amount: amount,
  currency_code: z.string(),
  payment_sessions: z.array(sessionShape).default([]),
  payments: z.array(paymentShape).default([]),
})
const orderShape = z.object({
  id: idColumn<OrderId>(),
  status: z.string(),
  summary: z.object({ raw_current_order_total: amount, raw_pending_difference: amount.nullish() }),
  transactions: z
    .array(z.object({ reference: z.string().nullish(), reference_id: z.string().nullish() }))
    .default([]),
  credit_lines: z.array(z.object({ reference_id: z.string().nullish() })).default([]),
  payment_collections: z.array(collectionShape.pick({ id: true, payments: true })).default([]),
})

const completionShape = z.object({
  errors: z
    .array(
      z.object({ error: z.object({ message: z.string() }).catch({ message: "no reason given" }) }),
    )
    .default([]),
})

export type MedusaPayment = z.output<typeof paymentShape>

export type MedusaRefund = z.output<typeof refundShape>
export type MedusaCapture = z.output<typeof captureShape>

/** What Medusa shows of a collection's cart, order and payments. Amounts: decimal strings, store currency. */
export type MedusaView = {
  cartId: CartId | null
  orderId: OrderId | null
  order: "none" | "open" | "cancelled"
  amount: string
  currencyCode: string
  /** What the order costs in all; the collection's amount while there is no order. */
  total: string
  /** What the order still asks for, negative when it owes; null while there is no order. */
  pending: string | null
  sessions: z.output<typeof sessionShape>[]
  /** Payments of every collection of the order, of whatever provider. */
  payments: MedusaPayment[]
  transactions: z.output<typeof orderShape>["transactions"]
  /** What the order's credit lines refer to. */
  creditLines: (string | null | undefined)[]
}

/** Medusa as the work sees it: one way to look, and what it may do. */
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
  /** Makes a session ask for another amount; its provider has to agree. */
  resizeSession(session: SessionId, to: Omit<NewSession, "provider">): Promise<void>
  /** Refunds a part of a captured payment, in the name of a recorded pay-back; not yet of the order. */
  refund(payment: string, payBack: BookedPayBack): Promise<void>
  /**
   * Books the order's side of a refund and tells the store of it, as Medusa's own workflow does; but step
   * by step, so that one that was cut off is finished instead of begun anew.
   */
  bookRefund(view: MedusaView, payment: string, refund: MedusaRefund): Promise<void>
  /** Cancels a payment that was never captured; its provider has to agree. */
  cancelPayment(payment: string): Promise<void>
  /** Books the order's side of captures whose process died between the two. */
  bookCaptures(view: MedusaView, captures: readonly MedusaCapture[]): Promise<void>
}

/** `amount`: decimal, store currency. */
export type NewSession = { provider: ProviderId; amount: string; currencyCode: string }
export type BookedPayBack = { id: RefundId; amount: string; actor: string; note: string }

/**
 * Binds the work to a booted Medusa. Each effect is a separate, awaited run of Medusa's own workflow:
 * composed into one, its compensation would undo the payment it had just made.
 */
export function medusaSide(container: MedusaContainer): MedusaSide {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const engine = container.resolve(Modules.WORKFLOW_ENGINE)
  const payments = container.resolve(Modules.PAYMENT)
  const orders = container.resolve(Modules.ORDER)

  /** What an order does not owe anyway, a refund lowers it by: as a credit line that names the refund. */
  async function lowerOrder(view: MedusaView, refund: MedusaRefund): Promise<void> {
    if (view.creditLines.includes(refund.id)) return
    const owed = MathBN.mult(MathBN.min(view.pending ?? 0, 0), -1)
    const credit = MathBN.sub(refund.raw_amount, MathBN.min(refund.raw_amount, owed))
    if (!MathBN.gt(credit, 0)) return
    await engine.run(REFUND_CREDIT_LINES, {
      input: {
        order_id: view.orderId,
        amount: credit,
        reference: "kobbopay_refund",
        referenceId: refund.id,
      },
    })
  }

  const first = async <S extends z.ZodType>(
    schema: S,
    entity: string,
    fields: string[],
    filters: Record<string, string>,
  ): Promise<z.output<S> | null> => {
    const { data } = await query.graph({ entity, fields, filters })
    return data[0] === undefined ? null : schema.parse(data[0])
  }

  return {
    async view(collectionId) {
      const [collection, cartLink, orderLink] = await promiseAll([
        first(
          collectionShape,
          "payment_collection",
          ["*", "payment_sessions.*", "payments.*", "payments.captures.*", "payments.refunds.*"],
          { id: collectionId },
        ),
        first(z.object({ cart_id: idColumn<CartId>() }), "cart_payment_collection", ["cart_id"], {
          payment_collection_id: collectionId,
        }),
        first(
          z.object({ order_id: idColumn<OrderId>() }),
          "order_payment_collection",
          ["order_id"],
          { payment_collection_id: collectionId },
        ),
      ])
      if (collection === null) return null
      const orderId = orderLink?.order_id ?? null
      const order =
        orderId === null
          ? null
          : await first(
              orderShape,
              "order",
              [
                "id",
                "status",
                "transactions.*",
                "credit_lines.*",
                "payment_collections.id",
                "payment_collections.payments.*",
                "payment_collections.payments.captures.*",
                "payment_collections.payments.refunds.*",
                "summary.*",
              ],
              { id: orderId },
            )
      return {
        cartId: cartLink?.cart_id ?? null,
        orderId: order?.id ?? null,
        order: order === null ? "none" : order.status === "canceled" ? "cancelled" : "open",
        amount: collection.raw_amount,
        currencyCode: collection.currency_code,
        total: order?.summary.raw_current_order_total ?? collection.raw_amount,
        pending: order?.summary.raw_pending_difference ?? null,
        sessions: collection.payment_sessions,
        payments: order?.payment_collections.flatMap((one) => one.payments) ?? collection.payments,
        transactions: order?.transactions ?? [],
        creditLines: order?.credit_lines.map((line) => line.reference_id) ?? [],
      }
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
      const change = { id: payment, captured_at: new Date() }
      await payments.updatePayment(change)
    },

    async cancelOrder(order) {
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

    async resizeSession(session, { amount, currencyCode }) {
      const { data } = await payments.retrievePaymentSession(session)
      await payments.updatePaymentSession({
        id: session,
        amount,
        currency_code: currencyCode,
        data: data ?? {},
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
      const isBooked = view.transactions.some(
        (one) => one.reference === "refund" && one.reference_id === refund.id,
      )
      if (!isBooked) {
        await lowerOrder(view, refund)
        await orders.addOrderTransactions({
          order_id: view.orderId,
          amount: MathBN.mult(refund.raw_amount, -1),
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
          amount: capture.raw_amount,
          currency_code: view.currencyCode,
          reference: "capture",
          reference_id: capture.id,
        })
      }
    },
  }
}

/** What was paid back of a payment, decimal. */
export const refundedOf = (payment: MedusaPayment) =>
  payment.refunds.reduce((sum, one) => MathBN.add(sum, one.raw_amount), MathBN.convert(0))

/** What was captured of a payment, decimal. */
export const capturedOf = (payment: MedusaPayment) =>
  payment.captures.reduce((sum, one) => MathBN.add(sum, one.raw_amount), MathBN.convert(0))

/** Fraction digits of a store currency. */
export const decimalsOf = (currencyCode: string): number =>
  defaultCurrencies[currencyCode.toUpperCase()]?.decimal_digits ?? 2

/** True when two decimal amounts of the store currency are the same. */
export const sameAmount = (a: string, b: string): boolean => MathBN.eq(a, b)
