import { BigNumber } from "bignumber.js"
import { hash } from "node:crypto"
import { brandAs, type KobbopayId, type Reference } from "../domain/ids"
import { isObject, parseJson, type JsonObject } from "./json"
import type { Account } from "./options"
import { profileOf, type Profile } from "./profiles"
import type { ReportedState } from "../domain/reading"
import { verifyWebhook } from "./signature"

/** Kobbopay's events are a few hundred bytes; longer bodies are refused before anything is computed. */
export const MAX_WEBHOOK_BYTES = 64 * 1024
const MAX_HEADER_LENGTH = 512
const MAX_AMOUNT_LENGTH = 40

/** Lower-case hex SHA-256 of a raw body: the same for a replay under a fresh event id. */
export const bodyHashOf = (rawBody: Buffer): string => hash("sha256", rawBody, "hex")

/** What a webhook says once its signature holds. It asks for a check; the read that follows decides. */
type WebhookEvent = {
  /** From the header or the body; else made of payment and type, null when it names no payment. */
  eventId: string | null
  deliveryId: string | null
  /** As sent. */
  type: string
  /** The state it reports; null for tests and for types that only ask for a check and name no money. */
  reportedState: ReportedState | null
  /** What it says has arrived in all: decimal string, units of the asset; null when it names no amount. */
  reportedAmount: string | null
  kobbopayId: KobbopayId | null
  /** Every id in the body that may name the payment. */
  ids: KobbopayId[]
  /** Our own reference, as Kobbopay repeats it. */
  reference: Reference | null
  isTest: boolean
}

export type Received =
  | { ok: true; account: Account; secretIndex: number; event: WebhookEvent }
  | { ok: false; status: 400 | 401; cause: string }

const headerNames = new WeakMap<readonly Account[], ReadonlySet<string>>()

/** The lower-case names of every header that one of the accounts reads. */
function webhookHeaderNames(accounts: readonly Account[]): ReadonlySet<string> {
  const known = headerNames.get(accounts)
  if (known !== undefined) return known
  const names = accounts.flatMap(({ options }) => Object.values(options.webhook.headers))
  const made = new Set(names.flatMap((name) => (name === null ? [] : [name.toLowerCase()])))
  headerNames.set(accounts, made)
  return made
}

/**
 * Says whose a webhook is and what it says. The signature is checked on the raw bytes, against every
 * secret of every account, before the body is parsed. Refuses with 401 what no account's secret signed
 * or what is stale, with 400 what is malformed; the cause is for the merchant's log and holds nothing
 * secret.
 * @param received.rawHeaders names in any case and values, in turns as they were sent, like Node's own
 * @param received.now unix time, milliseconds
 */
export function receiveWebhook(received: {
  rawBody: Buffer
  rawHeaders: readonly string[]
  accounts: readonly Account[]
  now: number
}): Received {
  const { rawBody, accounts, now } = received
  try {
    if (rawBody.length > MAX_WEBHOOK_BYTES) throw new Refused(400, "the body is larger than 64 KiB")
    const headers = byLowerCaseName(received.rawHeaders, accounts)
    const { account, secretIndex, sent } = proveAny(accounts, rawBody, headers, now)
    return { ok: true, account, secretIndex, event: eventOf(account, sent, rawBody) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, status: error.status, cause: error.message }
    throw error
  }
}

class Refused extends Error {
  constructor(
    readonly status: 400 | 401,
    cause: string,
    /** How near it came to being accepted: of several accounts' causes the nearest is logged. */
    readonly nearness = 0,
  ) {
    super(cause)
  }
}

/** Every value that was sent under a name. */
type SentHeaders = ReadonlyMap<string, readonly string[]>

/** Only what one of the accounts reads is kept. */
function byLowerCaseName(rawHeaders: readonly string[], accounts: readonly Account[]): SentHeaders {
  const read = webhookHeaderNames(accounts)
  const found = new Map<string, string[]>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at]?.toLowerCase()
    const value = rawHeaders[at + 1]
    if (key === undefined || value === undefined || !read.has(key)) continue
    const before = found.get(key)
    if (before === undefined) found.set(key, [value])
    else before.push(value)
  }
  return found
}

type Sent = { eventId: string | null; deliveryId: string | null; timestamp: string | null }
type Proof = { account: Account; secretIndex: number; sent: Sent }

function proveAny(
  accounts: readonly Account[],
  rawBody: Buffer,
  headers: SentHeaders,
  now: number,
): Proof {
  let nearest: Refused | null = null
  for (const account of accounts) {
    try {
      return prove(account, rawBody, headers, now)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.nearness > (nearest?.nearness ?? 0)) nearest = error
    }
  }
  throw nearest ?? noSignature(accounts)
}

function noSignature(accounts: readonly Account[]): Refused {
  const names = new Set(accounts.map((account) => account.options.webhook.headers.signature))
  return new Refused(401, `no signature: expected a header ${[...names].join(" or ")}`)
}

/** One account's view of a webhook, as far as its own headers and secrets go. */
function prove(account: Account, rawBody: Buffer, headers: SentHeaders, now: number): Proof {
  const { webhook } = account.options
  const names = webhook.headers
  const signature = headerOf(headers, names.signature)
  if (signature === null) throw new Refused(401, "no signature")
  const timestamp = required(headers, names.timestamp)
  const eventId = required(headers, names.eventId)
  const deliveryId = names.deliveryId === null ? null : headerOf(headers, names.deliveryId)
  if (timestamp !== null && !/^\d{1,12}$/.test(timestamp)) {
    throw new Refused(400, `header ${names.timestamp} is not a time in unix seconds`, 1)
  }

  const secretIndex = verifyWebhook(webhook, { rawBody, timestamp, signature })
  if (secretIndex === null) {
    throw new Refused(
      401,
      "the signature does not match any configured secret: is the secret the current one, and was the " +
        "body parsed or re-serialised by a proxy?",
      2,
    )
  }
  if (timestamp !== null && webhook.toleranceSeconds !== null) {
    const seconds = Math.abs(Math.floor(now / 1000) - Number(timestamp))
    if (seconds > webhook.toleranceSeconds) {
      throw new Refused(
        401,
        `the signature holds, but its time is ${seconds} s from this server's clock, more than the ` +
          `${webhook.toleranceSeconds} s allowed: a replay, or a clock that is wrong`,
        3,
      )
    }
  }
  return { account, secretIndex, sent: { eventId, deliveryId, timestamp } }
}

/** A header that must be there when the account has a name for it. */
function required(headers: SentHeaders, name: string | null): string | null {
  if (name === null) return null
  const value = headerOf(headers, name)
  if (value === null) throw new Refused(400, `header ${name} is missing`, 1)
  return value
}

/** A header by its lower-case name, null when it was not sent. */
function headerOf(headers: SentHeaders, name: string): string | null {
  const found = headers.get(name) ?? []
  const [value] = found
  if (value === undefined) return null
  // A proxy may join a repeated header with a comma.
  if (found.length > 1 || value.includes(",")) {
    throw new Refused(400, `header ${name} was sent more than once`, 1)
  }
  if (value.length > MAX_HEADER_LENGTH) throw new Refused(400, `header ${name} is too long`, 1)
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new Refused(400, `header ${name} is empty or not plain ASCII`, 1)
  }
  return value
}

/** Reads the body of a webhook whose signature holds. */
function eventOf(account: Account, sent: Sent, rawBody: Buffer): WebhookEvent {
  const profile = profileOf(account)
  const { ids: idKeys, types, references, eventIds, amounts } = profile.webhookKeys
  const body = objectIn(rawBody)
  const type = firstText(body, types)
  if (type === null)
    throw new Refused(400, `the body names no event: expected ${types.join(" or ")}`)
  const ids = idsIn(body, idKeys)
  const kobbopayId = ids[0] ?? null
  const given = sent.eventId ?? firstText(body, eventIds)
  if (given !== null) mustAgree(given, type, ids)
  const reference = firstText(body, references)
  const { reportedState, isTest } = meaningOf(profile, type)
  const reportedAmount = amountIn(body, amounts)
  // Money that a type of another kind names is reported all the same; what failed brought none.
  const isAmount = reportedAmount !== null && !new BigNumber(reportedAmount).isZero()
  const isMoney = isAmount && !isTest && !/fail|error|reject/i.test(type)
  return {
    eventId: given ?? (kobbopayId === null ? null : `payment:${kobbopayId}:${type}`),
    deliveryId: sent.deliveryId,
    type,
    reportedState: reportedState ?? (isMoney ? "partial" : null),
    reportedAmount,
    kobbopayId,
    ids,
    reference: reference === null ? null : brandAs<Reference>(reference),
    isTest,
  }
}

function meaningOf(profile: Profile, type: string): Pick<WebhookEvent, "reportedState" | "isTest"> {
  const meaning = profile.eventStates.get(type.toLowerCase()) ?? null
  return meaning === "test"
    ? { reportedState: null, isTest: true }
    : { reportedState: meaning, isTest: false }
}

function objectIn(rawBody: Buffer): JsonObject {
  let body: unknown
  try {
    body = parseJson(rawBody)
  } catch {
    throw new Refused(400, "the body is not JSON in UTF-8")
  }
  if (!isObject(body)) throw new Refused(400, "the body is not a JSON object")
  return body
}

/** Text of the body, null when absent. A number is taken as written: some systems number their orders. */
function textAt(body: JsonObject, key: string): string | null {
  const value = Object.hasOwn(body, key) ? body[key] : undefined
  if (value === undefined || value === null || value === "") return null
  if (typeof value === "string" && value.length <= 256 && isStorable(value)) return value
  throw new Refused(400, `${key} in the body is not text of at most 256 characters`)
}

/** Neither control characters nor halves of a pair: a database would refuse or change them. */
const isStorable = (text: string): boolean =>
  /^[\x20-\x7e]+$/.test(text) || /^[^\p{Cc}\p{Cs}]+$/u.test(text)

/** What a webhook says has arrived in all; text that is no plain amount says nothing. */
function amountIn(body: JsonObject, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = Object.hasOwn(body, key) ? body[key] : undefined
    if (typeof value !== "string" || value.length > MAX_AMOUNT_LENGTH) continue
    if (/^\d+(\.\d+)?([eE][+-]?\d{1,2})?$/.test(value)) return new BigNumber(value).toFixed()
  }
  return null
}

function firstText(body: JsonObject, keys: readonly string[]): string | null {
  for (const key of keys) {
    const found = textAt(body, key)
    if (found !== null) return found
  }
  return null
}

function idsIn(body: JsonObject, keys: readonly string[]): KobbopayId[] {
  const ids: KobbopayId[] = []
  for (const key of keys) {
    const id = textAt(body, key)
    if (id === null) continue
    // An id may become part of a URL, where dots would lead elsewhere.
    if (/^\.+$/.test(id)) throw new Refused(400, `${key} in the body is not an id`)
    const branded = brandAs<KobbopayId>(id)
    if (!ids.includes(branded)) ids.push(branded)
  }
  return ids
}

/**
 * The event id is outside the signature: a captured body could be sent again under another one. An id
 * of the form payment:{id}:{event} must therefore say the same as the body.
 */
function mustAgree(eventId: string, type: string, ids: readonly string[]): void {
  const [, payment, event] = /^payment:(.+):([^:]+)$/.exec(eventId) ?? []
  if (payment === undefined) return
  if (event !== type || (ids.length > 0 && !ids.includes(payment))) {
    throw new Refused(400, "the event id names another payment or event than the signed body")
  }
}
