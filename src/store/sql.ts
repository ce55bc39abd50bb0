import { randomFillSync } from "node:crypto"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { z } from "@medusajs/framework/zod"

/** A connection, or a transaction on one: the app's own, handed in. */
export type Sql = Pick<Knex, "raw" | "transaction">

type Binding = string | number | boolean | Date | null | string[]

/** Values by the names that a statement has for them: `:payment_id` takes that of `payment_id`. */
type Named = Readonly<Record<string, Binding>>

/**
 * What is bound in a statement: by name, or, in one that binds few values, in the order of its question
 * marks. A name may stand in a statement several times, a question mark only for one value.
 */
type Bindings = Named | readonly Binding[]

/** A piece of a statement, with what is bound in it; its names differ from those of the statement around it. */
export type Part = { text: string; bindings: Named }

/**
 * A statement that every connection plans once and keeps under this name: for those of which the planning
 * costs more than the running. It names its columns: one with a star would fail on the connections that
 * are open while a migration adds a column.
 */
type Prepared = { name: string; text: string }

let keepsPlans = true

/**
 * From now on no statement of this process goes by its name: behind a pooler the next transaction may be
 * another backend's, which does not know the name, or knows it already.
 */
export function planEachTime(): void {
  keepsPlans = false
}

/** A statement with question marks, and the name of the value for each of them. */
type Ordered = { text: string; names: readonly string[] }

/** A name with its colon, which is not the second one of a cast. */
const NAME = /(?<!:):([a-z]\w*)/g

/** Statements are constants of the source, so there are only so many, and each is translated once. */
const translated = new Map<string, Ordered>()

/** Puts question marks in the place of a statement's names. */
function ordered(statement: string): Ordered {
  const known = translated.get(statement)
  if (known !== undefined) return known
  const names: string[] = []
  const text = statement.replace(NAME, (_, name: string) => {
    names.push(name)
    return "?"
  })
  const found = { text, names }
  translated.set(statement, found)
  return found
}

const isInOrder = (bindings: Bindings): bindings is readonly Binding[] => Array.isArray(bindings)

/** The statement with question marks, and the values in their order. */
function bind(statement: string, bindings: Bindings): [string, Binding[]] {
  if (isInOrder(bindings)) return [statement, [...bindings]]
  const { text, names } = ordered(statement)
  const values = names.map((name) => {
    const value = bindings[name]
    if (value === undefined) throw new Error(`no value for :${name} in: ${statement}`)
    return value
  })
  return [text, values]
}

async function run(sql: Sql, statement: string | Prepared, bindings: Bindings): Promise<unknown> {
  if (typeof statement === "string") return sql.raw(...bind(statement, bindings))
  const [text, values] = bind(statement.text, bindings)
  if (!keepsPlans) return sql.raw(text, values)
  try {
    return await sql.raw(text, values).options({ name: statement.name })
  } catch (cause) {
    if (!isAnothersName(cause)) throw cause
    planEachTime()
    // Refused before it ran, so it may run again; not in a transaction, which is over by this.
    if ("isTransaction" in sql && sql.isTransaction === true) throw cause
    return sql.raw(text, values)
  }
}

const coded = z.object({ code: z.string() })
/** PostgreSQL's codes for a name that it has already, or does not have. */
const NAME_CODES: ReadonlySet<string> = new Set(["42P05", "26000"])

/** What a pooler brings about that hands each transaction to another backend. */
const isAnothersName = (cause: unknown): boolean =>
  NAME_CODES.has(coded.safeParse(cause).data?.code ?? "")

/** Runs one statement and parses its rows once, here, so that everything inside may trust them. */
export async function rows<S extends z.ZodType>(
  sql: Sql,
  schema: S,
  statement: string | Prepared,
  bindings: Bindings = [],
): Promise<z.output<S>[]> {
  const result: unknown = await run(sql, statement, bindings)
  return resultSchema.parse(result).rows.map((row) => schema.parse(row))
}

/** Like {@link rows}, for statements that give one row or none. */
export async function row<S extends z.ZodType>(
  sql: Sql,
  schema: S,
  statement: string | Prepared,
  bindings: Bindings = [],
): Promise<z.output<S> | null> {
  const [first] = await rows(sql, schema, statement, bindings)
  return first ?? null
}

/** Runs a statement and tells how many rows it touched. */
export async function execute(
  sql: Sql,
  statement: string | Prepared,
  bindings: Bindings = [],
): Promise<number> {
  const result: unknown = await run(sql, statement, bindings)
  return resultSchema.parse(result).rowCount ?? 0
}

/** What a statement that only counts gives. */
export const countRow = z.object({ count: z.number() })

const resultSchema = z.object({ rows: z.array(z.unknown()), rowCount: z.number().nullable() })

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const TIME_LENGTH = 10
const RANDOM_LENGTH = 16
/** Asking the system for randomness costs more than all the rest, so it is asked for many ids at once. */
const randomness = Buffer.alloc(RANDOM_LENGTH * 256)
let spent = randomness.length

/** An id as Medusa makes them: the prefix, and a ULID of the time and 80 random bits. */
export function newId(prefix: string): string {
  let time = ""
  for (let rest = Date.now(); time.length < TIME_LENGTH; rest = Math.floor(rest / 32)) {
    time = CROCKFORD.charAt(rest % 32) + time
  }
  if (spent === randomness.length) {
    randomFillSync(randomness)
    spent = 0
  }
  let random = ""
  for (const end = spent + RANDOM_LENGTH; spent < end; spent++) {
    random += CROCKFORD.charAt(randomness.readUInt8(spent) % 32)
  }
  return `${prefix}_${time}${random}`
}

/** A column of minor units: decimal text in the table, bigint in the code. */
export const minorColumn = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => BigInt(text))
