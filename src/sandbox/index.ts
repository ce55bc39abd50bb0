import { randomBytes } from "node:crypto"

import { PaymentBook } from "./book"
import { DEFAULT_TOKENS } from "./chains"
import { SandboxControl } from "./control"
import { PROFILE_NAMES, type Payment, type ProfileName } from "./payments"
import { docsWire } from "./profiles/docs"
import { invoiceWire } from "./profiles/invoice"
import { listen } from "./server"
import { stateIn } from "./state"
import { seededRandom, WeatherStation } from "./weather"
import { WebhookSender, type WebhookTarget } from "./webhooks"
import { kobbopayApi } from "./kobbopay-api"

export type { SandboxControl, TransferOrder, WebhookChange } from "./control"
export { SandboxError } from "./errors"
export { StateError } from "./state"
export type { ProfileName } from "./payments"
export type { PaymentView, Stats } from "./views"
export { STORM, type Weather, type WeatherPatch } from "./weather"
export type { Delivery } from "./webhooks"

/** Waits before each further try of a webhook, in milliseconds: about half an hour in all. */
const DEFAULT_RETRY_DELAYS_MS: readonly number[] = [
  1000,
  2000,
  5000,
  10_000,
  30_000,
  ...Array<number>(30).fill(60_000),
]

export type SandboxOptions = {
  /** 0 or left out: any free port. */
  port?: number
  host?: string
  /** The profiles served; both unless told otherwise. */
  profiles?: readonly ProfileName[]
  /** `apiKey` is the docs profile's; `publicId` and `privateKey` are the invoice profile's. */
  credentials: { apiKey: string; publicId: string; privateKey: string }
  /** Without a URL events are recorded and not sent. */
  webhook: WebhookTarget
  /** Tokens that are enabled, e.g. "USDTTRC". */
  tokens?: readonly string[]
  /** Tokens whose addresses come with a memo (destination tag). */
  memoTokens?: readonly string[]
  /** Waits before each further try of a webhook; after the last the event is given up. */
  retry?: { delaysMs: readonly number[] }
  /** How long a receiver of webhooks may take. */
  webhookTimeoutMs?: number
  /** Unix milliseconds; stamps what is signed and shown. Waits are real. */
  now?: () => number
  /** From 0 up to 1; the dice of the weather. Left out: drawn from `seed`. */
  random?: () => number
  /** Payments expire by themselves after this long; null: only when told to. */
  expireAfterMs?: number | null
  seed?: number
  /** Keeps the payments in this file, so that they survive the end of the process, however it comes. */
  stateFile?: string | null
  /** Told, in words, what a person should know of while it runs. */
  tell?: (line: string) => void
}

export type Sandbox = {
  /** The base URL of both profiles, the control API and the pages. */
  url: string
  control: SandboxControl
  /** Stops listening and ends what is under way; once more does no harm. */
  close: () => Promise<void>
}

/**
 * Starts a stand-in for Kobbopay, in memory, over real HTTP. It speaks the wire from the published
 * contract by itself, so that it can disagree with the plugin. Rejects when the port cannot be had, and
 * with a StateError when the state file cannot be used.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { credentials, tokens = DEFAULT_TOKENS, profiles = PROFILE_NAMES } = options
  const now = options.now ?? Date.now
  const weather = new WeatherStation(options.random ?? seededRandom(options.seed ?? 1))
  const sender = new WebhookSender({
    target: options.webhook,
    delaysMs: options.retry?.delaysMs ?? DEFAULT_RETRY_DELAYS_MS,
    timeoutMs: options.webhookTimeoutMs ?? 10_000,
    weather,
    now,
    newId,
    tell: options.tell ?? (() => undefined),
  })
  const announce = (payment: Payment, event: string): void => {
    const wire = wires.find(({ profile }) => profile === payment.profile)
    if (!wire) return
    const composed = wire.webhook.compose(payment, event)
    const { id: paymentId, reference } = payment
    sender.send({ ...composed, wire, type: event, paymentId, reference })
  }
  const state = options.stateFile ? stateIn(options.stateFile) : null
  const book = new PaymentBook({
    known: state?.known,
    keep: state?.keep,
    now,
    newId,
    announce,
    expireAfterMs: options.expireAfterMs ?? null,
    memoTokens: options.memoTokens ?? [],
  })
  const shared = { book, weather, tokens }
  const wires = [
    docsWire({ ...shared, apiKey: credentials.apiKey, newId }),
    invoiceWire({ ...shared, ...credentials, now }),
  ].filter(({ profile }) => profiles.includes(profile))

  const closing = new AbortController()
  const base = { url: "" }
  const control = new SandboxControl({
    book,
    weather,
    sender,
    wires,
    newId,
    announce,
    payUrl: (id) => `${base.url}/pay/${encodeURIComponent(id)}`,
  })
  const server = await listen({
    port: options.port ?? 0,
    host: options.host ?? "127.0.0.1",
    api: kobbopayApi(wires, weather, closing.signal),
    control,
  })
  base.url = server.url
  const close = async (): Promise<void> => {
    closing.abort()
    book.close()
    await Promise.all([server.close(), sender.close()])
  }
  let closed: Promise<void> | undefined
  return { url: server.url, control, close: () => (closed ??= close()) }
}

/** Never from the seed: a shop's database outlives the stand-in, and an id must not come back. */
const newId = (prefix: string): string => prefix + randomBytes(12).toString("hex")
