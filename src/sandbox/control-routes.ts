import { setTimeout as wait } from "node:timers/promises"

import { z } from "@medusajs/framework/zod"

import { profileSchema, type SandboxControl } from "./control"
import { parseFields, SandboxError } from "./errors"
import { decoded } from "./http"
import { STORM, type WeatherPatch } from "./weather"
import { type Answer, type ApiRequest, headerOf, jsonBody } from "./wire"

/** What a control request carried, from JSON or from a form of the pages. */
type Input = { form: boolean; fields: Record<string, unknown>; query: URLSearchParams }

type Handler = (control: SandboxControl, input: Input, parameters: string[]) => unknown

type Route = { method: "GET" | "POST" | "DELETE"; path: RegExp; run: Handler }

const order = ({ fields }: Input) => fields
const hashSchema = z.object({ hash: z.string().optional() })
const announceSchema = z.object({ event: z.string() })
const testSchema = z.object({ profile: profileSchema.optional() })

/** What can be done to one payment: `POST /sandbox/payments/:id/<action>`. */
const ACTIONS: Record<string, (control: SandboxControl, id: string, input: Input) => unknown> = {
  pay: (control, id, input) => control.pay(id, order(input)),
  underpay: (control, id, input) => control.underpay(id, order(input)),
  overpay: (control, id, input) => control.overpay(id, order(input)),
  "pay-late": (control, id, input) => control.payLate(id, order(input)),
  "pay-other-token": (control, id, input) => control.payOtherToken(id, order(input)),
  "second-transfer": (control, id, input) => control.secondTransfer(id, order(input)),
  confirm: (control, id, { fields }) => control.confirm(id, parseFields(hashSchema, fields)),
  expire: (control, id) => control.expire(id),
  fail: (control, id) => control.fail(id),
  announce: (control, id, { fields }) =>
    control.announce(id, parseFields(announceSchema, fields).event),
}

const ROUTES: readonly Route[] = [
  { method: "GET", path: /^\/sandbox\/health$/, run: () => ({ ok: true }) },
  {
    method: "GET",
    path: /^\/sandbox\/payments$/,
    run: (control) => ({ payments: control.payments() }),
  },
  {
    method: "GET",
    path: /^\/sandbox\/payments\/([^/]+)$/,
    run: (control, _input, [id = ""]) => ({ payment: control.payment(id) }),
  },
  {
    method: "POST",
    path: /^\/sandbox\/payments\/([^/]+)\/([^/]+)$/,
    run: (control, input, [id = "", name = ""]) => {
      const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
      if (!action) {
        const known = Object.keys(ACTIONS).join(", ")
        throw new SandboxError(404, `there is no action "${name}"; there are: ${known}`)
      }
      return { payment: action(control, id, input) }
    },
  },
  {
    method: "GET",
    path: /^\/sandbox\/weather$/,
    run: (control) => ({ weather: control.weather() }),
  },
  {
    method: "POST",
    path: /^\/sandbox\/weather$/,
    run: (control, input) => ({
      weather: input.form ? setByForm(control, input) : control.setWeather(input.fields),
    }),
  },
  {
    method: "DELETE",
    path: /^\/sandbox\/weather$/,
    run: (control) => ({ weather: control.clearWeather() }),
  },
  {
    method: "GET",
    path: /^\/sandbox\/webhook$/,
    run: (control) => ({ webhook: control.webhook() }),
  },
  {
    method: "POST",
    path: /^\/sandbox\/webhook$/,
    run: (control, { fields }) => ({ webhook: control.setWebhook(fields) }),
  },
  {
    method: "POST",
    path: /^\/sandbox\/webhook\/test$/,
    run: (control, { fields }) => {
      control.sendTest(parseFields(testSchema, fields).profile)
      return { sent: true }
    },
  },
  {
    method: "GET",
    path: /^\/sandbox\/deliveries$/,
    run: (control, { query }) => ({
      deliveries: control.deliveries(query.get("payment") ?? undefined),
    }),
  },
  {
    method: "POST",
    path: /^\/sandbox\/deliveries\/([^/]+)\/redeliver$/,
    run: (control, _input, [id = ""]) => {
      control.redeliver(id)
      return { sent: true }
    },
  },
  { method: "GET", path: /^\/sandbox\/stats$/, run: (control) => control.stats() },
  { method: "GET", path: /^\/sandbox\/quiet$/, run: untilQuiet },
]

/** Whether a path belongs to the control API. */
export const isControlPath = (path: string): boolean => path.startsWith("/sandbox/")

/**
 * Whether a request comes from a form of the pages, and is answered with a page. By the body, since
 * curl calls everything a form; a real one escapes the brace.
 */
export const isForm = (request: ApiRequest): boolean =>
  headerOf(request, "content-type").startsWith("application/x-www-form-urlencoded") &&
  /^[^{\s]/.test(request.rawBody.toString("utf8"))

/** Answers a control request. Throws a SandboxError on one that cannot be carried out. */
export async function answerControl(control: SandboxControl, request: ApiRequest): Promise<Answer> {
  const found = ROUTES.filter(({ path }) => path.test(request.path))
  const route = found.find(({ method }) => method === request.method)
  if (!route) {
    const hint = found.map(({ method }) => method).join(" or ")
    throw hint
      ? new SandboxError(405, `${request.path} takes ${hint}`)
      : new SandboxError(404, `the control API has no ${request.path}`)
  }
  const parameters = (route.path.exec(request.path) ?? []).slice(1).map(decoded)
  const { back, ...fields } = isForm(request) ? formFields(request) : jsonFields(request)
  const input = { form: isForm(request), fields, query: request.query }
  const body = await route.run(control, input, parameters)
  return input.form ? redirect(back) : { status: 200, body }
}

function jsonFields(request: ApiRequest): Record<string, unknown> {
  if (request.rawBody.length === 0) return {}
  return parseFields(z.record(z.string(), z.unknown()), jsonBody(request))
}

/** A form sends what was left empty as an empty text, and a ticked box as "on". */
function formFields({ rawBody }: ApiRequest): Record<string, unknown> {
  const filled = [...new URLSearchParams(rawBody.toString("utf8"))].filter(([, value]) => value)
  return Object.fromEntries(filled.map(([key, value]) => [key, value === "on" ? true : value]))
}

/** Back to a page of ours, and to nowhere else. */
function redirect(back: unknown): Answer {
  const safe = typeof back === "string" && /^\/(pay\/[\w%.~-]+)?$/.test(back)
  return { status: 303, headers: { location: safe ? back : "/" }, body: "" }
}

const weatherFormSchema = z.union([
  z.object({ preset: z.enum(["fair", "storm"]) }),
  z.object({ kind: z.string(), value: z.string() }),
])

function setByForm(control: SandboxControl, { fields }: Input) {
  const requested = parseFields(weatherFormSchema, fields)
  if (!("preset" in requested)) return control.setWeather(patchOf(requested.kind, requested.value))
  const fair = control.clearWeather()
  return requested.preset === "storm" ? control.setWeather(STORM) : fair
}

function patchOf(kind: string, value: string): WeatherPatch {
  try {
    return { [kind]: JSON.parse(value) as unknown }
  } catch {
    throw new SandboxError(400, `${kind}: write true, false, a number, or JSON like {"count": 2}`)
  }
}

async function untilQuiet(control: SandboxControl, { query }: Input): Promise<unknown> {
  const timeoutMs = parseFields(
    z.coerce.number().min(0).max(600_000),
    query.get("timeout_ms") ?? 30_000,
  )
  const late = new AbortController()
  const deadline = wait(timeoutMs, true, { signal: late.signal, ref: false }).catch(() => false)
  const isLate = await Promise.race([control.quiet().then(() => false), deadline])
  late.abort()
  if (!isLate) return { pending: 0 }
  const { pending } = control.stats().deliveries
  throw new SandboxError(504, `${pending} events are still on their way after ${timeoutMs} ms`)
}
