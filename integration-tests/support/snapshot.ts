import { setImmediate } from "node:timers/promises"
import { escapeIdentifier, escapeLiteral, Pool } from "pg"
import { z } from "@medusajs/framework/zod"

const SCHEMA = "kept_for_tests"
const ENDED_WITHIN_MS = 10_000

/**
 * Puts a database back as it was, for each test: rows only, no structure. Medusa's own runner copies the whole database for that,
 * which takes ten times as long and cuts all connections, so that every test begins with cold ones.
 */
export class Snapshot {
  private constructor(private readonly pool: Pool) {}

  /** Keeps what every table and sequence of the schema `public` holds now. */
  static async take(url: string): Promise<Snapshot> {
    const pool = new Pool({ connectionString: url, max: 1 })
    pool.on("error", () => undefined) // tests cut connections; the next restore opens another
    for (const statement of await statements(pool)) await pool.query(statement)
    return new Snapshot(pool)
  }

  /** Ends what is still under way in this database, and puts every row back. */
  async restore(): Promise<void> {
    await this.pool.query(
      `SELECT pg_terminate_backend(pid, ${ENDED_WITHIN_MS}) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`,
    )
    // The store's pools hear that a connection ended before the next test asks for one.
    await setImmediate()
    await this.pool.query(`SELECT ${SCHEMA}.restore()`)
  }

  async close(): Promise<void> {
    await this.pool.end()
  }
}

const tableRow = z.object({ name: z.string(), columns: z.string(), filled: z.boolean() })
const sequenceRow = z.object({ name: z.string(), last: z.string(), called: z.boolean() })

async function statements(pool: Pool): Promise<string[]> {
  const tables = z.array(tableRow).parse((await pool.query(TABLES)).rows)
  const sequences = z.array(sequenceRow).parse((await pool.query(SEQUENCES)).rows)
  const filled = tables.filter((table) => table.filled)
  const copyOf = (name: string) => `${SCHEMA}.${escapeIdentifier(name)}`
  const original = (name: string) => `public.${escapeIdentifier(name)}`
  const body = [
    ...tables.map(({ name }) => `DELETE FROM ${original(name)};`),
    ...filled.map(
      ({ name, columns }) =>
        `INSERT INTO ${original(name)} (${columns}) SELECT ${columns} FROM ${copyOf(name)};`,
    ),
    ...sequences.map(
      ({ name, last, called }) =>
        `PERFORM setval(${escapeLiteral(original(name))}, ${last}, ${called});`,
    ),
  ]
  return [
    `CREATE SCHEMA ${SCHEMA}`,
    ...filled.map(({ name }) => `CREATE UNLOGGED TABLE ${copyOf(name)} AS TABLE ${original(name)}`),
    // As a replica, so that no foreign key and no trigger looks at the order of the statements.
    `CREATE FUNCTION ${SCHEMA}.restore() RETURNS void LANGUAGE plpgsql
       SET session_replication_role = 'replica' AS $restore$ BEGIN ${body.join("\n")} END $restore$`,
  ]
}

/** Tables whose rows are their own (partitions are emptied by their parents), with the columns one may write. */
const TABLES = `
  SELECT c.relname AS name,
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
            FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
         (xpath('/row/filled/text()', query_to_xml(
           format('SELECT EXISTS (SELECT FROM public.%I) AS filled', c.relname), false, true, '')))[1]::text::boolean AS filled
    FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition`

const SEQUENCES = `
  SELECT sequencename AS name, coalesce(last_value, start_value)::text AS last, last_value IS NOT NULL AS called
    FROM pg_sequences WHERE schemaname = 'public'`
