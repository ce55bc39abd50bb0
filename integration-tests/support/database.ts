import { Client } from "pg"

const CONNECT_WITHIN_MS = 5_000
const DUPLICATE_DATABASE = "42P04"

/**
 * Connects once and leaves again. Medusa itself retries an unreachable database for minutes without a word.
 *
 * @throws Error in words, without the password, when there is no answer within five seconds.
 */
export async function checkDatabase(url: string): Promise<void> {
  await withClient(url, (client) => client.query("select 1"))
}

/** Creates the database unless it is there; `url` is any database of the same server. Returns the new one's connection string. */
export async function createDatabase(url: string, name: string): Promise<string> {
  await withClient(url, async (client) => {
    try {
      await client.query(`create database ${client.escapeIdentifier(name)}`)
    } catch (error) {
      if (codeOf(error) !== DUPLICATE_DATABASE) {
        throw error
      }
    }
  })
  const created = new URL(url)
  created.pathname = `/${encodeURIComponent(name)}`
  return created.toString()
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const target = new URL(url)
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
  })
  client.on("error", () => undefined) // a connection that breaks fails the query on it
  try {
    await client.connect()
  } catch (error) {
    const where = `${target.hostname}:${target.port || "5432"}${target.pathname}`
    throw new Error(`PostgreSQL at ${where} cannot be reached: ${wordsOf(error)}`)
  }
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** A connection refused on both IPv4 and IPv6 comes as an AggregateError without a message. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map(wordsOf).join("; ")
  }
  return error instanceof Error ? error.message : String(error)
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null
}
