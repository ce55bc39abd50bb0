import { z } from "@medusajs/framework/zod"
import { KobbopayError, safeText } from "../errors"
import { valueAt, type JsonObject } from "../json"
import { formatAmount } from "../../domain/money"
import { secretsOf, type DocsOptions } from "../options"
import type { KnownTransfer } from "../../domain/observation"
import type { ReportedState, Transfer } from "../../domain/reading"
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
  reference,
  text,
} from "./answer"
import type { Profile } from "./profile"

const STATUSES: [string, ReportedState][] = [
  ["pending", "pending"],
  ["paid", "paid"],
  ["confirmed", "confirmed"],
  ["expired", "expired"],
]

/** "Lifecycle transitions": the states, bare or as event names. */
const EVENT_STATES: [string, ReportedState | "test"][] = [
  ...STATUSES.flatMap(([name, state]): [string, ReportedState][] => [
    [name, state],
    [`payment.${name}`, state],
  ]),
  ["payment.partial", "partial"],
  ["payment.webhook_test", "test"],
]

/** ISO 8601 with its time zone, or unix seconds: anything else would be a guess. */
const moment = text.transform((value, ctx) => {
  const seconds = /^\d{9,11}$/.test(value)
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(value)
  const date = new Date(seconds ? Number(value) * 1000 : iso ? value : NaN)
  if (!Number.isNaN(date.getTime())) return date
  ctx.addIssue({ code: "custom", message: "is not a time with its zone, nor unix seconds" })
  return z.NEVER
})

const named = z.object({
  currency: maybe(phrase),
  network: maybe(phrase),
  reference: maybe(reference),
})
const createdShape = byDecimals((decimals) =>
  named.extend({
    paymentId: kobbopayId,
    address: text,
    memo: maybe(text),
    expiresAt: maybe(moment),
    amount: maybe(amount(decimals)),
  }),
)
const readShape = named.extend({ paymentId: maybe(kobbopayId), status: phrase })
const moneyShape = byDecimals((decimals) =>
  z.object({
    amount: maybe(amount(decimals)),
    received: maybe(amount(decimals)),
    transactions: maybe(
      z.array(
        z.object({ hash: text, amount: text, currency: maybe(phrase), network: maybe(phrase) }),
      ),
    ),
  }),
)
const transferShape = byDecimals((decimals) => z.object({ amount: amount(decimals) }))

type Field = Exclude<keyof DocsOptions["fields"], "transactionHash" | "transactionAmount">

/**
 * The contract of Kobbopay's public documentation. Kobbopay knows the amount, so a status alone may settle;
 * an amount or asset that it does report is compared all the same.
 */
export function docsProfile(options: DocsOptions): Profile {
  const { fields } = options
  const statuses = new Map([...STATUSES, ...Object.entries(options.statuses)])

  const nameOf = (key: string): string => (isField(key) ? (fields[key] ?? key) : key)
  const isField = (key: string): key is Field => Object.hasOwn(fields, key)
  /** The fields of an answer under our names for them. */
  const pick = (answer: unknown): JsonObject =>
    Object.fromEntries(
      Object.entries(fields).map(([key, path]) => [key, path ? valueAt(answer, path) : null]),
    )
  const transfersOf = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((one: unknown) => ({
          hash: valueAt(one, fields.transactionHash),
          amount: valueAt(one, fields.transactionAmount),
          currency: fields.transactionCurrency ? valueAt(one, fields.transactionCurrency) : null,
          network: fields.transactionNetwork ? valueAt(one, fields.transactionNetwork) : null,
        }))
      : list

  const stateOf = (status: string): ReportedState => {
    const state = statuses.get(status.toLowerCase())
    if (state !== undefined) return state
    const shown = safeText(status, secretsOf(options))
    throw new KobbopayError(
      "invalid_answer",
      `Kobbopay's answer: ${fields.status}: "${shown}" is no status known here; map it in \`statuses\``,
      { field: fields.status },
    )
  }

  return {
    readableStates: new Set(statuses.values()),
    requires: { amount: false, asset: false },
    webhookKeys: {
      ids: [...new Set([fields.paymentId, "payment_id"])],
      references: [...new Set([fields.reference ?? "orderId", "orderId"])],
      types: ["type", "event", "status"],
      eventIds: ["event_id", "id"],
      amounts: [...new Set([fields.received ?? "receivedAmount", "receivedAmount"])],
    },
    eventStates: new Map([...EVENT_STATES, ...Object.entries(options.events)]),

    authHeaders: () => ({ [options.headers.apiKey]: options.apiKey }),

    async create(payment, ask) {
      const asked = payment.rail
      const answer = await ask({
        method: "POST",
        path: options.paths.create,
        body: JSON.stringify({
          amount: formatAmount(payment.amountMinor, asked.decimals),
          currency: asked.asset,
          network: asked.network,
          orderId: payment.reference,
        }),
        headers: options.headers.idempotency
          ? { [options.headers.idempotency]: payment.reference }
          : {},
      })
      const created = checkAnswer(createdShape(asked.decimals), pick(answer), nameOf)
      const { address, memo, expiresAt } = created
      mustRepeat(nameOf("currency"), asked.asset, inSpellingOf(asked.asset, created.currency))
      mustRepeat(nameOf("network"), asked.network, inSpellingOf(asked.network, created.network))
      mustRepeat(nameOf("reference"), payment.reference, created.reference)
      mustBePayable(asked, created, { address: nameOf("address"), memo: nameOf("memo") })
      return {
        kobbopayId: created.paymentId,
        address,
        memo,
        amountMinor: created.amount,
        expiresAt,
      }
    },

    async read(id, asked, ask, known = []) {
      const answer = pick(
        await ask({
          method: "GET",
          path: options.paths.read.replaceAll("{payment_id}", encodeURIComponent(id)),
          body: "",
        }),
      )
      const read = checkAnswer(readShape, answer, nameOf)
      mustRepeat(nameOf("paymentId"), id, read.paymentId)
      const asset = inSpellingOf(asked.asset, read.currency)
      const network = inSpellingOf(asked.network, read.network)
      const reading = {
        kobbopayId: id,
        state: stateOf(read.status),
        asset,
        network,
        token: null,
        reference: read.reference,
      }
      // Amounts of another asset or network are not minor units of this one.
      if ((asset ?? asked.asset) !== asked.asset || (network ?? asked.network) !== asked.network) {
        const astray = tellsOfMoney(answer)
        return { ...reading, expectedMinor: null, receivedMinor: null, transfers: [], astray }
      }
      const money = checkAnswer(
        moneyShape(asked.decimals),
        { ...answer, transactions: transfersOf(answer.transactions) },
        nameOf,
      )
      const seen = (money.transactions ?? []).map((one) => ({
        ...one,
        currency: inSpellingOf(asked.asset, one.currency) ?? asked.asset,
        network: inSpellingOf(asked.network, one.network) ?? asked.network,
      }))
      const isAsked = (one: { currency: string; network: string }) =>
        one.currency === asked.asset && one.network === asked.network
      // A transfer on another rail pays nothing here, but its rail is reported: a person must look.
      const astray = seen.find((one) => !isAsked(one))
      return {
        ...reading,
        asset: astray?.currency ?? reading.asset,
        network: astray?.network ?? reading.network,
        expectedMinor: money.amount,
        receivedMinor: money.received,
        astray: astray !== undefined,
        transfers: seen
          .flatMap((one, index): Transfer[] => {
            if (!isAsked(one)) return []
            const moved = checkAnswer(
              transferShape(asked.decimals),
              { amount: one.amount },
              () => `${nameOf("transactions")}[${index}].amount`,
            )
            return [{ hash: one.hash, amountMinor: moved.amount }]
          })
          .concat(money.transactions === null ? [] : goneOf(known, seen)),
      }
    },

    enabledTokens: () => Promise.resolve(null),
  }
}

/** Whether an answer about another rail tells of money at all: its amounts are not ours to read. */
const tellsOfMoney = ({ received, transactions }: JsonObject): boolean =>
  (Array.isArray(transactions) && transactions.length > 0) ||
  ((typeof received === "string" || typeof received === "number") && /[1-9]/.test(`${received}`))

/** Known transfers that a whole list does not name any more: replaced, or dropped by the chain. */
const goneOf = (known: readonly KnownTransfer[], listed: readonly { hash: string }[]): Transfer[] =>
  known
    .filter((one) => !listed.some(({ hash }) => isSameTransfer({ hash }, { hash: one.hash })))
    .map(({ hash, amountMinor, trackerId }) => ({ hash, amountMinor, trackerId, lost: true }))
