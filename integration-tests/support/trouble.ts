import { Client } from "pg"
import type { World } from "./store-suite"

/** Makes the store's inbox unable to record; returns what ends that. */
export type Trouble = (world: World) => Promise<() => Promise<void>>

/** PostgreSQL is there and does not answer: the inbox's table is locked. */
export const slowInbox: Trouble = async (world) => {
  const admin = await adminOf(await databaseOf(world))
  await admin.query("BEGIN")
  await admin.query("LOCK TABLE kobbopay_event IN ACCESS EXCLUSIVE MODE")
  return async () => {
    await admin.query("ROLLBACK")
    await admin.end()
  }
}

/** PostgreSQL cuts the inbox's connections and lets no new one in; the rest of the store keeps its own. */
export const inboxCutOff: Trouble = async (world) => {
  const database = await databaseOf(world)
  const admin = await adminOf("postgres")
  const allow = (yes: boolean) =>
    admin.query(`ALTER DATABASE "${database}" WITH ALLOW_CONNECTIONS ${yes}`)
  await allow(false)
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = $1 AND application_name = 'kobbopay-inbox'`,
    [database],
  )
  return async () => {
    await allow(true)
    await admin.end()
  }
}

async function databaseOf(world: World): Promise<string> {
  const [found] = await world.rows(`SELECT current_database() AS name`)
  return String(found?.["name"])
}

async function adminOf(database: string): Promise<Client> {
  const { DB_HOST: host, DB_PORT: port, DB_USERNAME: user } = process.env
  const admin = new Client({ host, port: Number(port), user, database })
  await admin.connect()
  return admin
}
