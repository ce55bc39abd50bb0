import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import type { Dispatcher } from "undici"
import { KobbopayError, safeText } from "./errors"
import { isObject } from "./json"
import { agentFor, ProxyError, wayTo, type ProxyChoice, type Way } from "./proxy"

/** Answers are a few hundred bytes; what is larger than 1 MiB is something else. */
const MAX_ANSWER_BYTES = 1024 * 1024

export type HttpAnswer = {
  status: number
  /** The `Retry-After` header as sent. */
  retryAfter: string | null
  /** As its sender wrote it, also where it came compressed; null when that is unknown. */
  body: Buffer | null
  /** Why there is no body: "is larger than 1 MiB". */
  fault: string | null
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
    proxy?: ProxyChoice
  },
): Promise<HttpAnswer> {
  const { method, timeoutMs } = options
  // What is in front of an API may compress by itself; it is asked not to, and understood when it does.
  const headers = { "accept-encoding": "identity", ...options.headers }
  const way = chosenWay(url, options.proxy)
  // A hundred files, for which no boot has to wait.
  const { request } = await import("undici")
  const limit = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit
  try {
    const body = method === "GET" ? null : options.body
    const dispatcher = options.dispatcher ?? (way === null ? undefined : await agentFor(way))
    const answer = await request(url, { method, headers, body, signal, dispatcher })
    const retryAfter = answer.headers["retry-after"]
    const encodings = [answer.headers["content-encoding"] ?? []].flat().join(",")
    return {
      status: answer.statusCode,
      retryAfter: (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null,
      ...(await decoded(await readBounded(answer.body), encodings)),
    }
  } catch (error) {
    const through = way === null ? "" : ` through the proxy ${way.shown}`
    throw new KobbopayError(
      "unavailable",
      limit.aborted
        ? `Kobbopay gave no answer within ${timeoutMs} ms${through}`
        : `Kobbopay could not be reached${through}: ${refusalOfProxy(error) ?? reasonFor(error)}`,
    )
  }
}

function chosenWay(url: string, choice: ProxyChoice): Way {
  try {
    return wayTo(url, choice, process.env)
  } catch (cause) {
    if (!(cause instanceof ProxyError)) throw cause
    throw new KobbopayError("unavailable", `Kobbopay could not be reached: ${cause.message}`)
  }
}

/** A proxy that does not let us through says why by a status, which stands in no field of the error. */
function refusalOfProxy(error: unknown): string | null {
  const message = isObject(error) && typeof error.message === "string" ? error.message : ""
  const status = /^Proxy response \((\d{3})\)/.exec(message)?.[1]
  return status === undefined ? null : `it answered ${status}`
}

type Body = Pick<HttpAnswer, "body" | "fault">

const TOO_LARGE: Body = { body: null, fault: "is larger than 1 MiB" }
const bounded = { maxOutputLength: MAX_ANSWER_BYTES }
const inflated = promisify<Buffer, typeof bounded, Buffer>(inflate)
const inflatedRaw = promisify<Buffer, typeof bounded, Buffer>(inflateRaw)
const gunzipped = promisify<Buffer, typeof bounded, Buffer>(gunzip)
const unbrotlied = promisify<Buffer, typeof bounded, Buffer>(brotliDecompress)

const DECODERS: Record<string, (bytes: Buffer) => Promise<Buffer>> = {
  gzip: (bytes) => gunzipped(bytes, bounded),
  "x-gzip": (bytes) => gunzipped(bytes, bounded),
  br: (bytes) => unbrotlied(bytes, bounded),
  // Some send it without the wrapping that the name stands for.
  deflate: (bytes) =>
    inflated(bytes, bounded).catch((cause: unknown) => {
      if (isTooLarge(cause)) throw cause
      return inflatedRaw(bytes, bounded)
    }),
}
/** Nobody compresses more often; each step may cost up to the limit. */
const MOST_ENCODINGS = 3

/** The body without its compression, bounded once more: a megabyte of nothing fits into a kilobyte. */
async function decoded(body: Buffer | null, header: string): Promise<Body> {
  if (body === null) return TOO_LARGE
  const encodings = header
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
    .reverse()
  const isUnknown = (name: string) => !Object.hasOwn(DECODERS, name)
  if (encodings.length > MOST_ENCODINGS || encodings.some(isUnknown)) {
    return { body: null, fault: `is compressed in a way that was not asked for` }
  }
  let bytes = body
  for (const name of encodings) {
    try {
      bytes = (await DECODERS[name]?.(bytes)) ?? bytes
    } catch (cause) {
      if (isTooLarge(cause)) return TOO_LARGE
      // Something on the way undid the compression and left its name: then it is readable as it is.
      return { body: bytes, fault: null }
    }
  }
  return { body: bytes, fault: null }
}

const isTooLarge = (cause: unknown): boolean =>
  isObject(cause) && cause.code === "ERR_BUFFER_TOO_LARGE"

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
