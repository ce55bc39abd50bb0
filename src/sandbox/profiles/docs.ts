import { z } from "@medusajs/framework/zod"

import { amountSchema } from "../amounts"
import type { PaymentBook } from "../book"
import { chainOf, tokenFor } from "../chains"
import { parseFields, SandboxError } from "../errors"
import { countedToken, type Payment, received, type Status, statusOf } from "../payments"
import type { WeatherStation } from "../weather"
import {
  type Answer,
  type ApiRequest,
  equalSecrets,
  headerOf,
  hmacHex,
  jsonBody,
  type Wire,
} from "../wire"

const createSchema = z.object({
  amount: z.union([z.string(), z.number().transform(String)]).pipe(amountSchema),
  currency: z.string().min(1).max(32),
  network: z.string().min(1).max(64),
  orderId: z.string().min(1).max(256),
})

/** The public words; what is neither paid in full nor over is still Pending. */
const STATUSES: Record<Status, string> = {
  Pending: "Pending",
  Partial: "Pending",
  Paid: "Paid",
  Confirmed: "Confirmed",
  Expired: "Expired",
  Failed: "Failed",
}

type Parts = {
  book: PaymentBook
  weather: WeatherStation
  apiKey: string
  tokens: readonly string[]
  newId: (prefix: string) => string
}

/** The profile of Kobbopay's public documentation: an API key, unsigned requests, signed bodies. */
export function docsWire({ book, weather, apiKey, tokens, newId }: Parts): Wire {
  const create = (request: ApiRequest): Answer => {
    const requested = parseFields(createSchema, jsonBody(request))
    const token = tokenFor(requested.currency, requested.network, tokens)
    if (!token) {
      throw new SandboxError(
        400,
        `network: ${requested.currency} on ${requested.network} is not enabled`,
      )
    }
    const payment = book.create(
      {
        profile: "docs",
        reference: requested.orderId,
        token,
        asset: requested.currency,
        network: requested.network,
        asked: requested.amount,
      },
      weather.current.forgetful,
    )
    return { status: 201, body: summary(payment) }
  }

  const read = (_request: ApiRequest, id: string): Answer => {
    const payment = book.read(id, weather.current.laggingReads)
    if (payment?.profile !== "docs") throw new SandboxError(404, "no such payment")
    return { status: 200, body: details(payment) }
  }

  return {
    profile: "docs",
    endpoints: [
      { method: "POST", path: "/v1/payments", kind: "create", run: create },
      { method: "GET", path: /^\/v1\/payments\/([^/]+)$/, kind: "read", run: read },
    ],
    authenticate: (request) => {
      if (!equalSecrets(headerOf(request, "x-api-key"), apiKey)) {
        throw new SandboxError(401, "x-api-key is missing or wrong")
      }
    },
    refusal: ({ message }) => ({ error: message }),
    webhook: {
      timestamped: false,
      compose: ({ id, reference }, event) => {
        const eventId = newId("evt_")
        const body = { event_id: eventId, event, payment_id: id, orderId: reference }
        return { eventId, body: JSON.stringify(body) }
      },
      headers: ({ body }, { secret }) => ({ "x-signature": hmacHex("sha256", secret, body) }),
    },
  }
}

function summary(payment: Payment) {
  const counted = countedToken(payment)
  const chain = counted === payment.token ? payment : chainOf(counted)
  return {
    payment_id: payment.id,
    status: STATUSES[statusOf(payment)],
    amount: payment.asked,
    currency: chain.asset,
    network: chain.network,
    orderId: payment.reference,
    address: payment.address,
    ...(payment.memo === null ? {} : { memo: payment.memo }),
    ...(payment.expiresAt === null
      ? {}
      : { expires_at: new Date(payment.expiresAt).toISOString() }),
  }
}

function details(payment: Payment) {
  const transactions = payment.transfers.map(({ hash, amount, token }) => {
    const { asset, network } = token === payment.token ? payment : chainOf(token)
    return { hash, amount, currency: asset, network }
  })
  return { ...summary(payment), received_amount: received(payment), transactions }
}
