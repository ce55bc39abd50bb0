import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { startPostgres } from "./postgres"

/** Writes a migration for what changed in the models; Medusa's generator wants a live database for that. */
async function main(): Promise<number> {
  const postgres = await startPostgres({ durable: false })
  try {
    const made = spawnSync("npx", ["medusa", "plugin:db:generate"], {
      cwd: join(__dirname, "..", ".."),
      stdio: "inherit",
      env: {
        ...process.env,
        DB_HOST: postgres.host,
        DB_PORT: String(postgres.port),
        DB_USERNAME: postgres.user,
        DATABASE_URL: await postgres.createDatabase("migrations"),
        MEDUSA_DISABLE_TELEMETRY: "1",
      },
    })
    return made.status ?? 1
  } finally {
    await postgres.stop()
  }
}

void main().then((code) => process.exit(code))
