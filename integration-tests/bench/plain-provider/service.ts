import type {
  AuthorizePaymentInput,
  AuthorizePaymentOutput,
  InitiatePaymentInput,
  InitiatePaymentOutput,
  ProviderWebhookPayload,
  WebhookActionResult,
} from "@medusajs/framework/types"
import {
  AbstractPaymentProvider,
  PaymentActions,
  PaymentSessionStatus,
} from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"

const webhookBody = z.object({ session_id: z.string(), amount: z.string() })
const unchanged = (input: { data?: Record<string, unknown> | undefined }) =>
  Promise.resolve({ ...(input.data === undefined ? {} : { data: input.data }) })

/**
 * What Medusa's own path costs when a provider costs nothing: its orders are placed before they are paid,
 * like ours, and whatever it is asked later is answered at once.
 */
export class PlainProvider extends AbstractPaymentProvider {
  static override identifier = "plain"

  constructor(cradle: Record<string, unknown>) {
    super(cradle)
  }

  initiatePayment({ data }: InitiatePaymentInput): Promise<InitiatePaymentOutput> {
    return Promise.resolve({ id: "plain", data: { ...data, asked: 0 } })
  }

  /** Pending the first time (the cart is completed), authorized the next (the webhook came). */
  authorizePayment({ data }: AuthorizePaymentInput): Promise<AuthorizePaymentOutput> {
    const asked = Number(data?.["asked"] ?? 0)
    const status =
      asked === 0 ? PaymentSessionStatus.PENDING_AUTHORIZATION : PaymentSessionStatus.AUTHORIZED
    return Promise.resolve({ status, data: { ...data, asked: asked + 1 } })
  }

  getWebhookActionAndData({
    data,
  }: ProviderWebhookPayload["payload"]): Promise<WebhookActionResult> {
    const { session_id, amount } = webhookBody.parse(data)
    return Promise.resolve({ action: PaymentActions.SUCCESSFUL, data: { session_id, amount } })
  }

  capturePayment = unchanged
  cancelPayment = unchanged
  deletePayment = unchanged
  refundPayment = unchanged
  retrievePayment = unchanged
  updatePayment = unchanged
  getPaymentStatus() {
    return Promise.resolve({ status: PaymentSessionStatus.PENDING })
  }
}
