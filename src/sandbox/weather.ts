import { z } from "@medusajs/framework/zod"

import { parseFields } from "./errors"

const odds = {
  /** How likely it strikes each time, 0 to 1. */
  probability: z.number().min(0).max(1).default(1),
  /** Strikes at most this often, then never again; null: no end. */
  count: z.int().min(0).nullable().default(null),
}

const CALLS = ["create", "read", "transaction"] as const
export type Call = (typeof CALLS)[number]

/**
 * Limits weather over the API to calls that create a payment, to all others ("read"), or to the second
 * call of a read that takes two ("transaction", of the invoice profile).
 */
const on = z.enum(CALLS).nullable().default(null)

const whole = z.int().min(0).max(86_400_000)

/** `true`, `false` and a bare probability are short for the full form. */
const chance = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => {
    if (value === true) return {}
    if (value === false || value === null) return { probability: 0 }
    return typeof value === "number" ? { probability: value } : value
  }, schema)

const GARBAGE_KINDS = ["html", "truncated", "cut", "wrong_types", "empty"] as const
export type GarbageKind = (typeof GARBAGE_KINDS)[number]

const fields = {
  /** Webhooks: extra copies of the first try of an event, each with a delivery id of its own. */
  duplicates: chance(z.strictObject({ ...odds, copies: z.int().min(1).max(20).default(1) })),
  /** Webhooks: an event waits until the payment's next event was tried, or for `holdMs`. */
  reorder: chance(z.strictObject({ ...odds, holdMs: whole.default(1000) })),
  /** Webhooks: waits before the first try; a number, or a range drawn from. */
  delayMs: z.preprocess(
    (value) => (typeof value === "number" ? { min: value, max: value } : value),
    z
      .strictObject({ min: whole, max: whole })
      .refine(({ min, max }) => min <= max, "min must not be above max"),
  ),
  /** Webhooks: the event is never sent and never retried. */
  drop: chance(z.strictObject(odds)),
  /** Webhooks (invoice): a timestamp this far in the past, correctly signed. */
  staleTimestamp: chance(z.strictObject({ ...odds, seconds: z.int().default(600) })),
  /** Webhooks: signed with a secret nobody has. */
  wrongSignature: chance(z.strictObject(odds)),
  /** API: 429, nothing done; with Retry-After unless that is null. */
  rateLimit: chance(
    z.strictObject({
      ...odds,
      on,
      retryAfterSeconds: z.int().min(0).max(999_999_999).nullable().default(1),
    }),
  ),
  /** API: a 5xx, nothing done. */
  serverError: chance(
    z.strictObject({ ...odds, on, status: z.int().min(500).max(599).default(503) }),
  ),
  /** API: the work is done at once, the answer comes this much later. */
  slowMs: z.preprocess(
    (value) => (typeof value === "number" ? { ms: value, probability: value > 0 ? 1 : 0 } : value),
    z.strictObject({ ...odds, on, ms: whole }),
  ),
  /**
   * API: the work is done, the answer cannot be read: it is something else, breaks off though it claims to
   * be whole ("truncated"), or its connection does in the middle ("cut"). Without a kind: any of them.
   */
  garbage: chance(
    z.strictObject({ ...odds, on, kind: z.enum(GARBAGE_KINDS).nullable().default(null) }),
  ),
  /** API: a create is carried out, then the connection is reset instead of an answer. */
  lostAnswer: chance(z.strictObject(odds)),
  /** API: every connection is reset, nothing is done. The control API stays up. */
  outage: z.boolean(),
  /** API: reads show a change only after this long, or after this many reads. */
  laggingReads: z.preprocess(
    (value) => (value === false || value === null ? {} : value),
    z.strictObject({ ms: whole.default(0), reads: z.int().min(0).default(0) }),
  ),
  /** API: a repeated create makes a new payment each time; nobody promises that it does not. */
  forgetful: z.boolean(),
  /** API (invoice): several transfers show as one transaction, summed, under the newest hash. */
  summedTransfers: z.boolean(),
}

/** A change of the weather: only what is named changes. */
const weatherPatchSchema = z.strictObject(fields).partial()
export type WeatherPatch = z.input<typeof weatherPatchSchema>
export type Weather = z.output<z.ZodObject<typeof fields>>
type Strike = {
  [Name in keyof Weather]: Weather[Name] extends { probability: number } ? Name : never
}[keyof Weather]

/** Nothing goes wrong. */
export const FAIR: Weather = z.strictObject(fields).parse({
  duplicates: false,
  reorder: false,
  delayMs: 0,
  drop: false,
  staleTimestamp: false,
  wrongSignature: false,
  rateLimit: false,
  serverError: false,
  slowMs: 0,
  garbage: false,
  lostAnswer: false,
  outage: false,
  laggingReads: false,
  forgetful: false,
  summedTransfers: false,
})

/** A bit of everything that heals by itself: for the payer page and for soaking. */
export const STORM: WeatherPatch = {
  duplicates: 0.3,
  reorder: 0.3,
  delayMs: { min: 0, max: 200 },
  drop: 0.1,
  staleTimestamp: 0.1,
  wrongSignature: 0.1,
  rateLimit: 0.1,
  serverError: 0.1,
  slowMs: { ms: 200, probability: 0.2 },
  garbage: 0.05,
  lostAnswer: 0.1,
  laggingReads: { reads: 1 },
}

/** The weather there is, and the dice. */
export class WeatherStation {
  #current = FAIR

  /** `random` answers numbers from 0 up to, not including, 1. */
  constructor(private readonly random: () => number) {}

  get current(): Weather {
    return this.#current
  }

  /** Changes what the patch names. Throws a SandboxError (400) that names what cannot be read. */
  set(patch: WeatherPatch): Weather {
    this.#current = { ...this.#current, ...parseFields(weatherPatchSchema, patch) }
    return this.#current
  }

  clear(): Weather {
    return (this.#current = FAIR)
  }

  /** Rolls for one kind of weather; answers its settings when it strikes, and uses up its count. */
  strikes<Name extends Strike>(name: Name, call?: Call): Weather[Name] | null {
    const setting = this.#current[name]
    if (setting.count === 0) return null
    if ("on" in setting && setting.on !== null && !isOf(setting.on, call)) return null
    if (!this.#happens(setting.probability)) return null
    if (setting.count !== null) {
      this.#current = { ...this.#current, [name]: { ...setting, count: setting.count - 1 } }
    }
    return setting
  }

  /** The wait before an event's first try, in milliseconds. */
  delay(): number {
    const { min, max } = this.#current.delayMs
    return min === max ? min : min + Math.floor(this.random() * (max - min + 1))
  }

  garbageKind(kind: GarbageKind | null): GarbageKind {
    return kind ?? GARBAGE_KINDS[Math.floor(this.random() * GARBAGE_KINDS.length)] ?? "html"
  }

  #happens(probability: number): boolean {
    if (probability <= 0 || probability >= 1) return probability >= 1
    return this.random() < probability
  }
}

const isOf = (on: Call, call: Call | undefined): boolean =>
  on === call || (on === "read" && call === "transaction")

/** A small, fast, seeded generator (mulberry32): the same seed gives the same weather. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
