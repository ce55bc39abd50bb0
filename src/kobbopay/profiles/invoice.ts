import { z } from "@medusajs/framework/zod"
import { KobbopayError, safeText } from "../errors"
import { isObject } from "../json"
import type { KobbopayId } from "../../domain/ids"
import type { KnownTransfer } from "../../domain/observation"
import { secretsOf, type InvoiceOptions } from "../options"
import type { Rail } from "../rails"
import type { Reading, ReportedState, Transfer } from "../../domain/reading"
import { signRequest } from "../signature"
import { isSameTransfer } from "../../domain/transfers"
import {
  amount,
  byDecimals,
  checkAnswer,
  inSpellingOf,
  kobbopayId,
  maybe,
  mustBePayable,
  mustRepeat,
  phrase,
  reasonOf,
  reference,
  reportsFailure,
  text,
} from "./answer"
import type { ApiRequest, Ask, Profile } from "./profile"

const STATUSES: [string, ReportedState][] = [
  ["success", "confirmed"],
  ["accepted", "paid"],
  ["error", "failed"],
]

/** Earlier transactions read again in one check: more than anybody sends, and few enough to wait for. */
const MOST_AGAIN = 10

const EVENT_STATES: [string, ReportedState | "test"][] = [
  ["payment.paid", "paid"],
  ["payment.confirmed", "confirmed"],
  ["payment.expired", "expired"],
  ["payment.partial", "partial"],
  ["payment.webhook_test", "test"],
]

const createdShape = z.object({
  receiver: text,
  tracker_id: kobbopayId,
  token: text,
  dest_tag: maybe(text),
  client_transaction_id: maybe(reference),
})
const invoiceShape = z.object({
  tracker_id: maybe(kobbopayId),
  transaction_tracker_id: maybe(kobbopayId),
  client_transaction_id: maybe(reference),
})
const transactionShape = z.object({
  // Without any of these it says nothing: not even that the payment is still open.
  transaction: z
    .object(
      { status: maybe(phrase), token: maybe(text), hash: maybe(text), amount: maybe(phrase) },
      { error: "is missing" },
    )
    .refine((fields) => Object.values(fields).some((value) => value !== null), {
      error: "says nothing",
    }),
})
const moneyShape = byDecimals((decimals) =>
  z.object({ transaction: z.object({ amount: maybe(amount(decimals)) }) }),
)
const tokensShape = z.object({ tokens: z.array(text) })

/** What an answer of substance holds at least one of. */
const EXPECTED = [
  "transaction_tracker_id",
  "tracker_id",
  "client_transaction_id",
  "receiver",
  "token",
  "tokens",
  "transaction",
]

/**
 * The contract as a live merchant integrates it. Nothing is sent but a token and a reference, so the
 * shop itself must compare what arrives: reads must carry amount and asset before money may settle.
 */
export function invoiceProfile(options: InvoiceOptions): Profile {
  const statuses = new Map([...STATUSES, ...Object.entries(options.statuses)])

  /** Errors may come under HTTP 200; taken for an answer, one would read as "nothing received yet". */
  async function askFirmly(ask: Ask, request: ApiRequest): Promise<unknown> {
    const answer = await ask(request)
    const substance = isObject(answer) && EXPECTED.some((key) => Object.hasOwn(answer, key))
    const reason = reasonOf(answer)
    if (reportsFailure(answer) || (reason !== null && !substance)) {
      throw new KobbopayError(
        substance ? "invalid_answer" : "rejected",
        `Kobbopay reports a failure: ${safeText(reason ?? "no reason given", secretsOf(options))}`,
        { status: 200 },
      )
    }
    return answer
  }
  /** One transaction, by its own tracker; an amount of null brought nothing that counts. */
  async function transactionOf(trackerId: KobbopayId, asked: Rail, ask: Ask) {
    const answer = await askFirmly(ask, post(options.paths.transaction, { tracker_id: trackerId }))
    const { transaction } = checkAnswer(transactionShape, answer)
    const token = inSpellingOf(asked.token, transaction.token)
    const state = statuses.get(transaction.status?.toLowerCase() ?? "") ?? "pending"
    const { hash } = transaction
    // Amounts of another token are not minor units of this one.
    if ((token ?? asked.token) !== asked.token) return { state, token, hash, amountMinor: null }
    const money = checkAnswer(moneyShape(asked.decimals), answer).transaction.amount
    return { state, token, hash, amountMinor: money }
  }

  /**
   * An invoice names its newest transaction only, so the ones known from before are read by their own
   * trackers: while they are not final, and all of them whenever another one has come. One that failed, or
   * that is not known there any more, is lost. A transaction on a chain never changes its amount: where one
   * does, the environment reports sums.
   */
  async function earlierOf(
    newest: KobbopayId,
    known: readonly KnownTransfer[],
    asked: Rail,
    ask: Ask,
  ): Promise<(Transfer & { state: ReportedState })[] | "summed"> {
    const isNew = !known.some((transfer) => transfer.trackerId === newest)
    const again: (Transfer & { state: ReportedState })[] = []
    for (const transfer of known.slice(-MOST_AGAIN)) {
      const { trackerId } = transfer
      if (trackerId === undefined || trackerId === newest || (transfer.final && !isNew)) continue
      const seen = await transactionOf(trackerId, asked, ask).catch((cause: unknown) => {
        if (cause instanceof KobbopayError && cause.kind === "rejected") return null
        throw cause
      })
      if (seen === null || seen.state === "failed") {
        again.push({ ...transfer, final: undefined, lost: true, state: "failed" })
        continue
      }
      if (seen.amountMinor === null) continue
      if (seen.amountMinor !== transfer.amountMinor) return "summed"
      again.push({
        hash: seen.hash ?? transfer.hash,
        amountMinor: seen.amountMinor,
        state: seen.state,
        ...trackedBy(trackerId, seen.state),
      })
    }
    return again
  }

  const trackedBy = (trackerId: KobbopayId, state: ReportedState) => ({
    trackerId,
    final: state === "confirmed",
  })
  const get = (path: string): ApiRequest => ({ method: "GET", path, body: "" })
  const post = (path: string, body: object): ApiRequest => ({
    method: "POST",
    path,
    body: JSON.stringify(body),
  })

  return {
    readableStates: new Set<ReportedState>(["pending", ...statuses.values()]),
    requires: { amount: true, asset: true },
    webhookKeys: {
      // The id we hold is the tracker's; which of the two a webhook's paymentId names is not public.
      ids: ["tracker_id", "paymentId"],
      references: ["orderId", "client_transaction_id"],
      types: ["event", "type"],
      eventIds: [],
      amounts: ["receivedAmount"],
    },
    eventStates: new Map([...EVENT_STATES, ...Object.entries(options.events)]),

    authHeaders(body, nowMs) {
      const timestamp = String(Math.floor(nowMs / 1000))
      const { headers } = options
      return {
        [headers.publicId]: options.publicId,
        [headers.timestamp]: timestamp,
        [headers.signature]: signRequest(options, timestamp, body),
      }
    },

    async create(payment, ask) {
      const asked = payment.rail
      const answer = await askFirmly(ask, {
        ...post(options.paths.create, {
          token: asked.token,
          client_transaction_id: payment.reference,
        }),
        headers: options.headers.idempotency
          ? { [options.headers.idempotency]: payment.reference }
          : {},
      })
      const created = checkAnswer(createdShape, answer)
      // An address that looks right does not prove its network: only the repeated token does.
      mustRepeat("token", asked.token, inSpellingOf(asked.token, created.token))
      mustRepeat("client_transaction_id", payment.reference, created.client_transaction_id)
      const to = { address: created.receiver, memo: created.dest_tag }
      mustBePayable(asked, to, { address: "receiver", memo: "dest_tag" })
      return { kobbopayId: created.tracker_id, ...to, amountMinor: null, expiresAt: null }
    },

    async read(id, asked, ask, known = []) {
      const path = options.paths.invoice.replaceAll("{tracker_id}", encodeURIComponent(id))
      const invoice = checkAnswer(invoiceShape, await askFirmly(ask, get(path)))
      mustRepeat("tracker_id", id, invoice.tracker_id)
      const untouched: Reading = {
        kobbopayId: id,
        state: "pending",
        asset: null,
        network: null,
        token: null,
        reference: invoice.client_transaction_id,
        expectedMinor: null,
        receivedMinor: null,
        transfers: [],
        astray: false,
      }
      if (invoice.transaction_tracker_id === null) return untouched

      const tracker = invoice.transaction_tracker_id
      const newest = await transactionOf(tracker, asked, ask)
      const { state, token, hash, amountMinor } = newest
      const isFailed = state === "failed"
      const astray = !isFailed && (token ?? asked.token) !== asked.token
      const reading = { ...untouched, state, token, astray, transferFailed: isFailed }
      if (isFailed) {
        const earlier = await earlierOf(tracker, known, asked, ask)
        if (earlier === "summed") return reading
        const kept = finalOf(known, tracker, earlier)
        const hash = newest.hash ?? known.find((one) => one.trackerId === tracker)?.hash ?? null
        return afterFailure(reading, [...kept, ...earlier], { ...newest, hash }, tracker)
      }
      if (amountMinor === null) return reading
      const earlier = await earlierOf(tracker, known, asked, ask)
      if (earlier === "summed") return { ...reading, receivedMinor: amountMinor }
      return {
        ...reading,
        transfers: [
          ...earlier.map(withoutState),
          { hash: hash ?? "", amountMinor, ...trackedBy(tracker, state) },
        ],
      }
    },

    async enabledTokens(ask) {
      const answer = await askFirmly(ask, get(options.paths.tokens))
      return checkAnswer(tokensShape, answer).tokens
    },
  }
}

const withoutState = ({ state: _, ...transfer }: Transfer & { state: ReportedState }): Transfer =>
  transfer

/** Final transfers that were not read again: what earlier reads reported of them stands. */
const finalOf = (
  known: readonly KnownTransfer[],
  newest: KobbopayId,
  again: readonly Transfer[],
): (Transfer & { state: ReportedState })[] =>
  known
    .filter((one) => one.final && one.trackerId !== newest)
    .filter((one) => !again.some((seen) => isSameTransfer(seen, one)))
    .map((one) => ({ ...one, state: "confirmed" }))

/**
 * The newest transfer failed: the payment is where the earlier ones have brought it. Where there are none,
 * it fails only once its offer is over, for another transfer may come.
 */
function afterFailure(
  reading: Reading,
  earlier: readonly (Transfer & { state: ReportedState })[],
  newest: { hash: string | null; amountMinor: bigint | null },
  trackerId: KobbopayId,
): Reading {
  const transfers = earlier.map(withoutState)
  const { hash, amountMinor } = newest
  if (hash !== null) transfers.push({ hash, amountMinor: amountMinor ?? 0n, trackerId, lost: true })
  const alive = earlier.filter((one) => one.lost !== true).map((one) => one.state)
  const best = (["confirmed", "paid"] as const).find((state) => alive.includes(state))
  return best === undefined
    ? { ...reading, transfers }
    : { ...reading, state: best, transferFailed: false, transfers }
}
