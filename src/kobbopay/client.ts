import type { Dispatcher } from "undici"
import { KobbopayError, safeText } from "./errors"
import { exchange, retryAfterMs, type HttpAnswer } from "./http"
import type { KobbopayId } from "../domain/ids"
import { parseJson } from "./json"
import type { KnownTransfer } from "../domain/observation"
import { secretsOf, type Account } from "./options"
import { reasonOf } from "./profiles/answer"
import {
  profileOf,
  type ApiRequest,
  type Ask,
  type CreatedPayment,
  type PaymentToCreate,
} from "./profiles"
import type { Rail } from "./rails"
import type { Reading } from "../domain/reading"

/** A longer `Retry-After` is the caller's to wait for: it may hold a lease or a shopper meanwhile. */
const MAX_WAIT_MS = 10_000
const FIRST_PAUSE_MS = 250

type ClientDeps = {
  dispatcher?: Dispatcher
  /** Unix time, milliseconds. */
  now: () => number
  /** From 0 up to, not including, 1. */
  random: () => number
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

type CallOptions = {
  /** Tries of each request, the first included; the account's `request.attempts` when left out. */
  attempts?: number
  /** Gives up, also while waiting to try again. */
  signal?: AbortSignal
}

/** Kobbopay's API as one account speaks it. Every failure is a {@link KobbopayError}. */
export type KobbopayClient = {
  /** Repeats itself only under the payment's own reference. */
  create(payment: PaymentToCreate, options?: CallOptions): Promise<CreatedPayment>
  /** `known` are the transfers that earlier reads reported: some contracts name only the newest. */
  read(
    kobbopayId: KobbopayId,
    rail: Rail,
    options?: CallOptions & { known?: readonly KnownTransfer[] },
  ): Promise<Reading>
  /** Null where the account's profile has no such call. */
  enabledTokens(options?: CallOptions): Promise<string[] | null>
}

/** Timeouts and "too early" are no refusal, whatever their class of status says. */
const isTemporary = (status: number): boolean =>
  status >= 500 || status === 429 || status === 408 || status === 425

/** Binds an account to its API. Network, clock, chance and waiting are handed in. */
export function createClient(account: Account, deps: ClientDeps): KobbopayClient {
  const { options } = account
  const profile = profileOf(account)
  const secrets = secretsOf(options)

  const parsed = (body: Buffer): { json: unknown } | null => {
    try {
      return { json: parseJson(body) }
    } catch {
      return null
    }
  }

  function answerOf({ status, retryAfter, body, fault }: HttpAnswer): unknown {
    const answer = body === null ? null : parsed(body)
    if (status >= 200 && status < 300) {
      if (answer !== null) return answer.json
      const wrong = `Kobbopay's answer (${status}) ${fault ?? "is not JSON"}`
      throw new KobbopayError("invalid_answer", wrong, { status })
    }
    const answerText = reasonOf(answer?.json) ?? body?.toString("utf8") ?? ""
    const reason = answerText.trim() === "" ? "" : `: ${safeText(answerText, secrets)}`
    if (isTemporary(status)) {
      throw new KobbopayError("unavailable", `Kobbopay answered ${status}${reason}`, {
        status,
        retryAfterMs: retryAfterMs(retryAfter, deps.now()),
      })
    }
    if (status >= 400) {
      throw new KobbopayError("rejected", `Kobbopay refused with ${status}${reason}`, { status })
    }
    throw new KobbopayError(
      "invalid_answer",
      `Kobbopay answered ${status}, which is no answer of its API: is baseUrl right?`,
      { status },
    )
  }

  async function tryOnce(asked: ApiRequest, signal?: AbortSignal): Promise<unknown> {
    // Made for each try: a signature carries the time.
    const headers: Record<string, string> = {
      accept: "application/json",
      "user-agent": "medusa-payment-kobbopay",
      ...(asked.method === "POST" ? { "content-type": "application/json" } : {}),
      ...asked.headers,
      ...profile.authHeaders(asked.body, deps.now()),
    }
    return answerOf(
      await exchange(options.baseUrl + asked.path, {
        method: asked.method,
        headers,
        body: asked.body,
        timeoutMs: options.request.timeoutMs,
        signal,
        dispatcher: deps.dispatcher,
        proxy: options.request.proxy,
      }),
    )
  }

  /** The pause before the next try, or null when there shall be none. */
  function pauseAfter(error: unknown, attempt: number, call: CallOptions): number | null {
    if (!(error instanceof KobbopayError) || error.kind !== "unavailable") return null
    if (attempt >= (call.attempts ?? options.request.attempts) || call.signal?.aborted) return null
    const base = FIRST_PAUSE_MS * 2 ** (attempt - 1)
    const jitter = Math.round(base * deps.random())
    if (error.retryAfterMs === null) return Math.min(MAX_WAIT_MS, base + jitter)
    return error.retryAfterMs <= MAX_WAIT_MS ? error.retryAfterMs + jitter : null
  }

  /** Waits to try again; false when woken up to stop. */
  const wait = (ms: number, signal?: AbortSignal): Promise<boolean> =>
    deps.sleep(ms, signal).then(
      () => true,
      () => false,
    )

  const asking =
    (call: CallOptions): Ask =>
    async (asked) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await tryOnce(asked, call.signal)
        } catch (error) {
          const pause = pauseAfter(error, attempt, call)
          if (pause === null || !(await wait(pause, call.signal))) throw error
        }
      }
    }

  return {
    create: (payment, call = {}) => profile.create(payment, asking(call)),
    read: (kobbopayId, rail, call = {}) => profile.read(kobbopayId, rail, asking(call), call.known),
    enabledTokens: (call = {}) => profile.enabledTokens(asking(call)),
  }
}
