import { freePort } from "./free-port"
import { join } from "node:path"
import { runMedusa } from "./medusa-process"
import { startPostgres, type Postgres } from "./postgres"

declare global {
  // Handed from set-up to tear-down, which jest runs in the same process.
  var kobbopayPostgres: Postgres | undefined
}

/** Starts PostgreSQL once for all suites and tells Medusa's test runner where it is. */
export default async function setUp(globalConfig: { maxWorkers: number }): Promise<void> {
  const postgres = await startPostgres({ durable: false })
  globalThis.kobbopayPostgres = postgres
  await migrateTemplate(postgres)
  Object.assign(process.env, {
    DB_HOST: postgres.host,
    DB_PORT: String(postgres.port),
    DB_USERNAME: postgres.user,
    DB_PASSWORD: "",
    TEST_SANDBOX_PORTS: (await freePorts(3 * globalConfig.maxWorkers)).join(" "),
  })
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

/** Every suite's database is a copy of template1: with the tables in it already, no suite makes them again. */
async function migrateTemplate(postgres: Postgres): Promise<void> {
  await runMedusa(["db:migrate", "--execute-safe-links", "--execute-safe-search"], {
    env: {
      DATABASE_URL: await postgres.createDatabase("template1"),
      MEDUSA_ADMIN_DISABLED: "true",
    },
    logFile: join(__dirname, "..", "..", ".cache", "tests", "migrate.log"),
  })
}
