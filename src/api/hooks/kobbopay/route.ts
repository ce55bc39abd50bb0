import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { SeldomLog } from "../../../kobbopay/seldom-log"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { isAllowedIp, normalIp } from "../../../kobbopay/allowed-ips"
import {
  bodyHashOf,
  MAX_WEBHOOK_BYTES,
  receiveWebhook,
  type Received,
} from "../../../kobbopay/webhook"
import type { Account } from "../../../kobbopay/options"
import { runtime } from "../../../runtime"
import { checkAgain } from "../../../store/inbox/queue"
import type { Recorded } from "../../../store/inbox/insert"
import { errorText } from "../../../store/error-text"
import { appOf, type App } from "../../../work/app"
import { BodyRefused, readRawBody } from "./raw-body"
import { SecretWatch } from "./rotation"

/** Ends the request with a status and nothing that helps a stranger; the cause goes to the log. */
type Answer = { status: number; refusal: Refusal | null }

/** `kind`: the cause without what a stranger can vary, by which refusals are counted. */
type Refusal = { kind: string; cause: string }

const secrets = new SecretWatch()
const refusals = new SeldomLog(() => runtime.now().getTime())

/** Numbers in a cause are the sender's: how long, how late. */
const refuse = (status: number, cause: string, kind = cause.replace(/\d+/g, "#")): Answer => ({
  status,
  refusal: { kind: `${status} ${kind}`, cause },
})
const ACCEPTED: Answer = { status: 200, refusal: null }

/**
 * Takes Kobbopay's webhooks, for all accounts: raw bytes, signature, parse, one durable insert, 2xx,
 * whatever the event says. The work starts after the answer.
 */
export async function POST(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const app = appOf(req.scope)
  const answer = await take(req, app).catch((cause: unknown) =>
    cause instanceof BodyRefused
      ? refuse(cause.status, cause.message)
      : refuse(503, `the webhook could not be handled: ${errorText(cause)}`, "not handled"),
  )
  if (answer.refusal !== null) {
    const { kind, cause } = answer.refusal
    const log = req.scope.resolve(ContainerRegistrationKeys.LOGGER)
    refusals.note(
      (line) => log.warn(line),
      kind,
      `kobbopay: webhook refused with ${answer.status}${idsForLog(req, app)}: ${cause}`,
    )
  }
  // What was not read of a refused body must not be taken for the connection's next request.
  if (!req.readableEnded) res.setHeader("connection", "close")
  res.statusCode = answer.status
  res.end()
}

async function take(req: MedusaRequest, app: App): Promise<Answer> {
  const unfit = unfitHeaders(req)
  if (unfit !== null) return unfit
  const ip = req.ip ?? ""
  const mayCome = app.accounts.some(({ options }) => isAllowedIp(options.webhook.allowedIps, ip))
  if (!mayCome) {
    const cause = `${addressIn(ip)} is in no account's webhook.allowedIps`
    return refuse(403, cause, "address in no list")
  }

  const rawBody = await readRawBody(req, MAX_WEBHOOK_BYTES, runtime.webhook.bodyWithinMs)
  const received = receiveWebhook({
    rawBody,
    // With each repetition: a doubled signature must not look like one.
    rawHeaders: req.rawHeaders,
    accounts: app.accounts,
    now: runtime.now().getTime(),
  })
  if (!received.ok) return refuse(received.status, received.cause)
  if (!isAllowedIp(received.account.options.webhook.allowedIps, ip)) {
    const { id } = received.account
    const cause = `${addressIn(ip)} is not in webhook.allowedIps of ${id}`
    return refuse(403, cause, `address not in the list of ${id}`)
  }
  const rotated = secrets.note(received.account, received.secretIndex)
  if (rotated !== null)
    req.scope.resolve(ContainerRegistrationKeys.LOGGER).info(`kobbopay: ${rotated}`)
  return record(app, received, rawBody)
}

/** An address for the log. A proxy hands on what it was sent, so it may be any text. */
const addressIn = (text: string): string => {
  const ip = normalIp(text)
  return ip === null ? "a sender whose address is none" : `the address ${ip}`
}

/** What a body may be coded as so that its bytes are no longer those that were signed. */
const CHANGES_BYTES =
  /^(x-)?(gzip|compress)$|^(deflate|br|zstd|dcb|dcz|exi|pack200-gzip|aes128gcm)$/

/**
 * What can be refused before a byte of the body is read. Of its type nothing is asked: senders and proxies
 * write it in many ways, and the signature says whether it is what Kobbopay sent.
 */
function unfitHeaders(req: MedusaRequest): Answer | null {
  const codings = (req.headers["content-encoding"] ?? "").toLowerCase().split(",")
  if (codings.some((coding) => CHANGES_BYTES.test(coding.trim()))) {
    return refuse(415, "the body is compressed, so its signed bytes are not at hand")
  }
  const length = Number(req.headers["content-length"] ?? 0)
  return length > MAX_WEBHOOK_BYTES
    ? refuse(413, `the body is announced with ${length} bytes`)
    : null
}

/** The ids a refused webhook came with, for the log. Unproven, so only what is short and plain. */
function idsForLog(req: MedusaRequest, { accounts }: App): string {
  const idOf = (kind: "eventId" | "deliveryId") =>
    accounts
      .flatMap(({ options }) => req.headersDistinct[options.webhook.headers[kind] ?? ""] ?? [])
      .find((value) => /^[\x21-\x7e]{1,200}$/.test(value)) ?? "none"
  return ` (event ${idOf("eventId")}, delivery ${idOf("deliveryId")})`
}

async function record(
  app: App,
  { account, secretIndex, event }: Extract<Received, { ok: true }>,
  rawBody: Buffer,
): Promise<Answer> {
  const now = runtime.now()
  let recorded: Recorded
  try {
    recorded = await app.inbox.record({
      accountId: account.id,
      bodyHash: bodyHashOf(rawBody),
      eventId: event.eventId,
      deliveryId: event.deliveryId,
      type: event.type,
      reportedState: event.reportedState,
      reportedAmount: event.reportedAmount,
      kobbopayIds: event.ids,
      reference: event.reference,
      rawBody: rawBody.toString("utf8"),
      secretIndex,
      isTest: event.isTest,
      receivedAt: now,
    })
  } catch (cause) {
    return refuse(
      503,
      `event ${event.eventId ?? "without id"} of payment ${event.kobbopayId ?? "unknown"} could not be recorded, Kobbopay will send it again: ${errorText(cause)}`,
      "not recorded",
    )
  }
  setImmediate(() => {
    void afterAnswer(app, account, recorded)
  })
  return ACCEPTED
}

/** Starts the work on an event; what fails here is found again by the sweep. */
async function afterAnswer(app: App, { options }: Account, recorded: Recorded): Promise<void> {
  if (!recorded.inserted && recorded.collectionId !== null) {
    // Seen before: Kobbopay asks for a check, so the next one comes forward.
    const { watchForMs } = options.expiry
    const isDue = await checkAgain(app.sql, recorded.id, runtime.now(), watchForMs).catch(
      () => false,
    )
    if (isDue) app.worker.wake()
  } else {
    app.worker.wakeDispatcher()
  }
}

/** Any other method: a person with a browser, or a wrong setting. */
export function GET(_req: MedusaRequest, res: MedusaResponse): void {
  res.setHeader("allow", "POST")
  res.status(405).end()
}
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
