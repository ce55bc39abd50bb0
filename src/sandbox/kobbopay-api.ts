import { setTimeout as wait } from "node:timers/promises"

import { SandboxError } from "./errors"
import { decoded } from "./http"
import type { GarbageKind, WeatherStation } from "./weather"
import type { Answer, ApiRequest, Endpoint, Wire } from "./wire"

/** Instead of an answer: the connection is reset. */
export const RESET = Symbol("reset")

export type KobbopayApi = {
  /** Whether the path belongs to a profile that is served. */
  owns: (path: string) => boolean
  /** Answers as Kobbopay would, in the weather there is. */
  answer: (request: ApiRequest) => Promise<Answer | typeof RESET>
}

/** The stand-in's side of the wire: routing, authentication and the weather over the API. */
export function kobbopayApi(
  wires: readonly Wire[],
  weather: WeatherStation,
  closing: AbortSignal,
): KobbopayApi {
  const matches = (path: string) =>
    wires.flatMap((wire) =>
      wire.endpoints
        .map((endpoint) => ({ wire, endpoint, parameter: parameterOf(endpoint, path) }))
        .filter((match) => match.parameter !== null),
    )

  const answer = async (request: ApiRequest): Promise<Answer | typeof RESET> => {
    if (weather.current.outage) return RESET
    const found = matches(request.path)
    const match = found.find(({ endpoint }) => endpoint.method === request.method)
    if (!match) {
      const allow = found.map(({ endpoint }) => endpoint.method).join(", ")
      return { status: 405, headers: { allow }, body: { error: "method not allowed" } }
    }
    const { wire, endpoint, parameter } = match
    const limit = weather.strikes("rateLimit", endpoint.kind)
    if (limit) {
      const seconds = limit.retryAfterSeconds
      const headers: Record<string, string> =
        seconds === null ? {} : { "retry-after": String(seconds) }
      return {
        status: 429,
        headers,
        body: wire.refusal(new SandboxError(429, "too many requests")),
      }
    }
    const failure = weather.strikes("serverError", endpoint.kind)
    if (failure) return { status: failure.status, body: { error: "something went wrong" } }

    const result = answerRequest(wire, endpoint, request, parameter ?? "")
    const isCreated = endpoint.kind === "create" && result.status < 300
    if (isCreated && weather.strikes("lostAnswer")) return RESET
    const slow = weather.strikes("slowMs", endpoint.kind)
    if (slow) await wait(slow.ms, undefined, { signal: closing }).catch(() => undefined)
    const garbage = weather.strikes("garbage", endpoint.kind)
    return garbage ? garbled(result, weather.garbageKind(garbage.kind)) : result
  }

  return { owns: (path) => matches(path).length > 0, answer }
}

function parameterOf({ path: pattern }: Endpoint, path: string): string | null {
  if (typeof pattern === "string") return pattern === path ? "" : null
  return pattern.exec(path)?.[1] ?? null
}

function answerRequest(
  wire: Wire,
  endpoint: Endpoint,
  request: ApiRequest,
  parameter: string,
): Answer {
  try {
    wire.authenticate(request)
    return endpoint.run(request, decoded(parameter))
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error
    return { status: error.status, body: wire.refusal(error) }
  }
}

/** An answer that came from something that is not Kobbopay, or only half of it. */
function garbled({ status, body }: Answer, kind: GarbageKind): Answer {
  const json = JSON.stringify(body)
  const headers = { "content-type": "application/json; charset=utf-8" }
  switch (kind) {
    case "html":
      return { status: 200, body: "<!doctype html><title>Gateway</title><h1>Please wait</h1>" }
    case "truncated":
      return { status, headers, body: json.slice(0, Math.ceil(json.length / 2)) }
    case "cut":
      return { status, body, cut: true }
    case "wrong_types":
      return { status, body: wrongTypes(body) }
    case "empty":
      return { status, headers, body: "" }
  }
}

/** The same names, each with a value that nothing can mean. */
function wrongTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wrongTypes)
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wrongTypes(inner)]))
  }
  return { unexpected: [null] }
}
