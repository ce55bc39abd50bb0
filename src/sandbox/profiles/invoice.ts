import { z } from "@medusajs/framework/zod"

import { sum } from "../amounts"
import type { PaymentBook } from "../book"
import { chainOf } from "../chains"
import { parseFields, SandboxError } from "../errors"
import { type Payment, received, type Transfer } from "../payments"
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

/** How far a request's timestamp may be off, either way; exactly this much passes. */
const TOLERANCE_SECONDS = 300

const createSchema = z.object({
  token: z.string().min(1).max(64),
  client_transaction_id: z.string().min(1).max(256),
})

const transactionSchema = z.object({ tracker_id: z.string().min(1).max(256) })

type Parts = {
  book: PaymentBook
  weather: WeatherStation
  publicId: string
  privateKey: string
  tokens: readonly string[]
  now: () => number
}

/** The profile one live merchant integrates: signed requests, no amount, timestamped webhooks. */
export function invoiceWire(parts: Parts): Wire {
  const { book, weather, tokens } = parts
  /** Transaction → payment, learnt when an invoice read hands the transaction's id out. */
  const owners = new Map<string, string>()

  const create = (request: ApiRequest): Answer => {
    const requested = parseFields(createSchema, jsonBody(request))
    if (!tokens.includes(requested.token)) {
      throw new SandboxError(400, `token ${requested.token} is not enabled`)
    }
    const { asset, network } = chainOf(requested.token)
    const payment = book.create(
      {
        profile: "invoice",
        reference: requested.client_transaction_id,
        token: requested.token,
        asset,
        network,
        asked: null,
      },
      weather.current.forgetful,
    )
    const tag = payment.memo === null ? {} : { dest_tag: payment.memo }
    return {
      status: 200,
      body: { receiver: payment.address, tracker_id: payment.id, token: payment.token, ...tag },
    }
  }

  const invoice = ({ query }: ApiRequest): Answer => {
    const id = query.get("tracker_id") ?? ""
    const payment = book.read(id, weather.current.laggingReads)
    if (payment?.profile !== "invoice") throw new SandboxError(404, "no such invoice")
    const tracker = currentTracker(payment)
    if (tracker === null) return { status: 200, body: { tracker_id: id } }
    owners.set(tracker, id)
    return { status: 200, body: { tracker_id: id, transaction_tracker_id: tracker } }
  }

  const transaction = (request: ApiRequest): Answer => {
    const { tracker_id: tracker } = parseFields(transactionSchema, jsonBody(request))
    const payment = book.glance(
      owners.get(tracker) ?? book.earlierOwnerOf(tracker) ?? "",
      weather.current.laggingReads,
    )
    const found = payment && transactionOf(payment, tracker, weather.current.summedTransfers)
    if (!found) throw new SandboxError(404, "no such transaction")
    return { status: 200, body: { transaction: found } }
  }

  return {
    profile: "invoice",
    endpoints: [
      { method: "POST", path: "/api/crypto/invoice/create", kind: "create", run: create },
      { method: "GET", path: "/api/crypto/invoice/get/", kind: "read", run: invoice },
      { method: "POST", path: "/api/transaction/get", kind: "transaction", run: transaction },
      {
        method: "GET",
        path: "/user/token/fetch",
        kind: "read",
        run: () => ({ status: 200, body: { tokens } }),
      },
    ],
    authenticate: (request) => authenticate(request, parts),
    // All three names are known in public; a client has to read each.
    refusal: ({ status, message }) =>
      status === 401
        ? { message }
        : status === 404
          ? { error: message }
          : { error_message: message },
    webhook: {
      timestamped: true,
      compose: (payment, event) => {
        const { id, reference } = payment
        const amount = "transfers" in payment ? received(payment) : "0"
        const body = {
          event,
          paymentId: id,
          orderId: reference,
          tracker_id: id,
          ...(amount === "0" ? {} : { receivedAmount: amount }),
        }
        return { eventId: `payment:${id}:${event}`, body: JSON.stringify(body) }
      },
      headers: ({ eventId, body }, { secret, timestamp, deliveryId }) => ({
        "X-Kobbopay-Event-Id": eventId,
        "X-Kobbopay-Timestamp": String(timestamp),
        "X-Kobbopay-Delivery-Id": deliveryId,
        "X-Kobbopay-Signature": hmacHex("sha256", secret, `${timestamp}.`, body),
      }),
    },
  }
}

function authenticate(request: ApiRequest, { publicId, privateKey, now }: Parts): void {
  if (!equalSecrets(headerOf(request, "apipublic"), publicId)) {
    throw new SandboxError(401, "ApiPublic is missing or unknown")
  }
  const timestamp = headerOf(request, "timestamp")
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new SandboxError(401, "Timestamp must be unix seconds, in digits")
  }
  const off = Math.abs(Math.floor(now() / 1000) - Number(timestamp))
  if (off > TOLERANCE_SECONDS) {
    throw new SandboxError(401, `Timestamp is ${off} seconds off: is the clock right?`)
  }
  const signed = request.method === "GET" ? Buffer.alloc(0) : request.rawBody
  const expected = hmacHex("sha512", privateKey, timestamp, signed)
  if (!equalSecrets(headerOf(request, "signature"), expected)) {
    throw new SandboxError(401, "Signature is not that of Timestamp + body under the private key")
  }
  if (!headerOf(request, "accept").includes("application/json")) {
    throw new SandboxError(406, "Accept must be application/json")
  }
}

/** The transaction an invoice shows: the newest; null while there is none. */
function currentTracker(payment: Payment): string | null {
  const newest = payment.transfers.at(-1)?.trackerId
  return newest ?? (payment.ended === "Failed" ? payment.failureTrackerId : null)
}

function transactionOf(payment: Payment, tracker: string, summed: boolean) {
  if (tracker === payment.failureTrackerId) {
    return { status: "ERROR", amount: "0", token: payment.token }
  }
  const transfer = payment.transfers.find(({ trackerId }) => trackerId === tracker)
  if (!transfer) return null
  const { token, hash } = transfer
  const shown = summed ? payment.transfers.filter((other) => other.token === token) : [transfer]
  return {
    status: payment.ended === "Failed" ? "ERROR" : statusOf(shown),
    amount: sum(shown.map(({ amount }) => amount)),
    token,
    hash,
  }
}

const statusOf = (transfers: readonly Transfer[]): string =>
  transfers.every(({ confirmed }) => confirmed) ? "SUCCESS" : "ACCEPTED"
