import { randomBytes } from "node:crypto"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { z } from "@medusajs/framework/zod"

/** A connection, or a transaction on one: the app's own, handed in. */
export type Sql = Pick<Knex, "raw" | "transaction">

type Binding = string | number | boolean | Date | null | string[]

/** Runs one statement and parses its rows once, here, so that everything inside may trust them. */
export async function rows<S extends z.ZodType>(
  sql: Sql,
  schema: S,
  statement: string,
  bindings: readonly Binding[] = [],
): Promise<z.output<S>[]> {
  const result: unknown = await sql.raw(statement, [...bindings])
  return resultSchema.parse(result).rows.map((row) => schema.parse(row))
}

/** Like {@link rows}, for statements that give one row or none. */
export async function row<S extends z.ZodType>(
  sql: Sql,
  schema: S,
  statement: string,
  bindings: readonly Binding[] = [],
): Promise<z.output<S> | null> {
  const [first] = await rows(sql, schema, statement, bindings)
  return first ?? null
}

/** Runs a statement and tells how many rows it touched. */
export async function execute(
  sql: Sql,
  statement: string,
  bindings: readonly Binding[] = [],
): Promise<number> {
  const result: unknown = await sql.raw(statement, [...bindings])
  return resultSchema.parse(result).rowCount ?? 0
}

const resultSchema = z.object({ rows: z.array(z.unknown()), rowCount: z.number().nullable() })

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/**
 * An id as Medusa makes them: the prefix, and a ULID of the time and 80 random bits. Medusa's own asks
 * the system for each of its sixteen random characters, which is a good part of recording an event.
 */
export function newId(prefix: string): string {
  let ulid = ""
  for (let rest = Date.now(); ulid.length < 10; rest = Math.floor(rest / 32)) {
    ulid = CROCKFORD.charAt(rest % 32) + ulid
  }
  for (const byte of randomBytes(16)) ulid += CROCKFORD.charAt(byte % 32)
  return `${prefix}_${ulid}`
}

/** A column of minor units: decimal text in the table, bigint in the code. */
export const minorColumn = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => BigInt(text))
