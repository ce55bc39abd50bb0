import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { Pool, type PoolClient, type PoolConfig } from "@medusajs/framework/pg"
import { z } from "@medusajs/framework/zod"
import type { InboxConnection } from "../../store/inbox/insert"

/** How long a webhook may wait for a connection or an answer before the answer is 503. */
const LIMIT_MS = 2_500
const CONNECTIONS = 4

/** What the app's own connections are made of: where knex keeps it. */
const appClient = z.object({
  connectionSettings: z.custom<PoolConfig>((value) => typeof value === "object" && value !== null),
  searchPath: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .transform((path) => [path ?? []].flat()),
})
const backend = z.object({ rows: z.tuple([z.object({ pid: z.number() })]) })
const greeted = z.object({ processID: z.number().nullish() })

type Statement = { name: string; text: string; values: unknown[] }

/**
 * The inbox's own few connections, opened at the first event. They connect exactly as the app does, and are
 * given short limits afterwards, so that a database that is away or slow gives Kobbopay its 503 within
 * seconds, and Kobbopay sends again.
 */
export class InboxPool implements InboxConnection {
  readonly #app: Pick<Knex, "client">
  readonly #behindPooler = new WeakSet<PoolClient>()
  #schemas: readonly string[] = []
  #pool: Pool | null = null

  /** @param app the app's own connection, whose settings are used */
  constructor(app: Pick<Knex, "client">) {
    this.#app = app
  }

  async query(statement: Statement) {
    return this.#withClient((client) =>
      this.#behindPooler.has(client)
        ? this.#inTransaction(client, "COMMIT", (connection) => connection.query(statement))
        : client.query<Record<string, unknown>>(statement),
    )
  }

  /** Does something with a connection as webhooks use it, and takes it back. */
  async rehearse(work: (connection: InboxConnection) => Promise<unknown>): Promise<void> {
    await this.#withClient((client) => this.#inTransaction(client, "ROLLBACK", work))
  }

  /** Whether something stands between us and PostgreSQL that may hand each transaction to another backend. */
  async isBehindPooler(): Promise<boolean> {
    return this.#withClient((client) => Promise.resolve(this.#behindPooler.has(client)))
  }

  async end(): Promise<void> {
    const pool = this.#pool
    this.#pool = null
    await pool?.end()
  }

  /** A client that failed is not used again: it may be in the middle of anything. */
  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    this.#pool ??= this.#open()
    const client = await this.#pool.connect()
    let isWhole = false
    try {
      const result = await work(client)
      isWhole = true
      return result
    } finally {
      client.release(!isWhole)
    }
  }

  /** Settings of the session, and names of statements, would be another client's after the transaction. */
  async #inTransaction<T>(
    client: PoolClient,
    end: "COMMIT" | "ROLLBACK",
    work: (connection: InboxConnection) => Promise<T>,
  ): Promise<T> {
    await client.query(`BEGIN; ${this.#settings("SET LOCAL")}`)
    const result = await work({
      query: ({ text, values }) => client.query<Record<string, unknown>>({ text, values }),
    })
    await client.query(end)
    return result
  }

  #settings(set: "SET" | "SET LOCAL"): string {
    const path = this.#schemas.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(", ")
    return `${path === "" ? "" : `${set} search_path TO ${path}; `}${set} statement_timeout TO ${LIMIT_MS}`
  }

  #open(): Pool {
    const { connectionSettings, searchPath } = appClient.parse(this.#app.client)
    this.#schemas = searchPath
    const pool = new Pool({
      ...connectionSettings,
      // Knex hides it from whoever lists its settings; it may be a function that is asked each time.
      ...(connectionSettings.password === undefined
        ? {}
        : { password: connectionSettings.password }),
      max: CONNECTIONS,
      connectionTimeoutMillis: LIMIT_MS,
      query_timeout: LIMIT_MS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      application_name: "kobbopay-inbox",
      verify: (client, done) => {
        this.#greet(client).then(
          () => done(),
          (cause: unknown) => done(cause instanceof Error ? cause : new Error(String(cause))),
        )
      },
    })
    // A connection that dies while idle is replaced at the next event; it must not end the process.
    pool.on("error", () => undefined)
    return pool
  }

  /**
   * Sets the limits of a new connection. A pooler in front of PostgreSQL refuses them while connecting, and
   * may hand what is set afterwards to other clients: it shows by the backend not being the one that was
   * announced, and then each transaction brings its own.
   */
  async #greet(client: PoolClient): Promise<void> {
    const found = backend.parse(await client.query("SELECT pg_backend_pid() AS pid"))
    if (greeted.parse(client).processID === found.rows[0].pid)
      await client.query(this.#settings("SET"))
    else this.#behindPooler.add(client)
  }
}
