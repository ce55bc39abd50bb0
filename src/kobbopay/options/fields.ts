import { z } from "@medusajs/framework/zod"
import { parseDuration } from "../duration"
import { AmountError, parseTolerance } from "../../domain/money"
import { isLoopback, proxyUrl } from "../proxy"
import { PAYMENT_STATES } from "../../domain/reading"

/** Says what is wrong and how to mend it, and never what the value was: it may be a secret. */
const says = (wrong: string, fix: string) => ({
  error: (issue: { input?: unknown }) =>
    `${issue.input === undefined ? "is missing" : wrong}; ${fix}`,
})

export const text = (pattern: RegExp, wrong: string, fix: string) =>
  z.string(says("is not text", fix)).regex(pattern, says(wrong, fix))

export const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(
    values,
    says("is not one of its values", `use ${values.map((v) => `"${v}"`).join(" or ")}`),
  )

export const wholeNumber = (min: number, max: number) => {
  const about = says("is out of range", `use a whole number from ${min} to ${max}`)
  return z.int(about).min(min, about).max(max, about)
}

export const flag = z.boolean(says("is neither true nor false", "use true or false"))

/** A secret of the account: white space around it is a copying mistake that no signature survives. */
export const secret = (what: string) =>
  z
    .string(says("is not text", `set it to ${what}`))
    .min(1, says("is empty", `set it to ${what}`))
    .refine((value) => value === value.trim(), says("has white space around it", "remove it"))

/** A credential that travels in a request header. */
export const headerSecret = (what: string) =>
  secret(what).regex(
    /^[\x20-\x7e]*$/,
    says("has characters that no header can carry", `copy ${what} again`),
  )

/** Compared without regard to case; kept in the case in which it is sent. */
export const headerName = text(
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/,
  "is not a header name",
  'use a name like "x-signature"',
)

/** A path below the base URL, with what must be filled in written as {placeholder}. */
export const path = (placeholder?: string) => {
  const fix = placeholder ? `start it with / and keep {${placeholder}} in it` : "start it with /"
  const filled = (value: string) => (placeholder ? value.includes(`{${placeholder}}`) : true)
  return text(/^\/[\x21-\x7e]*$/, "is not a path", fix).refine(filled, says("is not a path", fix))
}

/** Where requests go through; it may hold a password, so it is never repeated. */
export const proxy = z
  .union(
    [
      z.literal(false),
      z.string().refine((value) => value === value.trim() && proxyUrl(value) !== null),
    ],
    {
      error:
        "is no proxy; use its http address (http://proxy.example:3128), or false for none at all",
    },
  )
  .optional()

/** https, except for this very machine; without a slash at its end. */
export const baseUrl = z
  .string(says("is not text", "set it to the https address issued for your environment"))
  .transform((value, ctx) => {
    const fault = (message: string) => {
      ctx.addIssue({ code: "custom", message })
      return z.NEVER
    }
    if (!URL.canParse(value) || value !== value.trim()) {
      return fault("is not a URL; use the https address issued for your environment")
    }
    const url = new URL(value)
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
      return fault("is not https; only a server on this machine (localhost) may be reached by http")
    }
    if (url.username || url.password || url.search || url.hash) {
      return fault("has more than host and path; remove the user, query or fragment")
    }
    return url.origin + url.pathname.replace(/\/+$/, "")
  })

/** "30m" and the like, to milliseconds. */
export const duration = ({ orZero = false } = {}) => {
  const fix = `use a duration${orZero ? "" : " above zero"} such as "90s", "30m", "24h" or "30d"`
  return z.string(says("is not a duration", fix)).transform((value, ctx) => {
    const ms = parseDuration(value)
    if (ms !== null && (ms > 0 || orZero)) return ms
    ctx.addIssue({ code: "custom", message: `is not a duration; ${fix}` })
    return z.NEVER
  })
}

/** "0", "0.5" or "1%", to a tolerance. */
export const tolerance = z
  .string(says("is not text", 'use units of the asset ("0.5") or a share ("1%")'))
  .transform((value, ctx) => {
    try {
      return parseTolerance(value)
    } catch (error) {
      if (!(error instanceof AmountError)) throw error
      const message =
        'is no tolerance; use units of the asset ("0.5") or a share below 100 % ("1%")'
      ctx.addIssue({ code: "custom", message })
      return z.NEVER
    }
  })

export const reportedState = z
  .enum(PAYMENT_STATES)
  .exclude(["creating"], says("is no state", `use ${PAYMENT_STATES.slice(1).join(", ")}`))

/** Extra names for what an account says, to our words for it; names are compared in lower case. */
export const vocabulary = <T extends z.ZodType<string>>(word: T) =>
  z
    .record(text(/^\S(.{0,98}\S)?$/, "is not a name", "use the name as Kobbopay sends it"), word)
    .transform((names) =>
      Object.fromEntries(Object.entries(names).map(([name, to]) => [name.toLowerCase(), to])),
    )

/**
 * A check between keys, for `refine`. It also runs while other keys are faulty, so that a merchant
 * sees all faults at once; where the keys it is about are themselves faulty, it keeps silent.
 */
export const rule = <R>(
  about: z.ZodType<R>,
  path: string[],
  message: string,
  holds: (picked: R) => boolean,
) =>
  [
    (value: unknown): boolean => {
      const picked = about.safeParse(value)
      return !picked.success || holds(picked.data)
    },
    { when: () => true, path, error: message },
  ] as const
