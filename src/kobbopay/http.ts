import type { Dispatcher } from "undici"
import { KobbopayError, safeText } from "./errors"
import { isObject } from "./json"

/** Answers are a few hundred bytes; what is larger than 1 MiB is something else. */
export const MAX_ANSWER_BYTES = 1024 * 1024

export type HttpAnswer = {
  status: number
  /** The `Retry-After` header as sent. */
  retryAfter: string | null
  /** Null when the body was larger than {@link MAX_ANSWER_BYTES}. */
  body: Buffer | null
}

/** By its shape: an error of Node's own may come from another realm than ours. */
const reasonFor = (error: unknown): string => {
  const { code, name } = isObject(error) ? error : {}
  const reason = [code, name].find((word) => typeof word === "string")
  return safeText(typeof reason === "string" ? reason : "unknown", [])
}

/**
 * One try over HTTP. Any status is an answer; only the lack of one is an error.
 * @param options.timeoutMs from connecting to the last byte
 * @throws {KobbopayError} `unavailable`: no connection, a broken one, or no answer in time
 */
export async function exchange(
  url: string,
  options: {
    method: "GET" | "POST"
    headers: Record<string, string>
    body: string
    timeoutMs: number
    signal?: AbortSignal
    dispatcher?: Dispatcher
  },
): Promise<HttpAnswer> {
  const { method, headers, timeoutMs, dispatcher } = options
  // A hundred files, for which no boot has to wait.
  const { request } = await import("undici")
  const limit = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit
  try {
    const body = method === "GET" ? null : options.body
    const answer = await request(url, { method, headers, body, signal, dispatcher })
    const retryAfter = answer.headers["retry-after"]
    return {
      status: answer.statusCode,
      retryAfter: (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null,
      body: await readBounded(answer.body),
    }
  } catch (error) {
    throw new KobbopayError(
      "unavailable",
      limit.aborted
        ? `Kobbopay gave no answer within ${timeoutMs} ms`
        : `Kobbopay could not be reached: ${reasonFor(error)}`,
    )
  }
}

async function readBounded(body: AsyncIterable<unknown>): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    // Leaving the loop destroys the stream, and with it the connection.
    if (size > MAX_ANSWER_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A longer `Retry-After` is somebody's mistake, and money may be waiting meanwhile. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Milliseconds a `Retry-After` asks for, given as seconds or as a date, and an hour at most; null when it
 * is neither.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null
  const text = header.trim()
  if (/^\d{1,20}$/.test(text)) return Math.min(MAX_RETRY_AFTER_MS, Number(text) * 1000)
  // Only the form with a day's name is a date here: Date.parse would read much else as one.
  const at = /^[A-Za-z]{3,9}, /.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(at) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, at - nowMs))
}
