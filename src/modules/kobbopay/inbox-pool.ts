import { Pool } from "@medusajs/framework/pg"
import type { ConfigModule } from "@medusajs/framework/types"
import { z } from "@medusajs/framework/zod"
import type { InboxConnection } from "../../store/record-events"

/** How long a webhook may wait for a connection or an answer before it is told 503. */
const LIMIT_MS = 2_500
const CONNECTIONS = 4

const driverOptions = z.looseObject({
  ssl: z.unknown(),
  connection: z.looseObject({ ssl: z.unknown() }).optional(),
})

/**
 * The inbox's own few connections, opened at the first event. Short limits, so that a database that is
 * away or slow gives Kobbopay its 503 within seconds, and Kobbopay sends again.
 */
export class InboxPool implements InboxConnection {
  readonly #config: ConfigModule["projectConfig"]
  #pool: Pool | null = null

  constructor(config: ConfigModule["projectConfig"]) {
    this.#config = config
  }

  async query(statement: { name: string; text: string; values: unknown[] }) {
    this.#pool ??= this.#open()
    const result = await this.#pool.query(statement)
    return { rows: result.rows as unknown[] }
  }

  async end(): Promise<void> {
    const pool = this.#pool
    this.#pool = null
    await pool?.end()
  }

  #open(): Pool {
    const { databaseUrl, databaseDriverOptions, databaseSchema } = this.#config
    const driver = driverOptions.safeParse(databaseDriverOptions ?? {}).data
    const ssl = z
      .union([z.boolean(), z.looseObject({})])
      .optional()
      .catch(undefined)
      .parse(driver?.ssl ?? driver?.connection?.ssl)
    const pool = new Pool({
      connectionString: databaseUrl,
      max: CONNECTIONS,
      connectionTimeoutMillis: LIMIT_MS,
      query_timeout: LIMIT_MS,
      statement_timeout: LIMIT_MS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      application_name: "kobbopay-inbox",
      ...(ssl === undefined ? {} : { ssl }),
      ...(databaseSchema === undefined ? {} : { options: `-c search_path=${databaseSchema}` }),
    })
    // A connection that dies while idle is replaced at the next event; it must not end the process.
    pool.on("error", () => undefined)
    return pool
  }
}
