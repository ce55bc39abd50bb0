import BigNumber from "bignumber.js"
import { z } from "@medusajs/framework/zod"
import { KobbopayError } from "../errors"
import { brandAs, type KobbopayId, type Reference } from "../../domain/ids"
import { isObject, type JsonObject } from "../json"
import { AmountError, parseAmount } from "../../domain/money"
import { checkAddress, type Rail } from "../rails"
import { isStorable } from "../../domain/text"

/** Absent, null and empty all mean that the answer does not say. */
const silent = (value: unknown): boolean => value === undefined || value === null || value === ""
export const maybe = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (silent(value) ? null : value), schema.nullable())

const word = z
  .string({ error: "is missing or not text" })
  .regex(/^[\x21-\x7e]{1,256}$/, { error: "is not 1 to 256 printable characters without spaces" })

/** Ids become part of a URL, where "." and ".." would lead elsewhere. */
export const kobbopayId = word
  .refine((id) => !/^\.+$/.test(id), { error: "is not an id" })
  .transform((id) => brandAs<KobbopayId>(id))
export const reference = word.transform((text) => brandAs<Reference>(text))
export const text = word
/** A name such as a status or a network; it may have spaces. */
export const phrase = z
  .string({ error: "is missing or not text" })
  .min(1, { error: "is empty" })
  .max(100, { error: "is longer than 100 characters" })
  .refine(isStorable, { error: "holds a NUL or a broken character" })

/** Numbers arrive as they were written; PHP writes small ones with an exponent. */
const plain = (value: string): string =>
  /^\d+(\.\d+)?[eE][+-]?\d{1,2}$/.test(value) ? new BigNumber(value).toFixed() : value

/** An amount of the asset, to minor units. */
export const amount = (decimals: number) =>
  z.string({ error: "is not an amount" }).transform((value, ctx) => {
    try {
      return parseAmount(plain(value), decimals)
    } catch (error) {
      if (!(error instanceof AmountError)) throw error
      ctx.addIssue({ code: "custom", message: "is not an amount" })
      return z.NEVER
    }
  })

/** Makes a schema once for each number of decimals that a rail's asset has. */
export function byDecimals<T extends z.ZodType>(make: (decimals: number) => T) {
  const made = new Map<number, T>()
  return (decimals: number): T => {
    const known = made.get(decimals) ?? make(decimals)
    made.set(decimals, known)
    return known
  }
}

const fault = (field: string, wrong: string): KobbopayError =>
  new KobbopayError("invalid_answer", `Kobbopay's answer: ${field}: ${wrong}`, { field })

const pathText = (path: readonly PropertyKey[]): string =>
  path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("")

/**
 * Checks an answer once, at the edge.
 * @param nameOf the account's name for the first key of a path, where it may be named differently
 * @throws {KobbopayError} `invalid_answer`, naming the field
 */
export function checkAnswer<T extends z.ZodType>(
  schema: T,
  answer: unknown,
  nameOf: (key: string) => string = (key) => key,
): z.output<T> {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [first, ...rest] = issue?.path ?? []
  const field = first === undefined ? "the answer" : nameOf(String(first)) + pathText(rest)
  throw fault(field, issue?.message ?? "is not as expected")
}

/** A reported word in the spelling of the rail when it means the same, else as reported. */
export const inSpellingOf = (ours: string, reported: string | null): string | null =>
  reported?.toLowerCase() === ours.toLowerCase() ? ours : reported

/**
 * An answer that repeats something else than was asked is not an answer to this question.
 * @throws {KobbopayError} `invalid_answer`
 */
export function mustRepeat(field: string, asked: string, reported: string | null): void {
  if (reported !== null && reported !== asked) throw fault(field, "is not the one asked for")
}

/**
 * Refuses payer instructions that would lose the money of whoever follows them.
 * @throws {KobbopayError} `invalid_answer`
 */
export function mustBePayable(
  rail: Rail,
  to: { address: string; memo: string | null },
  fields: { address: string; memo: string },
): void {
  const reason = checkAddress(rail, to.address)
  if (reason !== null) throw fault(fields.address, reason)
  if (rail.memo && to.memo === null)
    throw fault(fields.memo, "is missing, but the network needs one")
}

const ERROR_KEYS = ["error_message", "error"]
const reasonAt = (answer: JsonObject, keys: readonly string[]): string | null => {
  for (const key of keys) {
    const value = Object.hasOwn(answer, key) ? answer[key] : undefined
    const found = isObject(value) ? value.message : value
    if (typeof found === "string" && found.trim() !== "" && found !== "0") return found
  }
  return null
}

/** The reason an answer gives, under the names seen; null when it gives none. */
export const reasonOf = (answer: unknown): string | null =>
  isObject(answer) ? reasonAt(answer, [...ERROR_KEYS, "message", "detail"]) : null

/** Whether an answer, whatever its HTTP status, says that something failed. */
export const reportsFailure = (answer: unknown): boolean =>
  isObject(answer) &&
  (reasonAt(answer, ERROR_KEYS) !== null || answer.error === true || answer.success === false)
